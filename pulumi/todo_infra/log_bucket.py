"""A bucket for what AWS's services record: closed, kept in versions, encrypted, emptied in time."""

# Annotations that are not evaluated do not load the SDK's large module for S3, which a stack
# without such buckets has no use for.
from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

__all__ = ["PREFIX", "LogBucket", "LogBucketArgs"]

PREFIX = "AWSLogs/"
"""Every key that AWS's services write starts with it."""


@dataclass(frozen=True, kw_only=True)
class LogBucketArgs:
    """How long it keeps what.

    Attributes:
        days: Days until a record is deleted.
        noncurrent_days: For so long, what was deleted or overwritten by mistake can be had back.
        protect: Refuse to delete the bucket; otherwise it goes with all that is in it.
    """

    days: int
    noncurrent_days: int
    protect: bool


class LogBucket(pulumi.ComponentResource):
    """The bucket, without a policy: who may write to it is its user's to say.

    Attributes:
        name: The bucket's name.
        arn: Its ARN.
        closed: What has to be there before anybody writes.
    """

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    closed: list[pulumi.CustomResource]

    def __init__(
        self, name: str, args: LogBucketArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:LogBucket", name, None, opts)
        bucket = aws.s3.Bucket(
            name,
            force_destroy=not args.protect,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        versioning = self._keep_versions(name, bucket)
        self._expire(name, args, bucket, versioning)
        self.name, self.arn = bucket.bucket, bucket.arn
        self.closed = [*self._close(name, bucket), versioning, self._encrypt(name, bucket)]
        self.register_outputs({"name": self.name, "arn": self.arn})

    def _close(self, name: str, bucket: aws.s3.Bucket) -> list[pulumi.CustomResource]:
        """Rule out what would open the bucket, by policy or by access lists."""
        block = aws.s3.BucketPublicAccessBlock(
            name,
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        owner = aws.s3.BucketOwnershipControls(
            name,
            bucket=bucket.bucket,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            # S3 refuses two changes of a bucket's access at once.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[block]),
        )
        return [block, owner]

    def _keep_versions(self, name: str, bucket: aws.s3.Bucket) -> aws.s3.BucketVersioning:
        """Keep versions, so that nobody makes a record unseen by writing over it."""
        return aws.s3.BucketVersioning(
            name,
            bucket=bucket.bucket,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(
                status="Enabled"
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _encrypt(
        self, name: str, bucket: aws.s3.Bucket
    ) -> aws.s3.BucketServerSideEncryptionConfiguration:
        """Encrypt with S3's own key what its writer does not encrypt with another."""
        by_default = aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(  # noqa: E501 - the SDK's name
            sse_algorithm="AES256"
        )
        return aws.s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=bucket.bucket,
            rules=[
                aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=by_default
                )
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _expire(
        self,
        name: str,
        args: LogBucketArgs,
        bucket: aws.s3.Bucket,
        versioning: aws.s3.BucketVersioning,
    ) -> None:
        rule = aws.s3.BucketLifecycleConfigurationRuleArgs(
            id="expire",
            status="Enabled",
            filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=PREFIX),
            expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=args.days),
            noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                noncurrent_days=args.noncurrent_days
            ),
            abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                days_after_initiation=1
            ),
        )
        aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=bucket.bucket,
            rules=[rule],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )
