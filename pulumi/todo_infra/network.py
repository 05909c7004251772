"""What this program adds to the network that Terraform made: groups, entrances to AWS, a log."""

from dataclasses import dataclass

import pulumi

from . import config
from .endpoints import Endpoints, EndpointsArgs
from .flow_logs import FlowLogs, FlowLogsArgs
from .security_groups import SecurityGroups, SecurityGroupsArgs
from .terraform_outputs import ExistingInfrastructure

__all__ = ["Network", "NetworkArgs"]


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """Which network, and what is added to it.

    Attributes:
        network: The network and the repository.
        settings: The stack's config.
        key_arn: Encrypts the flow log; None where CloudWatch's own key does.
    """

    network: ExistingInfrastructure
    settings: config.Settings
    key_arn: pulumi.Input[str] | None = None


class Network(pulumi.ComponentResource):
    """Security groups, and what the stack's config asks for beside them.

    Attributes:
        groups: Who may connect to whom.
    """

    groups: SecurityGroups

    def __init__(
        self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:Network", name, None, opts)
        groups_args = SecurityGroupsArgs(
            vpc_id=args.network.vpc_id,
            load_balancer=args.settings.load_balancer,
            endpoints=self._endpoints(name, args),
        )
        self.groups = SecurityGroups(name, groups_args, pulumi.ResourceOptions(parent=self))
        if args.settings.network.flow_logs:
            self._flow_logs(name, args)
        self.register_outputs({})

    def _endpoints(self, name: str, args: NetworkArgs) -> Endpoints:
        endpoints_args = EndpointsArgs(
            enabled=args.settings.network.vpc_endpoints,
            vpc_id=args.network.vpc_id,
            subnet_ids=args.network.private_subnet_ids,
            region=args.settings.region,
            repository=args.network.repository,
            exec_allowed=args.settings.deployment.allow_exec,
        )
        return Endpoints(name, endpoints_args, pulumi.ResourceOptions(parent=self))

    def _flow_logs(self, name: str, args: NetworkArgs) -> None:
        flow_logs_args = FlowLogsArgs(
            vpc_id=args.network.vpc_id,
            region=args.settings.region,
            days=args.settings.network.flow_log_days,
            key_arn=args.key_arn,
        )
        FlowLogs(name, flow_logs_args, pulumi.ResourceOptions(parent=self))
