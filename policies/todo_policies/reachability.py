"""Who can connect to a database: the security groups of a stack, followed from one to the next.

The internet may be three steps away (load balancer, service, database), but never two.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_policy import PolicyResource, Severity
from pulumi_policy.proxy import UnknownValueError

from todo_policies.databases import engine_of
from todo_policies.graph import linked, of_type, once, users
from todo_policies.reading import known
from todo_policies.resource_types import (
    APPLICATION,
    CLUSTER,
    ECS_SERVICE,
    FUNCTION,
    INGRESS_RULE,
    INSTANCE,
    PROXY,
    SECURITY_GROUP_RULE,
)
from todo_policies.rule import StackRule
from todo_policies.security_rules import GROUPS, cidrs, ingress, is_the_world, ports

__all__ = ["DATABASE_REACHABILITY"]

_PORT_OF_ENGINE = {"postgres": 5432, "aurora-postgresql": 5432, "POSTGRESQL": 5432}
_MYSQL_PORT = 3306

# Who may connect, and the property in which each has its groups.
_CLIENTS = {
    ECS_SERVICE: "networkConfiguration",
    PROXY: "vpcSecurityGroupIds",
    FUNCTION: "vpcConfig",
    APPLICATION: "parameters",
}
_GROUP_KEYS = ("securityGroups", "securityGroupIds", "vpcSecurityGroupIds")
_SOURCES = ("referencedSecurityGroupId", "sourceSecurityGroupId")
_OF_A_LIST = "securityGroups"
_PREFIX_LISTS = ("prefixListId", "prefixListIds")


def _reachable(subject: PolicyResource, stack: Sequence[PolicyResource]) -> Iterator[str]:
    groups = linked(subject, "vpcSecurityGroupIds", GROUPS, stack)
    if not _all_found(subject, groups):
        yield (
            "vpcSecurityGroupIds has to name groups of this stack only; without any, the network's "
            "default group applies."
        )
    clients = once(_client_groups, stack)
    for group in groups:
        for rule, owner in _rules_into(group, stack):
            opened = ports(rule)
            if opened:
                yield from _beyond_its_port(subject, group, opened)
                yield from _judge_sources(group, rule, owner, clients, stack)


def _all_found(subject: PolicyResource, groups: Sequence[PolicyResource]) -> bool:
    """Whether each of a database's groups is one of the stack."""
    try:
        names = subject.props.get("vpcSecurityGroupIds") or ()
    except UnknownValueError:
        return bool(groups)
    by_id = {known(group.props, "id"): group.urn for group in groups}
    found = [_at(names, index) for index in range(len(names))]
    named = {by_id[name] for name in found if name is not None and name in by_id}
    unknown = [name for name in found if name is None]
    # What is unknown has to be as many groups of the stack as there are beside the known ones.
    return (
        bool(found)
        and all(name is None or name in by_id for name in found)
        and len({group.urn for group in groups} - named) >= len(unknown)
    )


def _at(names: Sequence[str], index: int) -> str | None:
    try:
        return names[index]
    except UnknownValueError:
        return None


def _beyond_its_port(
    database: PolicyResource, group: PolicyResource, opened: range
) -> Iterator[str]:
    port = known(database.props, "port")
    engine = engine_of(database.props) or str(database.props.get("engineFamily"))
    expected = int(port or _PORT_OF_ENGINE.get(engine, _MYSQL_PORT))
    if opened != range(expected, expected + 1):
        yield (
            f"its group {group.name} opens ports {opened.start} to {opened.stop - 1}, "
            f"but the database needs {expected} only."
        )


def _rules_into(
    group: PolicyResource, stack: Sequence[PolicyResource]
) -> Iterator[tuple[Mapping[str, Any], PolicyResource]]:
    """Yield every rule that lets something into a group, and the resource that has it."""
    yield from ((rule, group) for rule in _inline(group))
    for type_ in (INGRESS_RULE, SECURITY_GROUP_RULE):
        for owner in users(group, "securityGroupId", type_, stack):
            yield from ((rule, owner) for rule in ingress(owner))


