"""The key under which a stack keeps its data: database, backups, secrets, logs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from . import config
from .exec_sessions import session_context
from .partitions import dns_suffix, partition_of

__all__ = ["EncryptionKey", "EncryptionKeyArgs", "decrypt_secrets", "key_policy"]

# Everything an administrator does with a key but using it, and giving its use away.
_ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
_USE = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")
_PUBLISH = ("kms:Decrypt", "kms:GenerateDataKey*")
_CONVERSE = ("kms:Decrypt", "kms:GenerateDataKey")
_GRANT = ("kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant")


@dataclass(frozen=True, kw_only=True)
class EncryptionKeyArgs:
    """Whose key it is, and who uses it.

    Attributes:
        settings: The stack's config. What protects the database protects its key.
        publishers: AWS services that send to encrypted topics of the stack, such as
            cloudwatch.amazonaws.com.
    """

    settings: config.Settings
    publishers: Sequence[str] = ()


def key_policy(
    name: str,
    account: str,
    region: str,
    publishers: Sequence[str] = (),
    *,
    sessions: bool = False,
    trail: bool = False,
) -> dict[str, Any]:
    """Return who may do what with the key.

    The account's own IAM policies decide who administers it, and who uses it; but it is used
    through RDS and Secrets Manager only, and directly for sessions in a task alone. CloudWatch
    Logs comes by itself, for the stack's log groups alone.

    Args:
        name: The prefix of the stack's names.
        account: The account's id.
        region: The key's region.
        publishers: Services that send to encrypted topics.
        sessions: Let people who enter a task talk with it under this key.
        trail: Let CloudTrail encrypt its records of the account, and people read them.
    """
    partition, suffix = partition_of(region), dns_suffix(region)
    root = {"AWS": f"arn:{partition}:iam::{account}:root"}
    services = [f"{service}.{region}.{suffix}" for service in ("rds", "secretsmanager")]
    through = {"StringEquals": {"kms:CallerAccount": account, "kms:ViaService": services}}
    # Services that hold the key longer, as RDS does, do so by a grant, which only AWS makes.
    for_aws = {**through, "Bool": {"kms:GrantIsForAWSResource": "true"}}
    ours = _log_groups_of(name, f"arn:{partition}:logs:{region}:{account}:log-group")
    statements = [
        _allow("AccountAdministers", root, _ADMINISTRATION, {}),
        _allow("AccountUsesThroughServices", root, _USE, through),
        _allow("ServicesHoldGrants", root, _GRANT, for_aws),
        _allow("LogsOfThisStack", {"Service": f"logs.{region}.{suffix}"}, _USE, ours),
    ]
    if publishers:
        own = {"StringEquals": {"aws:SourceAccount": account}}
        statements.append(_allow("Topics", {"Service": list(publishers)}, _PUBLISH, own))
    if sessions:
        caller = {"StringEquals": {"kms:CallerAccount": account}, **session_context()}
        statements.append(_allow("Sessions", root, _CONVERSE, caller))
    if trail:
        statements += _trail_statements(partition, account)
    return {"Version": "2012-10-17", "Statement": statements}


def _log_groups_of(name: str, groups: str) -> dict[str, Any]:
    """Return the condition that only log groups of the stack meet."""
    # WAF prescribes the beginning of the second kind.
    starts = [f"{groups}:*/{name}", f"{groups}:aws-waf-logs-{name}"]
    arns = [start + end for start in starts for end in ("", "-*", "/*")]
    return {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": arns}}


def _trail_statements(partition: str, account: str) -> list[dict[str, Any]]:
    """Let trails of the account, whose names the key cannot know, encrypt; its people read.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
    """
    trails = f"arn:{partition}:cloudtrail:*:{account}:trail/*"
    context = "kms:EncryptionContext:aws:cloudtrail:arn"
    service = {"Service": "cloudtrail.amazonaws.com"}
    ours = {"aws:SourceArn": trails}
    caller = {"StringEquals": {"kms:CallerAccount": account}, "Null": {context: "false"}}
    root = {"AWS": f"arn:{partition}:iam::{account}:root"}
    encrypt = {"ArnLike": {**ours, context: trails}}
    return [
        _allow("TrailLooks", service, ("kms:DescribeKey",), {"ArnLike": ours}),
        _allow("TrailEncrypts", service, ("kms:GenerateDataKey*",), encrypt),
        _allow("TrailIsRead", root, ("kms:Decrypt",), caller),
    ]


def decrypt_secrets(region: str, key_arn: str | None) -> list[dict[str, Any]]:
    """Return what a role's policy needs beside `secretsmanager:GetSecretValue`.

    Args:
        region: Where the secrets are.
        key_arn: Encrypts them; None for AWS's own key, which needs no permission.
    """
    if key_arn is None:
        return []
    through = f"secretsmanager.{region}.{dns_suffix(region)}"
    return [
        {
            "Sid": "DecryptSecrets",
            "Effect": "Allow",
            "Action": ["kms:Decrypt"],
            "Resource": [key_arn],
            "Condition": {"StringEquals": {"kms:ViaService": through}},
        }
    ]


def _allow(
    sid: str, principal: dict[str, Any], actions: Sequence[str], condition: dict[str, Any]
) -> dict[str, Any]:
    statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": principal,
        "Action": list(actions),
        "Resource": "*",  # in a key's own policy, the key
    }
    return {**statement, "Condition": condition} if condition else statement


class EncryptionKey(pulumi.ComponentResource):
    """One key for everything the stack keeps, or none, and then AWS's own keys encrypt it.

    Attributes:
        arn: The key's ARN; None leaves the choice of a key to each service.
    """

    arn: pulumi.Output[str] | None

    def __init__(
        self, name: str, args: EncryptionKeyArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:EncryptionKey", name, None, opts)
        self.arn = self._key(name, args) if args.settings.encryption.customer_managed_key else None
        self.register_outputs({})

    def _key(self, name: str, args: EncryptionKeyArgs) -> pulumi.Output[str]:
        account = aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(parent=self))
        policy = account.account_id.apply(
            lambda account_id: json.dumps(
                key_policy(
                    name,
                    account_id,
                    args.settings.region,
                    args.publishers,
                    sessions=args.settings.deployment.allow_exec,
                    trail=args.settings.audit.trail,
                )
            )
        )
        key = aws.kms.Key(
            f"{name}-data",
            description="Data of the TODO application: database, backups, secrets, logs",
            policy=policy,
            enable_key_rotation=True,
            deletion_window_in_days=args.settings.encryption.deletion_window_days,
            opts=pulumi.ResourceOptions(
                parent=self, protect=args.settings.database_operations.protect
            ),
        )
        aws.kms.Alias(
            f"{name}-data",
            name=f"alias/{name}-data",
            target_key_id=key.key_id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return key.arn
