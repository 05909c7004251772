"""Who did what in the AWS account, on record, by the trail of `pulumi_awsx`.

Of its components this is the only one here: unit tests see nothing of what they make inside, and
nothing could refuse the security groups that they open.
"""

# Annotations that are not evaluated do not load the SDK's large module for S3, which a stack
# without a trail has no use for.
from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_awsx as awsx

from . import config
from .ordering import known_after

__all__ = ["AuditTrail", "AuditTrailArgs"]

# What was deleted or overwritten by mistake can be had back for a month.
_NONCURRENT_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class AuditTrailArgs:
    """What is kept, and how.

    Attributes:
        settings: The stack's config; without `todo:audit.trail` nothing is made.
        key_arn: Encrypts the records; None where S3's own key does.
    """

    settings: config.Settings
    key_arn: pulumi.Input[str] | None


class AuditTrail(pulumi.ComponentResource):
    """A trail of all regions, and its bucket, or none.

    The bucket's policy is the trail's, which lets CloudTrail write and nobody else; being
    awsx's, it neither names the account of the trail nor refuses readers without TLS.
    """

    def __init__(
        self, name: str, args: AuditTrailArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:AuditTrail", name, None, opts)
        if args.settings.audit.trail:
            self._trail(f"{name}-audit", args)
        self.register_outputs({})

    def _trail(self, name: str, args: AuditTrailArgs) -> None:
        awsx.cloudtrail.Trail(
            name,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_logging=True,
            # Digests, signed by AWS, tell a record that was changed or removed.
            enable_log_file_validation=True,
            kms_key_id=args.key_arn,
            # Its ARN: from a name the component makes a wrong one. And not a bucket of the
            # component's own, which everybody could delete with all that is in it.
            s3_bucket=awsx.awsx.RequiredBucketArgs(
                existing=awsx.awsx.ExistingBucketArgs(arn=self._bucket_arn(name, args))
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _bucket_arn(self, name: str, args: AuditTrailArgs) -> pulumi.Output[str]:
        """Make the bucket; return its ARN, known once it is closed."""
        protect, opts = args.settings.audit.protect, pulumi.ResourceOptions(parent=self)
        bucket = aws.s3.Bucket(
            name,
            force_destroy=not protect,
            opts=pulumi.ResourceOptions(parent=self, protect=protect),
        )
        closed = aws.s3.BucketPublicAccessBlock(
            name,
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=opts,
        )
        owned = aws.s3.BucketOwnershipControls(
            name,
            bucket=bucket.bucket,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            # S3 refuses two changes of a bucket's access at once.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[closed]),
        )
        versioned = self._versions(name, bucket)
        self._expire(name, args, bucket, versioned)
        return known_after(bucket.arn, closed, owned, versioned, self._encrypt(name, bucket))

    def _encrypt(
        self, name: str, bucket: aws.s3.Bucket
    ) -> aws.s3.BucketServerSideEncryptionConfiguration:
        """Encrypt with S3's own key what the trail does not encrypt with the stack's: digests."""
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

    def _versions(self, name: str, bucket: aws.s3.Bucket) -> aws.s3.BucketVersioning:
        """Keep versions, so that nobody makes a record unseen by writing over it."""
        return aws.s3.BucketVersioning(
            name,
            bucket=bucket.bucket,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(
                status="Enabled"
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _expire(
        self,
        name: str,
        args: AuditTrailArgs,
        bucket: aws.s3.Bucket,
        versioned: aws.s3.BucketVersioning,
    ) -> None:
        rule = aws.s3.BucketLifecycleConfigurationRuleArgs(
            id="expire",
            status="Enabled",
            filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix="AWSLogs/"),
            expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(
                days=args.settings.audit.retention_days
            ),
            noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                noncurrent_days=_NONCURRENT_DAYS
            ),
            abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                days_after_initiation=1
            ),
        )
        aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=bucket.bucket,
            rules=[rule],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioned]),
        )
