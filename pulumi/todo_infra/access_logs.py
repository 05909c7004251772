"""Where the load balancer writes a line for each request: a bucket that nobody else writes to."""

# Annotations that are not evaluated do not load the SDK's large module for S3, which a stack
# without these logs has no use for.
from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from .log_bucket import PREFIX, LogBucket, LogBucketArgs
from .ordering import known_after

__all__ = ["AccessLogs", "AccessLogsArgs", "delivery_policy"]

# What was deleted or overwritten by mistake can be had back for a week.
_NONCURRENT_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class AccessLogsArgs:
    """How long the logs stay.

    Attributes:
        days: Days until a line is deleted.
        protect: Refuse to delete the bucket; otherwise it goes with all that is in it.
    """

    days: int
    protect: bool


def delivery_policy(bucket_arn: str, account: str) -> dict[str, Any]:
    """Let load balancers of the account write their logs, and nobody come without TLS.

    The account is in the path, which the service chooses: another account's load balancer would
    write elsewhere. It does not say for which load balancer it comes, so a condition on
    `aws:SourceArn` would refuse it.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "LoadBalancersWrite",
                "Effect": "Allow",
                "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
                "Action": "s3:PutObject",
                "Resource": f"{bucket_arn}/{PREFIX}{account}/*",
            },
            {
                "Sid": "NobodyWithoutTLS",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [bucket_arn, f"{bucket_arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ],
    }


class AccessLogs(pulumi.ComponentResource):
    """The bucket, closed to everybody but the load balancers of this account.

    Attributes:
        bucket: Its name, known once load balancers may write to it: AWS tries that.
    """

    bucket: pulumi.Output[str]

    def __init__(
        self, name: str, args: AccessLogsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:AccessLogs", name, None, opts)
        bucket_args = LogBucketArgs(
            days=args.days, noncurrent_days=_NONCURRENT_DAYS, protect=args.protect
        )
        bucket = LogBucket(f"{name}-access-logs", bucket_args, pulumi.ResourceOptions(parent=self))
        self.bucket = known_after(bucket.name, self._policy(f"{name}-access-logs", bucket))
        self.register_outputs({"bucket": self.bucket})

    def _policy(self, name: str, bucket: LogBucket) -> aws.s3.BucketPolicy:
        account = aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(parent=self))
        policy = pulumi.Output.all(bucket.arn, account.account_id).apply(
            lambda known: json.dumps(delivery_policy(*known))
        )
        return aws.s3.BucketPolicy(
            name,
            bucket=bucket.name,
            policy=policy,
            opts=pulumi.ResourceOptions(parent=self, depends_on=bucket.closed),
        )
