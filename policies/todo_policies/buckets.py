"""Buckets of logs and records: nobody reads them without leave, and nobody changes them unseen."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_policy import PolicyResource, Severity

from todo_policies.graph import of_type, users
from todo_policies.parameters import parameter
from todo_policies.policy_documents import Statement, statements
from todo_policies.reading import known, shown
from todo_policies.resource_types import (
    BUCKET,
    BUCKET_ACL,
    BUCKET_ENCRYPTION,
    BUCKET_LIFECYCLE,
    BUCKET_OWNERSHIP,
    BUCKET_POLICY,
    BUCKET_PUBLIC_ACCESS,
    BUCKET_VERSIONING,
    TRAIL_COMPONENT,
)
from todo_policies.rule import Rule, StackRule

__all__ = [
    "BUCKET_KEEPS_VERSIONS",
    "BUCKET_LOCKED",
    "RULES",
]

_BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
_NO_LIST = (None, "", "private")
_ALGORITHMS = {"AES256", "aws:kms", "aws:kms:dsse"}


def _open(bucket: PolicyResource, stack: Sequence[PolicyResource]) -> Iterator[str]:
    for type_, (what, problems) in _LOCKS.items():
        settings = _settings(bucket, type_, stack)
        if not settings:
            yield f"it has no {what}."
        for setting in settings:
            yield from problems(setting)
    if _settings(bucket, BUCKET_ACL, stack) or known(bucket.props, "acl") not in _NO_LIST:
        yield "it has an access list."
    if not _is_of_a_trail(bucket, stack):
        yield from _without_tls(bucket, stack)


def _unblocked(block: Mapping[str, Any]) -> Iterator[str]:
    for key in _BLOCKS:
        if block.get(key) is not True:
            yield f"{key} of its public access block is {shown(block.get(key))}."


def _shared(ownership: Mapping[str, Any]) -> Iterator[str]:
    rule = (ownership.get("rule") or {}).get("objectOwnership")
    if rule != "BucketOwnerEnforced":
        yield f"objectOwnership is {shown(rule)}; it has to be BucketOwnerEnforced."


def _unencrypted(encryption: Mapping[str, Any]) -> Iterator[str]:
    rules = encryption.get("rules") or ()
    found = [
        (rule.get("applyServerSideEncryptionByDefault") or {}).get("sseAlgorithm") for rule in rules
    ]
    if not found or not _ALGORITHMS.issuperset(found):
        yield "its encryption names neither AES256 nor aws:kms."


_LOCKS = {
    BUCKET_PUBLIC_ACCESS: ("public access block", _unblocked),
    BUCKET_OWNERSHIP: ("ownership controls", _shared),
    BUCKET_ENCRYPTION: ("encryption", _unencrypted),
}


def _without_tls(bucket: PolicyResource, stack: Sequence[PolicyResource]) -> Iterator[str]:
    policies = users(bucket, "bucket", BUCKET_POLICY, stack)
    if not policies:
        yield "it has no policy that refuses requests without TLS."
    for policy in policies:
        text = known(policy.props, "policy")
        # Unknown, it is made of what AWS names only now; the update judges the text.
        if text is not None and not any(map(_refuses_plaintext, statements(text))):
            yield "its policy does not refuse every request without TLS."


def _refuses_plaintext(statement: Statement) -> bool:
    # The bucket itself, and what is in it.
    both = len(statement.resources) > 1 or "*" in statement.resources
    return (
        not statement.allows
        and statement.is_for_everybody()
        and "s3:*" in statement.actions
        and both
        and statement.conditions == {"aws:securetransport": ("false",)}
    )


def _is_of_a_trail(bucket: PolicyResource, stack: Sequence[PolicyResource]) -> bool:
    """Whether awsx's trail owns the policy, which a bucket has one of: it is CloudTrail's only."""
    return any(
        bucket in trail.property_dependencies.get("s3Bucket", [])
        for trail in of_type(stack, TRAIL_COMPONENT)
    )


def _settings(
    bucket: PolicyResource, type_: str, stack: Sequence[PolicyResource]
) -> list[Mapping[str, Any]]:
    return [one.props for one in users(bucket, "bucket", type_, stack)]


BUCKET_LOCKED = StackRule(
    name="bucket-locked",
    severity=Severity.HIGH,
    why="Buckets are encrypted, closed to everybody but those they are for, and refuse requests "
    "without TLS.",
    fix="Give the bucket a public access block, BucketOwnerEnforced, encryption and a policy that "
    "denies s3:* where aws:SecureTransport is false, as todo_infra/access_logs.py does.",
    controls=("CloudTrail.6",),
    resource_types=frozenset({BUCKET}),
    check=_open,
)


@dataclass(frozen=True, kw_only=True)
class _Versions:
    min_days: int = parameter(
        7, "Least number of days for which an overwritten or deleted version is kept.", minimum=1
    )
    min_kept_days: int = parameter(
        30, "Least number of days for which anything is kept at all.", minimum=1
    )
    force_destroy: bool = parameter(False, "Let a bucket be deleted with all that is in it.")


def _forgetful(
    bucket: PolicyResource, stack: Sequence[PolicyResource], parameters: _Versions
) -> Iterator[str]:
    if bucket.props.get("forceDestroy") is True and not parameters.force_destroy:
        yield "forceDestroy is True, so it is deleted with all that is in it."
    versioning = [
        (one.get("versioningConfiguration") or {}).get("status")
        for one in _settings(bucket, BUCKET_VERSIONING, stack)
    ]
    if versioning != ["Enabled"]:
        yield f"versioning is {', '.join(map(shown, versioning)) or 'not set'}, and not Enabled."
    lifecycles = _settings(bucket, BUCKET_LIFECYCLE, stack)
    rules = [
        rule
        for one in lifecycles
        for rule in one.get("rules") or ()
        if rule.get("status") == "Enabled"
    ]
    kept = [days for rule in rules if (days := (rule.get("expiration") or {}).get("days"))]
    if not kept:
        yield "no rule of a lifecycle deletes what is old."
    elif min(kept) < parameters.min_kept_days:
        yield f"it keeps nothing after {shown(min(kept))} days; {parameters.min_kept_days} needed."
    for rule in rules:
        days = (rule.get("noncurrentVersionExpiration") or {}).get("noncurrentDays")
        if days is not None and days < parameters.min_days:
            yield f"old versions go after {shown(days)} days; {parameters.min_days} are needed."


BUCKET_KEEPS_VERSIONS = StackRule(
    name="bucket-keeps-versions",
    severity=Severity.MEDIUM,
    why="What is overwritten or deleted in a bucket can be had back for a time, and nothing is "
    "kept for ever.",
    fix="Enable versioning, and give the bucket a lifecycle with expiration and "
    "noncurrent_version_expiration; force_destroy stays off.",
    controls=(),
    parameters=_Versions(),
    resource_types=frozenset({BUCKET}),
    check=_forgetful,
)

RULES: tuple[Rule, ...] = (
    BUCKET_LOCKED,
    BUCKET_KEEPS_VERSIONS,
)
