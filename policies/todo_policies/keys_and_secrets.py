"""Keys, what they lock, and who may use either."""

from collections.abc import Iterator
from dataclasses import dataclass

from pulumi_policy import Severity

from todo_policies.parameters import parameter
from todo_policies.policy_documents import Statement, is_whole_service, statements
from todo_policies.reading import is_set, shown
from todo_policies.resource_types import (
    BUCKET,
    BUCKET_POLICY,
    KEY,
    KEY_POLICY,
    REPOSITORY_POLICY,
    SECRET,
    SECRET_POLICY,
    SECRET_ROTATION,
    SSM_PARAMETER,
    TOPIC,
    TOPIC_POLICY,
)
from todo_policies.rule import ResourceRule, Rule, Subject

__all__ = [
    "KEY_ROTATES",
    "PARAMETER_ENCRYPTED",
    "POLICY_NAMES_ITS_PRINCIPALS",
    "RULES",
    "SECRET_PROTECTED",
    "SECRET_ROTATION_REGULAR",
    "TOPIC_ENCRYPTED",
]


@dataclass(frozen=True, kw_only=True)
class _Keys:
    min_deletion_days: int = parameter(
        14, "Least number of days in which a deletion can be taken back.", minimum=7, maximum=30
    )


def _stale(key: Subject, parameters: _Keys) -> Iterator[str]:
    # AWS rotates no other kind.
    symmetric = key.props.get("customerMasterKeySpec") in (None, "", "SYMMETRIC_DEFAULT")
    rotates = key.props.get("enableKeyRotation")
    if symmetric and rotates is not True:
        yield f"enableKeyRotation is {shown(rotates)}."
    if key.props.get("isEnabled") is False:
        yield "isEnabled is False, so nothing that it encrypted can be read."
    if key.props.get("bypassPolicyLockoutSafetyCheck") is True:
        yield "bypassPolicyLockoutSafetyCheck is True, so its policy may lock everybody out."
    days = key.props.get("deletionWindowInDays")
    # AWS takes 30 without being told.
    if days is not None and days < parameters.min_deletion_days:
        yield (
            f"deletionWindowInDays is {shown(days)}; "
            f"at least {parameters.min_deletion_days} are needed."
        )


KEY_ROTATES = ResourceRule(
    name="key-rotates",
    severity=Severity.HIGH,
    why="Keys change every year by themselves, and their deletion can be taken back for a time: "
    "with a key goes all that it encrypted.",
    fix="Set enable_key_rotation=True and a deletion_window_in_days "
    "(todo:encryption.deletionWindowDays).",
    controls=("KMS.3", "KMS.4"),
    parameters=_Keys(),
    resource_types=frozenset({KEY}),
    check=_stale,
)

_ORIGINS = {
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "kms:calleraccount",
    "kms:encryptioncontext:aws:logs:arn",
}
_LEFT_TO_THE_PATH = {"logdelivery.elasticloadbalancing.amazonaws.com"}
"""Services that do not say for whom they come; what they may do is limited by its path."""


def _for_anybody(resource: Subject) -> Iterator[str]:
    if resource.resource_type == KEY and not is_set(resource.props, "policy"):
        yield "policy is not set, so AWS's own applies, which leaves all to IAM."
        return
    if resource.resource_type in {SECRET, BUCKET} and not is_set(resource.props, "policy"):
        return
    for statement in statements(resource.props.get("policy")):
        if statement.allows:
            yield from _looseness(statement, is_key=resource.resource_type in {KEY, KEY_POLICY})


def _looseness(statement: Statement, *, is_key: bool) -> Iterator[str]:
    limited = not _ORIGINS.isdisjoint(statement.conditions)
    if not is_key and "*" in statement.resources:
        yield f"statement {statement.name} is about any resource."
    if statement.everything_but:
        yield f"statement {statement.name} allows everything but what it names."
    if statement.is_for_everybody():
        yield f"statement {statement.name} is for everybody."
    services = set(statement.principals.get("Service", ())) - _LEFT_TO_THE_PATH
    if services and not limited:
        yield (
            f"statement {statement.name} is for {', '.join(sorted(services))} "
            "on behalf of any account."
        )
    if any(map(is_whole_service, statement.actions)):
        yield f"statement {statement.name} allows {', '.join(statement.actions)}."
    decrypts = statement.about("kms:Decrypt") and "AWS" in statement.principals
    if is_key and decrypts and not limited:
        yield f"statement {statement.name} lets the key be used directly, for anything."


