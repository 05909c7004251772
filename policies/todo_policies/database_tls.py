"""Data on its way to a database: the server itself has to refuse plaintext, and old TLS.

Which parameter that is depends on the engine, which the family of the parameter group names.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pulumi_policy import PolicyResource, Severity

from todo_policies.databases import family_engine
from todo_policies.parameter_groups import (
    ATTACHMENTS,
    OVERRIDES,
    Parameter,
    attached_groups,
    unattached,
)
from todo_policies.reading import known
from todo_policies.resource_types import PROXY
from todo_policies.rule import StackRule

__all__ = ["DATABASE_TLS_REQUIRED", "DATABASE_TLS_VERSION"]

_CLUSTER_MEMBERS = frozenset(OVERRIDES) - frozenset(ATTACHMENTS)


@dataclass(frozen=True)
class _Switch:
    """The parameter that makes an engine refuse plaintext, and the values that turn it on."""

    parameter: str
    on: frozenset[str]
    is_dynamic: bool


@dataclass(frozen=True)
class _Floor:
    """The parameter that names the versions of TLS, or the lowest of them."""

    parameter: str


_MYSQL = _Switch("require_secure_transport", frozenset({"1", "ON"}), is_dynamic=True)
_POSTGRESQL = _Switch("rds.force_ssl", frozenset({"1"}), is_dynamic=False)
_SWITCH_OF_ENGINE = {
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "aurora-mysql": _MYSQL,
    "postgres": _POSTGRESQL,
    "aurora-postgresql": _POSTGRESQL,
}
_FLOOR_OF_SWITCH = {_MYSQL: _Floor("tls_version"), _POSTGRESQL: _Floor("ssl_min_protocol_version")}
_SAFE_VERSIONS = frozenset({"TLSv1.2", "TLSv1.3"})


def _plaintext_paths(subject: PolicyResource, stack: Sequence[PolicyResource]) -> Iterator[str]:
    if subject.resource_type == PROXY:
        if subject.props.get("requireTls") is not True:
            yield "requireTls is not True, so the proxy accepts plaintext connections."
        return
    yield from _judge_groups(subject, stack, _accepts_plaintext)


def _old_versions(subject: PolicyResource, stack: Sequence[PolicyResource]) -> Iterator[str]:
    yield from _judge_groups(subject, stack, _accepts_old_versions, is_missing_reported=False)


def _judge_groups(
    subject: PolicyResource,
    stack: Sequence[PolicyResource],
    judge_group: Callable[[PolicyResource, _Switch, bool], Iterator[str]],
    *,
    is_missing_reported: bool = True,
) -> Iterator[str]:
    """Judge the group that has to hold a setting, and one that could override it."""
    if attachment := ATTACHMENTS.get(subject.resource_type):
        groups = attached_groups(subject, attachment, stack)
        if not groups and is_missing_reported:
            yield unattached(subject, attachment, stack)
        for group in groups:
            yield from _judge_group(group, judge_group, is_required=True)
    if override := OVERRIDES.get(subject.resource_type):
        groups = attached_groups(subject, override, stack)
        if not groups and is_missing_reported and _is_named(subject, override.property):
            yield unattached(subject, override, stack)
        for group in groups:
            yield from _judge_group(group, judge_group, is_required=False)


def _is_named(subject: PolicyResource, key: str) -> bool:
    """Whether a group that may be left out is named, and is none of AWS's, which set nothing."""
    if key in subject.property_dependencies:
        return True
    name = known(subject.props, key)  # left out, it is unknown before the update
    return name is not None and not str(name).startswith("default.")


def _judge_group(
    group: PolicyResource,
    judge_group: Callable[[PolicyResource, _Switch, bool], Iterator[str]],
    *,
    is_required: bool,
) -> Iterator[str]:
    family = str(group.props.get("family"))
    switch = _SWITCH_OF_ENGINE.get(family_engine(family))
    if switch is None:
        yield (
            f"its parameter group {group.name} is of family {family}, "
            "for which this pack knows no parameter that requires TLS."
        )
        return
    yield from judge_group(group, switch, is_required)


def _accepts_plaintext(group: PolicyResource, switch: _Switch, is_required: bool) -> Iterator[str]:
    found = Parameter.named(group, switch.parameter)
    wrong = [one.value for one in found if one.value not in switch.on]
    if wrong or (is_required and not found):
        state = f"sets it to {wrong[0]}" if wrong else "does not set it"
        allowed = " or ".join(sorted(switch.on))
        yield (
            f"{switch.parameter} has to be {allowed}, but its parameter group {group.name} {state}."
        )
    elif switch.is_dynamic and any(one.apply_method != "immediate" for one in found):
        yield (
            f"{switch.parameter} waits for a restart in its parameter group {group.name}, and "
            "plaintext is accepted until then: its apply method has to be immediate."
        )


def _accepts_old_versions(
    group: PolicyResource, switch: _Switch, is_required: bool
) -> Iterator[str]:
    floor = _FLOOR_OF_SWITCH[switch]
    found = Parameter.named(group, floor.parameter)
    if is_required and not found:
        yield f"{floor.parameter} is not set in its parameter group {group.name}."
    for one in found:
        if not _SAFE_VERSIONS.issuperset(one.value.split(",")):
            yield (
                f"{floor.parameter} is {one.value!r} in its parameter group {group.name}, but only "
                f"{' and '.join(sorted(_SAFE_VERSIONS))} are safe."
            )


DATABASE_TLS_REQUIRED = StackRule(
    name="database-tls-required",
    severity=Severity.CRITICAL,
    why="Every database refuses connections without TLS, by an explicit parameter: defaults differ "
    "between engine versions, and a client that asks for TLS can be talked out of it.",
    fix="Attach a parameter group of this stack that sets require_secure_transport to 1 (MySQL, "
    "MariaDB; ON for Aurora MySQL) or rds.force_ssl to 1 (PostgreSQL); require_tls=True on a "
    "proxy.",
    controls=("RDS.38", "RDS.39", "RDS.43", "RDS.44"),
    waivable=False,
    resource_types=frozenset({*ATTACHMENTS, *_CLUSTER_MEMBERS, PROXY}),
    check=_plaintext_paths,
)

DATABASE_TLS_VERSION = StackRule(
    name="database-tls-version",
    severity=Severity.CRITICAL,
    why="No database speaks a TLS older than 1.2, by an explicit parameter.",
    fix="Set tls_version to TLSv1.2,TLSv1.3 (MySQL, MariaDB) or ssl_min_protocol_version to "
    "TLSv1.2 (PostgreSQL) in the attached parameter group.",
    controls=(),
    waivable=False,
    resource_types=frozenset({*ATTACHMENTS, *_CLUSTER_MEMBERS}),
    check=_old_versions,
)
