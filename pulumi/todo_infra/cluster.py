"""Where the tasks run: Fargate, on demand and on spare capacity, and who may enter a task."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from . import config
from .exec_sessions import session_log_name
from .ordering import known_after

__all__ = ["Cluster", "ClusterArgs"]


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """How it is watched.

    Attributes:
        settings: The stack's config: what is measured, and whether tasks may be entered.
        key_arn: Encrypts sessions and their log; None where AWS's own keys do.
    """

    settings: config.Settings
    key_arn: pulumi.Input[str] | None


class Cluster(pulumi.ComponentResource):
    """A cluster of both kinds of Fargate.

    Attributes:
        arn: Known once the cluster has its capacity, without which ECS refuses a service.
        name: The cluster's name.
        session_log_arn: Log group of what people type and see in a task; None where nobody may.
    """

    arn: pulumi.Output[str]
    name: pulumi.Output[str]
    session_log_arn: pulumi.Output[str] | None

    def __init__(
        self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:Cluster", name, None, opts)
        log = self._session_log(name, args) if args.settings.deployment.allow_exec else None
        cluster = aws.ecs.Cluster(
            f"{name}-cluster",
            settings=[
                aws.ecs.ClusterSettingArgs(
                    name="containerInsights", value=args.settings.logs.container_insights
                )
            ],
            configuration=self._sessions(args, log) if log else None,
            opts=pulumi.ResourceOptions(parent=self),
        )
        providers = aws.ecs.ClusterCapacityProviders(
            f"{name}-capacity",
            cluster_name=cluster.name,
            capacity_providers=["FARGATE", "FARGATE_SPOT"],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn, self.name = known_after(cluster.arn, providers), cluster.name
        self.session_log_arn = log.arn if log else None
        self.register_outputs({})

    def _session_log(self, name: str, args: ClusterArgs) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            f"{name}-sessions",
            name=session_log_name(name),
            retention_in_days=args.settings.logs.retention_days,
            kms_key_id=args.key_arn,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _sessions(
        self, args: ClusterArgs, log: aws.cloudwatch.LogGroup
    ) -> aws.ecs.ClusterConfigurationArgs:
        return aws.ecs.ClusterConfigurationArgs(
            execute_command_configuration=aws.ecs.ClusterConfigurationExecuteCommandConfigurationArgs(
                kms_key_id=args.key_arn,
                logging="OVERRIDE",
                log_configuration=aws.ecs.ClusterConfigurationExecuteCommandConfigurationLogConfigurationArgs(
                    cloud_watch_log_group_name=log.name,
                    cloud_watch_encryption_enabled=args.key_arn is not None,
                ),
            )
        )
