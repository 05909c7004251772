"""What there is to look at, and who is told: alarms, a dashboard, a budget."""

from dataclasses import dataclass

import pulumi

from . import config
from .alarms import Alarms, AlarmsArgs, publishers
from .budget import Budget, BudgetArgs
from .capacity import CapacityPlan
from .dashboard import Dashboard, DashboardArgs
from .database import Database
from .load_balancer import LoadBalancer
from .rotation import PasswordRotation
from .service import Service

__all__ = ["Observability", "ObservabilityArgs", "publishers"]


@dataclass(frozen=True, kw_only=True)
class ObservabilityArgs:
    """What is watched.

    Attributes:
        settings: The stack's config.
        plan: How far the service scales, and what it costs.
        balancer: The load balancer.
        database: The database.
        key_arn: Encrypts what is sent; None where the stack has no key of its own.
    """

    settings: config.Settings
    plan: CapacityPlan
    balancer: LoadBalancer
    database: Database
    key_arn: pulumi.Input[str] | None


class Observability(pulumi.ComponentResource):
    """Alarms, a dashboard and a budget, each where the stack's config asks for it.

    Attributes:
        rollback_alarms: Names of the alarms that take a deployment back.
    """

    rollback_alarms: tuple[pulumi.Output[str], ...]

    def __init__(
        self, name: str, args: ObservabilityArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:Observability", name, None, opts)
        self._name, self._args = name, args
        alarms_args = AlarmsArgs(
            settings=args.settings,
            load_balancer_suffix=args.balancer.load_balancer.arn_suffix,
            target_group_suffix=args.balancer.target_group.arn_suffix,
            database_identifier=args.database.instance.identifier,
            replica_identifiers=tuple(one.identifier for one in args.database.replicas),
            key_arn=args.key_arn,
        )
        self._alarms = Alarms(name, alarms_args, self._child())
        self.rollback_alarms = self._alarms.rollback_names
        budget_args = BudgetArgs(
            settings=args.settings, plan=args.plan, topic_arn=self._alarms.topic_arn
        )
        Budget(name, budget_args, self._child())
        self.register_outputs({})

    def watch_service(self, service: Service, rotation: PasswordRotation) -> None:
        """Watch the service too, which is given the first alarms and so comes after them.

        Args:
            service: The service.
            rotation: Changes the application's password, or does not.
        """
        self._alarms.watch_service(
            self._args.plan,
            cluster_name=service.cluster_name,
            service_name=service.service_name,
            rotation_function=rotation.function_name,
        )
        balancer, database = self._args.balancer, self._args.database
        dashboard_args = DashboardArgs(
            settings=self._args.settings,
            plan=self._args.plan,
            cluster_name=service.cluster_name,
            service_name=service.service_name,
            load_balancer_suffix=balancer.load_balancer.arn_suffix,
            target_group_suffix=balancer.target_group.arn_suffix,
            database_identifier=database.instance.identifier,
            replica_identifiers=tuple(one.identifier for one in database.replicas),
        )
        Dashboard(self._name, dashboard_args, self._child())

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)