POLICY_NAMES_ITS_PRINCIPALS = ResourceRule(
    name="policy-names-its-principals",
    severity=Severity.CRITICAL,
    why="What a key, secret, bucket, topic or repository allows, it allows to named principals; to "
    "services on behalf of this account only.",
    fix="Name who, and for services add aws:SourceAccount or aws:SourceArn to Condition.",
    controls=("KMS.5",),
    resource_types=frozenset(
        {
            KEY,
            KEY_POLICY,
            SECRET,
            SECRET_POLICY,
            BUCKET,
            BUCKET_POLICY,
            TOPIC_POLICY,
            REPOSITORY_POLICY,
        }
    ),
    check=_for_anybody,
    deferred_input="policy",
)


@dataclass(frozen=True, kw_only=True)
class _Secrets:
    customer_key: bool = parameter(True, "Whether a secret needs a key of the stack's own.")
    min_recovery_days: int = parameter(
        7, "Least number of days in which a deletion can be taken back.", minimum=0, maximum=30
    )


def _losable(secret: Subject, parameters: _Secrets) -> Iterator[str]:
    if parameters.customer_key and not is_set(secret.props, "kmsKeyId"):
        yield "kmsKeyId is not set, so AWS's own key applies."
    days = secret.props.get("recoveryWindowInDays")
    # AWS takes 30 without being told.
    if days is not None and days < parameters.min_recovery_days:
        yield (
            f"recoveryWindowInDays is {shown(days)}; "
            f"at least {parameters.min_recovery_days} are needed."
        )
    for replica in secret.props.get("replicas") or ():
        if parameters.customer_key and not is_set(replica, "kmsKeyId"):
            yield f"its replica in {replica.get('region')} has no kmsKeyId."


SECRET_PROTECTED = ResourceRule(
    name="secret-protected",
    severity=Severity.HIGH,
    why="Secrets are under the stack's own key, and their deletion can be taken back for a time.",
    fix="Set kms_key_id, and todo:secrets.recoveryWindowDays to 7 or more.",
    controls=(),
    parameters=_Secrets(),
    resource_types=frozenset({SECRET}),
    check=_losable,
)


@dataclass(frozen=True, kw_only=True)
class _Rotation:
    max_days: int = parameter(90, "Highest number of days between two changes.", minimum=1)


def _seldom(rotation: Subject, parameters: _Rotation) -> Iterator[str]:
    rules = rotation.props.get("rotationRules") or {}
    days = rules.get("automaticallyAfterDays")
    if days is None and not is_set(rules, "scheduleExpression"):
        yield "rotationRules names neither automaticallyAfterDays nor scheduleExpression."
    elif days is not None and days > parameters.max_days:
        yield f"it changes after {shown(days)} days; {parameters.max_days} are allowed."
    if not is_set(rotation.props, "rotationLambdaArn"):
        yield "rotationLambdaArn is not set, so nothing changes it."


SECRET_ROTATION_REGULAR = ResourceRule(
    name="secret-rotation-regular",
    severity=Severity.MEDIUM,
    why="A secret that is rotated is so often enough to matter.",
    fix="Set todo:secrets.rotationDays to 90 or less.",
    controls=("SecretsManager.4",),
    parameters=_Rotation(),
    resource_types=frozenset({SECRET_ROTATION}),
    check=_seldom,
)


def _unlocked_topic(topic: Subject) -> Iterator[str]:
    if not is_set(topic.props, "kmsMasterKeyId"):
        yield "kmsMasterKeyId is not set."


TOPIC_ENCRYPTED = ResourceRule(
    name="topic-encrypted",
    severity=Severity.MEDIUM,
    why="Topics are encrypted: alarms say where the system is weak at the moment.",
    fix="Set kms_master_key_id to the stack's key.",
    controls=(),
    resource_types=frozenset({TOPIC}),
    check=_unlocked_topic,
)


def _unlocked_parameter(parameter_: Subject) -> Iterator[str]:
    kind = parameter_.props.get("type")
    if kind != "SecureString":
        yield f"type is {shown(kind)}."


PARAMETER_ENCRYPTED = ResourceRule(
    name="parameter-encrypted",
    severity=Severity.MEDIUM,
    why="What the parameter store keeps is encrypted: nobody looks twice at what is put there.",
    fix="Set type='SecureString'.",
    controls=(),
    resource_types=frozenset({SSM_PARAMETER}),
    check=_unlocked_parameter,
)

RULES: tuple[Rule, ...] = (
    KEY_ROTATES,
    POLICY_NAMES_ITS_PRINCIPALS,
    SECRET_PROTECTED,
    SECRET_ROTATION_REGULAR,
    TOPIC_ENCRYPTED,
    PARAMETER_ENCRYPTED,
)
