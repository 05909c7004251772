"""What leads to a database comes from the same stack: keys, accounts, names of servers.

The authority of Amazon RDS signs for every customer's databases. A client that verifies a
certificate can still be sent to another one's server, by a name that nobody here made.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_policy import PolicyResource, Severity
from pulumi_policy.proxy import UnknownValueError

from todo_policies.containers import DEFINITIONS, Container, containers
from todo_policies.graph import is_given, linked, of_type
from todo_policies.reading import is_set, known
from todo_policies.resource_types import (
    APPLICATION,
    CLUSTER,
    INSTANCE,
    KEY,
    LOG_GROUP,
    PROXY,
    SECRET,
    TASK_DEFINITION,
    TOPIC,
    TRAIL,
    TRAIL_COMPONENT,
)
from todo_policies.rule import Rule, StackRule

__all__ = ["DATABASE_OF_THIS_STACK", "KEY_OF_THIS_STACK", "RULES"]

_KEYS: Mapping[str, tuple[str, ...]] = {
    INSTANCE: ("kmsKeyId", "masterUserSecretKmsKeyId", "performanceInsightsKmsKeyId"),
    CLUSTER: ("kmsKeyId", "masterUserSecretKmsKeyId", "performanceInsightsKmsKeyId"),
    SECRET: ("kmsKeyId",),
    LOG_GROUP: ("kmsKeyId",),
    TOPIC: ("kmsMasterKeyId",),
    TRAIL: ("kmsKeyId",),
    TRAIL_COMPONENT: ("kmsKeyId",),
}
_OF_APPLICATION = "kmsKeyArn"
_HOSTS = ("DATABASE_HOST", "DATABASE_READER_HOST")
_ADDRESSES: Mapping[str, tuple[str, ...]] = {
    INSTANCE: ("address",),
    CLUSTER: ("endpoint", "readerEndpoint"),
    PROXY: ("endpoint",),
}
_MANAGED = {INSTANCE: "masterUserSecrets", CLUSTER: "masterUserSecrets"}
_ARN_PARTS = 7
"""Of a secret's ARN. What follows are a key in it, a stage and a version."""


def _foreign_keys(subject: PolicyResource, stack: Sequence[PolicyResource]) -> Iterator[str]:
    if subject.resource_type == APPLICATION:
        if is_set(known(subject.props, "parameters") or {}, _OF_APPLICATION):
            yield from _foreign_key_of_application(subject, stack)
        return
    for key in _KEYS[subject.resource_type]:
        if is_given(subject, key) and not linked(subject, key, {KEY}, stack):
            yield f"{key} is no key of this stack."


def _foreign_key_of_application(
    subject: PolicyResource, stack: Sequence[PolicyResource]
) -> Iterator[str]:
    if not linked(subject, "parameters", {KEY}, stack):
        yield f"parameters.{_OF_APPLICATION} is no key of this stack."


def _foreign_databases(subject: PolicyResource, stack: Sequence[PolicyResource]) -> Iterator[str]:
    if subject.resource_type == PROXY:
        secrets = _secrets(stack)
        for index, account in enumerate(subject.props.get("auths") or ()):
            if not _is_among(account, "secretArn", secrets):
                yield f"auths[{index}].secretArn is no secret of this stack."
        return
    try:
        found = list(containers(subject))
    except UnknownValueError:
        yield from _foreign_dependencies(subject)
        return
    for container in found:
        yield from _foreign_names(container, stack)


def _foreign_dependencies(subject: PolicyResource) -> Iterator[str]:
    """While the text is unknown, what it is made from has to include a database or its proxy."""
    sources = {one.resource_type for one in subject.property_dependencies.get(DEFINITIONS, ())}
    if sources.isdisjoint(_ADDRESSES):
        yield f"{DEFINITIONS} is unknown before the update, and made from no database's address."


def _foreign_names(container: Container, stack: Sequence[PolicyResource]) -> Iterator[str]:
    addresses = {
        known(one.props, key)
        for type_, keys in _ADDRESSES.items()
        for one in of_type(stack, type_)
        for key in keys
    }
    for name in _HOSTS:
        for host in (container.environment.get(name) or "").split(","):
            if host and host.strip() not in addresses:
                yield (
                    f"container {container.name} gets {name} {host.strip()}, "
                    "which is no database or proxy of this stack."
                )
    secrets = _secrets(stack)
    for name, source in container.secrets.items():
        if name.startswith("DATABASE_") and _secret_of(source or "") not in secrets:
            yield f"container {container.name} gets {name} from no secret of this stack."


def _secrets(stack: Sequence[PolicyResource]) -> frozenset[str]:
    """The ARNs, as far as they are known, of the stack's secrets and of those that RDS keeps."""
    own = (known(one.props, "arn") for one in of_type(stack, SECRET))
    managed = (
        known(secret, "secretArn")
        for type_, key in _MANAGED.items()
        for one in of_type(stack, type_)
        for secret in known(one.props, key) or ()
    )
    return frozenset(arn for arn in (*own, *managed) if arn)


def _secret_of(source: str) -> str:
    return ":".join(source.split(":")[:_ARN_PARTS])


def _is_among(props: Mapping[str, Any], key: str, arns: frozenset[str]) -> bool:
    """Whether a value is one of these; what is unknown is made from a resource of the stack."""
    try:
        return props.get(key) in arns
    except UnknownValueError:
        return True


KEY_OF_THIS_STACK = StackRule(
    name="key-of-this-stack",
    severity=Severity.HIGH,
    why="A key that encrypts data of the stack is the stack's own: another account's, or another "
    "region's, can be taken away, and nobody here knows who else uses it.",
    fix="Name the ARN of the stack's own key (todo_infra/keys.py), or none.",
    controls=(),
    waivable=False,
    resource_types=frozenset({*_KEYS, APPLICATION}),
    check=_foreign_keys,
)

DATABASE_OF_THIS_STACK = StackRule(
    name="database-of-this-stack",
    severity=Severity.CRITICAL,
    why="A client is sent to a database, and gets an account, of its own stack: certificates of "
    "Amazon RDS vouch for every customer's servers.",
    fix="Take DATABASE_HOST and DATABASE_READER_HOST from the database's or the proxy's address, "
    "and accounts from the stack's secrets.",
    controls=(),
    waivable=False,
    resource_types=frozenset({TASK_DEFINITION, PROXY}),
    check=_foreign_databases,
)

RULES: tuple[Rule, ...] = (KEY_OF_THIS_STACK, DATABASE_OF_THIS_STACK)
