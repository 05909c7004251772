"""Who connected to whom in the network, and who was refused."""

import json
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from .ordering import known_after
from .partitions import partition_of

__all__ = ["FlowLogs", "FlowLogsArgs", "delivery_policy", "trust_policy"]

# The shorter of the two that there are.
_AGGREGATION_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class FlowLogsArgs:
    """What is logged, and for how long.

    Attributes:
        vpc_id: The network.
        region: The stack's region.
        days: Days until a line is deleted.
        key_arn: Encrypts the log; None where CloudWatch's own key does.
    """

    vpc_id: str
    region: str
    days: int
    key_arn: pulumi.Input[str] | None = None


def trust_policy(account: str, region: str) -> dict[str, Any]:
    """Let the flow logs of this account and region take the role, and nobody else's."""
    flow_logs = f"arn:{partition_of(region)}:ec2:{region}:{account}:vpc-flow-log/*"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "vpc-flow-logs.amazonaws.com"},
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": account},
                    "ArnLike": {"aws:SourceArn": flow_logs},
                },
            }
        ],
    }


def delivery_policy(log_group_arn: str) -> dict[str, Any]:
    """Let lines be written to one log group; the service looks for group and stream first."""
    look = ["logs:DescribeLogGroups", "logs:DescribeLogStreams"]
    write = ["logs:CreateLogStream", "logs:PutLogEvents"]
    here = {"Effect": "Allow", "Resource": [f"{log_group_arn}:*"]}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "FindLogs", "Action": look, **here},
            {"Sid": "WriteLogs", "Action": write, **here},
        ],
    }


class FlowLogs(pulumi.ComponentResource):
    """The network's flow log, its log group, and the role that writes there."""

    def __init__(
        self, name: str, args: FlowLogsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:FlowLogs", name, None, opts)
        group = aws.cloudwatch.LogGroup(
            f"{name}-flow-logs",
            name=f"/vpc-flow-logs/{name}",
            retention_in_days=args.days,
            kms_key_id=args.key_arn,
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.ec2.FlowLog(
            f"{name}-flow-logs",
            vpc_id=args.vpc_id,
            traffic_type="ALL",
            max_aggregation_interval=_AGGREGATION_SECONDS,
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=self._role_arn(name, args, group),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})

    def _role_arn(
        self, name: str, args: FlowLogsArgs, group: aws.cloudwatch.LogGroup
    ) -> pulumi.Output[str]:
        """Make the role; return its ARN, known once it may write."""
        account = aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(parent=self))
        opts = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            f"{name}-flow-logs",
            description="Writes the network's flow logs",
            assume_role_policy=account.account_id.apply(
                lambda account_id: json.dumps(trust_policy(account_id, args.region))
            ),
            opts=opts,
        )
        policy = group.arn.apply(lambda arn: json.dumps(delivery_policy(arn)))
        return known_after(
            role.arn,
            aws.iam.RolePolicy(f"{name}-flow-logs", role=role.name, policy=policy, opts=opts),
        )
