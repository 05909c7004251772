"""The service: Fargate tasks that first migrate the database and then serve."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from . import config
from .capacity import CapacityPlan
from .cluster import Cluster, ClusterArgs
from .containers import SERVICE_PORT, ContainerSettings, container_definitions, secret_key
from .database_server import DatabaseServer
from .rollback import deployed_task_definition
from .sizes import TASK_SIZES
from .task_roles import TaskRoles, TaskRolesArgs

__all__ = ["Service", "ServiceArgs", "capacity_strategy"]

_ARCHITECTURES = {"linux/amd64": "X86_64", "linux/arm64": "ARM64"}
# The first task of a new database waits for it and makes the schema.
_GRACE_PERIOD_SECONDS = 120
# Enough for a task that left the load balancer before it was told to stop, as ECS does it.
_LAME_DUCK_SECONDS = 3
# Spare capacity goes the other way round: the load balancer has to notice by itself, which takes
# two of its checks; see docs/runbook.md.
_SPOT_LAME_DUCK_SECONDS = 15


@dataclass(frozen=True, kw_only=True)
class ServiceArgs:
    """What runs, where, and what it is told.

    Attributes:
        settings: The stack's config: capacity, image, logs and deployment.
        plan: How many tasks there are at least.
        image: Reference by digest.
        repository_arn: Where the image is pulled from.
        subnet_ids: Private subnets.
        security_group_id: The only group of the tasks.
        target_group_arn: Where tasks register.
        environment: Plain variables of the containers; nothing secret.
        app_secret_arn: Secret of the application's database account, which it reads itself.
        master_secret_arn: Secret of the master, which ECS hands to the migration only.
        spare: A second database: tasks of an earlier or a later version may be on it, and need
            its secrets when they are started again.
        key_arn: Encrypts secrets and logs; None where AWS's own keys do.
        alarm_names: Alarms that take a deployment back. They must not need the service itself,
            which would wait for them.
    """

    settings: config.Settings
    plan: CapacityPlan
    image: pulumi.Input[str]
    repository_arn: str
    subnet_ids: tuple[str, ...]
    security_group_id: pulumi.Input[str]
    target_group_arn: pulumi.Input[str]
    environment: Mapping[str, pulumi.Input[str]]
    app_secret_arn: pulumi.Input[str]
    master_secret_arn: pulumi.Input[str]
    key_arn: pulumi.Input[str] | None
    alarm_names: Sequence[pulumi.Input[str]] = ()
    spare: DatabaseServer | None = None


def capacity_strategy(
    min_tasks: int, spot_percent: int
) -> list[aws.ecs.ServiceCapacityProviderStrategyArgs]:
    """Return how tasks are shared: the floor on demand, and what is above it by percent.

    Without spare capacity the floor is not named, as a change of the strategy replaces all tasks.
    """
    share = aws.ecs.ServiceCapacityProviderStrategyArgs
    if spot_percent == 0:
        return [share(capacity_provider="FARGATE", weight=1)]
    return [
        share(capacity_provider="FARGATE", base=min_tasks, weight=100 - spot_percent),
        share(capacity_provider="FARGATE_SPOT", weight=spot_percent),
    ]


def _log_group_name(name: str) -> str:
    """The name, known before the group is: containers are told it."""
    return f"/ecs/{name}"


class Service(pulumi.ComponentResource):
    """Cluster, task definition and service.

    Attributes:
        cluster_name: The cluster's name.
        service_name: The service's name.
        log_group_name: Where the containers log.
    """

    cluster_name: pulumi.Output[str]
    service_name: pulumi.Output[str]
    log_group_name: pulumi.Output[str]

    def __init__(
        self, name: str, args: ServiceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        # As an input of the component, each value that is known is seen by the policies in a
        # preview; of the task definition's JSON text nothing is, before everything in it is.
        containers = self._containers(name, args)
        seen = {
            "containerDefinitions": containers,
            # Where people may enter, a container may write to its own files; nowhere else.
            "enableExecuteCommand": args.settings.deployment.allow_exec,
        }
        super().__init__("todo:index:Service", name, seen, opts)
        cluster = Cluster(
            name,
            ClusterArgs(settings=args.settings, key_arn=args.key_arn),
            pulumi.ResourceOptions(parent=self),
        )
        logs = self._log_group(name, args)
        spare = [args.spare] if args.spare else []
        roles = TaskRoles(
            name,
            TaskRolesArgs(
                repository_arn=args.repository_arn,
                log_group_arn=logs.arn,
                injected_secret_arns=[
                    args.master_secret_arn,
                    *(one.master_secret_arn for one in spare),
                ],
                app_secret_arns=[args.app_secret_arn, *(one.app_secret_arn for one in spare)],
                region=args.settings.region,
                key_arn=args.key_arn,
                session_log_arn=cluster.session_log_arn,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        task_definition = self._task_definition(name, args, roles, containers)
        service = self._service(name, args, cluster, task_definition)
        self.cluster_name, self.service_name = cluster.name, service.name
        self.log_group_name = logs.name
        running = deployed_task_definition(service, task_definition)
        self.register_outputs(
            {"cluster": cluster.name, "service": service.name, "taskDefinition": running}
        )

    def _log_group(self, name: str, args: ServiceArgs) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name=_log_group_name(name),
            retention_in_days=args.settings.logs.retention_days,
            kms_key_id=args.key_arn,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _task_definition(
        self, name: str, args: ServiceArgs, roles: TaskRoles, containers: list[dict[str, Any]]
    ) -> aws.ecs.TaskDefinition:
        size = TASK_SIZES[args.settings.capacity.task_size]
        return aws.ecs.TaskDefinition(
            f"{name}-task",
            family=f"{name}-app",
            cpu=str(size.cpu),
            memory=str(size.memory),
            network_mode="awsvpc",
            requires_compatibilities=["FARGATE"],
            runtime_platform=aws.ecs.TaskDefinitionRuntimePlatformArgs(
                operating_system_family="LINUX",
                cpu_architecture=_ARCHITECTURES[args.settings.image.platform],
            ),
            execution_role_arn=roles.execution_role_arn,
            task_role_arn=roles.task_role_arn,
            container_definitions=pulumi.Output.json_dumps(containers),
            # Versions before this one stay: ECS goes back to none that was deregistered.
            skip_destroy=True,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _containers(self, name: str, args: ServiceArgs) -> list[dict[str, Any]]:
        master, deployment = args.master_secret_arn, args.settings.deployment
        settings = ContainerSettings(
            image=args.image,
            region=args.settings.region,
            log_group=_log_group_name(name),
            environment={**args.environment, "DATABASE_SECRET_ARN": args.app_secret_arn},
            migrate_secrets={
                "DATABASE_ADMIN_USER": secret_key(master, "username"),
                "DATABASE_ADMIN_PASSWORD": secret_key(master, "password"),
            },
            pool_size=args.settings.database.connections_per_task,
            lame_duck_seconds=(
                _SPOT_LAME_DUCK_SECONDS if deployment.spot_percent else _LAME_DUCK_SECONDS
            ),
            allow_exec=deployment.allow_exec,
        )
        return container_definitions(settings)

    def _service(
        self,
        name: str,
        args: ServiceArgs,
        cluster: Cluster,
        task_definition: aws.ecs.TaskDefinition,
    ) -> aws.ecs.Service:
        # Not an event's floor: a change of the strategy replaces the tasks.
        deployment, floor = args.settings.deployment, args.plan.floor_tasks
        return aws.ecs.Service(
            f"{name}-service",
            cluster=cluster.arn,
            task_definition=task_definition.arn,
            capacity_provider_strategies=capacity_strategy(floor, deployment.spot_percent),
            # Else a change of the strategy would replace the service, and not its tasks.
            force_new_deployment=True,
            platform_version="LATEST",
            desired_count=floor,
            deployment_minimum_healthy_percent=100,
            deployment_maximum_percent=200,
            deployment_circuit_breaker=aws.ecs.ServiceDeploymentCircuitBreakerArgs(
                enable=True, rollback=True
            ),
            alarms=_rollback_alarms(args),
            enable_execute_command=deployment.allow_exec,
            health_check_grace_period_seconds=_GRACE_PERIOD_SECONDS,
            network_configuration=aws.ecs.ServiceNetworkConfigurationArgs(
                subnets=list(args.subnet_ids),
                security_groups=[args.security_group_id],
                assign_public_ip=False,
            ),
            load_balancers=[
                aws.ecs.ServiceLoadBalancerArgs(
                    target_group_arn=args.target_group_arn,
                    container_name="app",
                    container_port=SERVICE_PORT,
                )
            ],
            # Tasks spread over the zones again after one was away.
            availability_zone_rebalancing="ENABLED",
            enable_ecs_managed_tags=True,
            propagate_tags="SERVICE",
            wait_for_steady_state=deployment.wait_for_steady_state,
            # Autoscaling owns the count; a deployment must not send it back to the minimum.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["desired_count"]),
        )


def _rollback_alarms(args: ServiceArgs) -> aws.ecs.ServiceAlarmsArgs | None:
    if not args.alarm_names or not args.settings.deployment.alarm_rollback:
        return None
    return aws.ecs.ServiceAlarmsArgs(enable=True, rollback=True, alarm_names=list(args.alarm_names))