def _inline(group: PolicyResource) -> Sequence[Mapping[str, Any]]:
    """A group's own rules. Left out, they are unknown before the update, as AWS answers them."""
    try:
        return ingress(group)
    except UnknownValueError:
        if "ingress" in group.property_dependencies:
            raise
        return ()


def _judge_sources(
    group: PolicyResource,
    rule: Mapping[str, Any],
    owner: PolicyResource,
    clients: Mapping[str, PolicyResource],
    stack: Sequence[PolicyResource],
) -> Iterator[str]:
    for cidr in cidrs(rule):
        yield f"its group {group.name} lets in the network {cidr}, and not a group."
    if any(rule.get(key) for key in _PREFIX_LISTS):
        yield f"its group {group.name} lets in a list of networks, and not a group."
    if rule.get("self"):
        yield f"its group {group.name} lets in whatever else has this group."
    for source, found in _sources(rule, owner, stack):
        if found is None:
            yield f"its group {group.name} lets in {source}, which is no group of this stack."
        elif found.urn not in clients:
            yield (
                f"its group {group.name} lets in {found.name}, which no service, proxy or function "
                "of this stack has."
            )
        else:
            yield from _two_steps_away(found, stack)


def _sources(
    rule: Mapping[str, Any], owner: PolicyResource, stack: Sequence[PolicyResource]
) -> Iterator[tuple[str, PolicyResource | None]]:
    """Yield the groups that a rule lets in; None for one that is not of this stack."""
    by_id = once(_groups_by_id, stack)
    for key in _SOURCES:
        try:
            source = rule.get(key)
        except UnknownValueError:
            found = linked(owner, key, GROUPS, stack)
            yield from ((key, one) for one in found)
            if not found:
                yield key, None
            continue
        if source:
            yield str(source), by_id.get(source)
    if rule is not owner.props:
        yield from ((str(source), by_id.get(source)) for source in rule.get(_OF_A_LIST) or ())


def _two_steps_away(client: PolicyResource, stack: Sequence[PolicyResource]) -> Iterator[str]:
    for rule, _owner in _rules_into(client, stack):
        if ports(rule):
            for cidr in filter(is_the_world, cidrs(rule)):
                yield f"it is two steps from {cidr}: {client.name} lets that in, and may connect."


def _groups_by_id(stack: Sequence[PolicyResource]) -> Mapping[str, PolicyResource]:
    return {known(group.props, "id"): group for type_ in GROUPS for group in of_type(stack, type_)}


def _client_groups(stack: Sequence[PolicyResource]) -> Mapping[str, PolicyResource]:
    """The groups, by URN, of what may connect."""
    by_id = once(_groups_by_id, stack)
    found: dict[str, PolicyResource] = {}
    for type_, key in _CLIENTS.items():
        for client in of_type(stack, type_):
            made_from = client.property_dependencies.get(key, ())
            named = [by_id[one] for one in _ids(client.props, key) if one in by_id]
            for group in named or [one for one in made_from if one.resource_type in GROUPS]:
                found[group.urn] = group
    return found


def _ids(props: Mapping[str, Any], key: str) -> list[str]:
    """The ids of a client's groups, as far as they are known."""
    value = known(props, key)
    try:
        for name in _GROUP_KEYS if isinstance(value, Mapping) else ():
            if value.get(name):
                value = value[name]
                break
        return value.split(",") if isinstance(value, str) else list(value or ())
    except UnknownValueError:
        return []


DATABASE_REACHABILITY = StackRule(
    name="database-reachability",
    severity=Severity.CRITICAL,
    why="A database's port is reachable for groups of this stack's services, proxies and functions "
    "only: for no network, and over no group that the internet can reach by itself.",
    fix="Give the database a group of this stack that lets in the service's group, and the "
    "service's group the load balancer's.",
    controls=(),
    waivable=False,
    resource_types=frozenset({INSTANCE, CLUSTER, PROXY}),
    check=_reachable,
)
