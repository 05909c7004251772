"""Where the load balancer writes a line for each request: a bucket that nobody else writes to."""

# Annotations that are not evaluated do not load the SDK's large module for S3, which a stack
# without these logs has no use for.
from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from .ordering import known_after

__all__ = ["AccessLogs", "AccessLogsArgs", "delivery_policy"]

# Every key of a load balancer's logs starts with it.
_PREFIX = "AWSLogs/"
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
                "Resource": f"{bucket_arn}/{_PREFIX}{account}/*",
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
        bucket = self._bucket(name, args)
        closed = self._close(name, bucket)
        self._encrypt(name, bucket)
        self._expire(name, args, bucket)
        policy = self._policy(name, bucket, closed)
        self.bucket = known_after(bucket.bucket, policy)
        self.register_outputs({"bucket": self.bucket})

    def _bucket(self, name: str, args: AccessLogsArgs) -> aws.s3.Bucket:
        return aws.s3.Bucket(
            f"{name}-access-logs",
            force_destroy=not args.protect,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )

    def _close(self, name: str, bucket: aws.s3.Bucket) -> list[pulumi.Resource]:
        """Rule out what would open the bucket, by policy or by access lists."""
        opts = pulumi.ResourceOptions(parent=self)
        block = aws.s3.BucketPublicAccessBlock(
            f"{name}-access-logs",
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=opts,
        )
        owner = aws.s3.BucketOwnershipControls(
            f"{name}-access-logs",
            bucket=bucket.bucket,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            # S3 refuses two changes of a bucket's access at once.
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[block])),
        )
        return [block, owner]

    def _encrypt(self, name: str, bucket: aws.s3.Bucket) -> None:
        """Encrypt with S3's own keys: load balancers deliver to no other."""
        by_default = aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(  # noqa: E501 - the SDK's name
            sse_algorithm="AES256"
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-access-logs",
            bucket=bucket.bucket,
            rules=[
                aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=by_default
                )
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _expire(self, name: str, args: AccessLogsArgs, bucket: aws.s3.Bucket) -> None:
        """Keep versions, so that a line cannot be made unseen, and delete them in time."""
        versioning = aws.s3.BucketVersioning(
            f"{name}-access-logs",
            bucket=bucket.bucket,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(
                status="Enabled"
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        rule = aws.s3.BucketLifecycleConfigurationRuleArgs(
            id="expire",
            status="Enabled",
            filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=_PREFIX),
            expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=args.days),
            noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                noncurrent_days=_NONCURRENT_DAYS
            ),
            abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                days_after_initiation=1
            ),
        )
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-access-logs",
            bucket=bucket.bucket,
            rules=[rule],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )

    def _policy(
        self, name: str, bucket: aws.s3.Bucket, closed: list[pulumi.Resource]
    ) -> aws.s3.BucketPolicy:
        account = aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(parent=self))
        policy = pulumi.Output.all(bucket.arn, account.account_id).apply(
            lambda known: json.dumps(delivery_policy(*known))
        )
        return aws.s3.BucketPolicy(
            f"{name}-access-logs",
            bucket=bucket.bucket,
            policy=policy,
            opts=pulumi.ResourceOptions(parent=self, depends_on=closed),
        )
