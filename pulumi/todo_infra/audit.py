"""Who did what in the AWS account, on record, by the trail of `pulumi_awsx`.

Of its components this is the only one here: unit tests see nothing of what they make inside, and
nothing could refuse the security groups that they open.
"""

from dataclasses import dataclass

import pulumi
import pulumi_awsx as awsx

from . import config
from .log_bucket import LogBucket, LogBucketArgs
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
        bucket_args = LogBucketArgs(
            days=args.settings.audit.retention_days,
            noncurrent_days=_NONCURRENT_DAYS,
            protect=args.settings.audit.protect,
        )
        bucket = LogBucket(name, bucket_args, pulumi.ResourceOptions(parent=self))
        return known_after(bucket.arn, *bucket.closed)
