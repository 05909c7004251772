"""What the database's servers report of themselves: logs, load, and their operating system."""

import json
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from . import config, sizes
from .ordering import known_after
from .partitions import partition_of

__all__ = ["DatabaseMonitoring", "DatabaseMonitoringArgs", "monitoring_trust"]

# Kept without a surcharge; more days cost extra.
_INSIGHTS_DAYS = 7
_MONITORING_POLICY = "AmazonRDSEnhancedMonitoringRole"


@dataclass(frozen=True, kw_only=True)
class DatabaseMonitoringArgs:
    """What is reported, and how it is kept.

    Attributes:
        settings: The stack's config.
        identifiers: Of the servers, by what they are called in resource names. They are known
            before the servers are, so that their log groups are there first.
        key_arn: Encrypts it; None leaves it to the keys that AWS manages.
    """

    settings: config.Settings
    identifiers: dict[str, pulumi.Input[str]]
    key_arn: pulumi.Input[str] | None


def monitoring_trust(account: str) -> dict[str, Any]:
    """Let RDS take the role for servers of this account, and nobody else's."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "monitoring.rds.amazonaws.com"},
                "Condition": {"StringEquals": {"aws:SourceAccount": account}},
            }
        ],
    }


class DatabaseMonitoring(pulumi.ComponentResource):
    """Log groups, a role, and the inputs by which a server uses them.

    Attributes:
        inputs: Of every `aws.rds.Instance` that is to report.
        log_groups: RDS makes them itself, without end and without our key, where it finds none;
            so they come before the servers.
    """

    inputs: dict[str, Any]
    log_groups: list[pulumi.Resource]

    def __init__(
        self, name: str, args: DatabaseMonitoringArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:DatabaseMonitoring", name, None, opts)
        operations = args.settings.database_operations
        self.inputs = {
            "enabled_cloudwatch_logs_exports": list(operations.log_exports),
            **self._operating_system(name, args),
            **self._insights(args),
        }
        self.log_groups = [
            self._log_group(f"{name}-{server}-{log}", identifier, log, args)
            for server, identifier in args.identifiers.items()
            for log in operations.log_exports
        ]
        self.register_outputs({})

    def _log_group(
        self, name: str, identifier: pulumi.Input[str], log: str, args: DatabaseMonitoringArgs
    ) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            name,
            name=pulumi.Output.concat("/aws/rds/instance/", identifier, "/", log),
            retention_in_days=args.settings.logs.retention_days,
            kms_key_id=args.key_arn,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _operating_system(self, name: str, args: DatabaseMonitoringArgs) -> dict[str, Any]:
        seconds = args.settings.database_operations.monitoring_seconds
        if not seconds:
            return {"monitoring_interval": 0}
        role_arn = self._role(name, args.settings.region)
        return {"monitoring_interval": seconds, "monitoring_role_arn": role_arn}

    def _insights(self, args: DatabaseMonitoringArgs) -> dict[str, Any]:
        has_insights = args.settings.database.size in sizes.DATABASES_WITH_INSIGHTS
        if not (args.settings.database_operations.performance_insights and has_insights):
            return {"performance_insights_enabled": False}
        return {
            "performance_insights_enabled": True,
            "performance_insights_kms_key_id": args.key_arn,
            "performance_insights_retention_period": _INSIGHTS_DAYS,
        }

    def _role(self, name: str, region: str) -> pulumi.Output[str]:
        account = aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(parent=self))
        role = aws.iam.Role(
            f"{name}-monitoring",
            description="Measures the operating system of the TODO database",
            assume_role_policy=account.account_id.apply(
                lambda account_id: json.dumps(monitoring_trust(account_id))
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        attachment = aws.iam.RolePolicyAttachment(
            f"{name}-monitoring",
            role=role.name,
            policy_arn=f"arn:{partition_of(region)}:iam::aws:policy/service-role/{_MONITORING_POLICY}",
            opts=pulumi.ResourceOptions(parent=self),
        )
        return known_after(role.arn, attachment)
