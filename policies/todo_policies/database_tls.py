"""Data on its way to a database: the server itself has to refuse plaintext.

The setting is not on the instance but in the parameter group it is attached to, so the rule follows
that reference. Which parameter it is depends on the engine, which the group's family names.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pulumi_policy import PolicyResource, Severity
from pulumi_policy.proxy import UnknownValueError

from todo_policies.resource_types import (
    CLUSTER,
    CLUSTER_PARAMETER_GROUP,
    INSTANCE,
    PARAMETER_GROUP,
    PROXY,
)
from todo_policies.rule import StackRule

__all__ = ["DATABASE_TLS_REQUIRED"]


@dataclass(frozen=True)
class _Attachment:
    """The property by which a database names its parameter group, and that group's type."""

    property: str
    group_type: str


@dataclass(frozen=True)
class _Switch:
    """The parameter that makes an engine refuse plaintext, and the values that turn it on."""

    parameter: str
    on: frozenset[str]


_ATTACHMENTS = {
    INSTANCE: _Attachment("parameterGroupName", PARAMETER_GROUP),
    CLUSTER: _Attachment("dbClusterParameterGroupName", CLUSTER_PARAMETER_GROUP),
}
_MYSQL = _Switch("require_secure_transport", frozenset({"1", "ON"}))
_POSTGRESQL = _Switch("rds.force_ssl", frozenset({"1"}))
_SWITCH_OF_ENGINE = {
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "aurora-mysql": _MYSQL,
    "postgres": _POSTGRESQL,
    "aurora-postgresql": _POSTGRESQL,
}


def _plaintext_paths(subject: PolicyResource, stack: Sequence[PolicyResource]) -> Iterator[str]:
    if subject.resource_type == PROXY:
        if subject.props.get("requireTls") is not True:
            yield "requireTls is not True, so the proxy accepts plaintext connections."
        return
    attachment = _ATTACHMENTS[subject.resource_type]
    groups = _attached_groups(subject, attachment, stack)
    if not groups:
        yield _unattached(subject, attachment)
    for group in groups:
        yield from _accepts_plaintext(group)


def _attached_groups(
    database: PolicyResource, attachment: _Attachment, stack: Sequence[PolicyResource]
) -> list[PolicyResource]:
    """The group a database names; while the name is unknown, every group it is made from."""
    try:
        name = database.props.get(attachment.property)
    except UnknownValueError:
        sources = database.property_dependencies.get(attachment.property, [])
        return [source for source in sources if source.resource_type == attachment.group_type]
    groups = [resource for resource in stack if resource.resource_type == attachment.group_type]
    return [group for group in groups if name is not None and _is_named(group, name)]


def _is_named(group: PolicyResource, name: str) -> bool:
    try:
        return bool(group.props.get("name") == name)
    except UnknownValueError:
        return False


def _unattached(database: PolicyResource, attachment: _Attachment) -> str:
    try:
        name = database.props.get(attachment.property)
    except UnknownValueError:
        return f"{attachment.property} comes from no parameter group of this stack, if it is set."
    if name is None:
        return f"{attachment.property} is not set, so the engine's default group applies."
    if name.startswith("default."):
        return f"its parameter group {name} is an AWS default, which nobody can change."
    return f"its parameter group {name} is not in this stack, so nothing vouches for it."


def _accepts_plaintext(group: PolicyResource) -> Iterator[str]:
    family = str(group.props.get("family"))
    engine = re.sub(r"[\d.]+$", "", family)
    switch = _SWITCH_OF_ENGINE.get(engine)
    if switch is None:
        yield (
            f"its parameter group {group.name} is of family {family}, "
            "for which this pack knows no parameter that requires TLS."
        )
        return
    values = [
        parameter.get("value")
        for parameter in group.props.get("parameters") or ()
        if parameter.get("name") == switch.parameter
    ]
    if not values or not switch.on.issuperset(map(str, values)):
        state = f"sets it to {values[0]}" if values else "does not set it"
        allowed = " or ".join(sorted(switch.on))
        yield (
            f"{switch.parameter} has to be {allowed}, but its parameter group {group.name} {state}."
        )


DATABASE_TLS_REQUIRED = StackRule(
    name="database-tls-required",
    severity=Severity.CRITICAL,
    why="Every database refuses connections without TLS, by an explicit parameter: defaults differ "
    "between engine versions, and a client that asks for TLS can be talked out of it.",
    fix="Attach a parameter group of this stack that sets require_secure_transport to 1 (MySQL, "
    "MariaDB; ON for Aurora MySQL) or rds.force_ssl to 1 (PostgreSQL); require_tls=True on a "
    "proxy.",
    controls=("RDS.39",),
    waivable=False,
    resource_types=frozenset({*_ATTACHMENTS, PROXY}),
    check=_plaintext_paths,
)
