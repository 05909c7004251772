"""Who is in a security group: resources of one kind, so that a rule for one lets in no other."""

from collections.abc import Iterator, Mapping, Sequence

from pulumi_policy import PolicyResource, Severity

from todo_policies.graph import linked, users
from todo_policies.resource_types import (
    APPLICATION,
    CLUSTER,
    ECS_SERVICE,
    FUNCTION,
    INSTANCE,
    LOAD_BALANCER,
    MACHINE,
    PROXY,
    VPC_ENDPOINT,
)
from todo_policies.rule import Rule, StackRule
from todo_policies.security_rules import GROUPS

__all__ = ["GROUP_OF_ONE_KIND", "RULES", "members"]

_MEMBERSHIPS: Mapping[str, str] = {
    LOAD_BALANCER: "securityGroups",
    ECS_SERVICE: "networkConfiguration",
    VPC_ENDPOINT: "securityGroupIds",
    INSTANCE: "vpcSecurityGroupIds",
    CLUSTER: "vpcSecurityGroupIds",
    PROXY: "vpcSecurityGroupIds",
    MACHINE: "vpcSecurityGroupIds",
    FUNCTION: "vpcConfig",
    APPLICATION: "parameters",
}
"""In which property each kind of resource names its groups."""

_WITHOUT = {APPLICATION, FUNCTION}
"""Kinds that need not be in the network."""


def members(group: PolicyResource, stack: Sequence[PolicyResource]) -> Iterator[PolicyResource]:
    """Yield what is in a group."""
    for type_, key in _MEMBERSHIPS.items():
        yield from users(group, key, type_, stack)


def _mixed(member: PolicyResource, stack: Sequence[PolicyResource]) -> Iterator[str]:
    if member.resource_type == VPC_ENDPOINT and member.props.get("vpcEndpointType") != "Interface":
        return
    key = _MEMBERSHIPS[member.resource_type]
    groups = linked(member, key, GROUPS, stack)
    if not groups and member.resource_type not in _WITHOUT:
        yield f"{key} names no security group of this stack."
    for group in groups:
        others = [
            other.name
            for other in members(group, stack)
            if other.resource_type != member.resource_type
        ]
        if others:
            yield f"it shares its group {group.name} with {', '.join(sorted(others))}."


GROUP_OF_ONE_KIND = StackRule(
    name="group-of-one-kind",
    severity=Severity.HIGH,
    why="Whatever is in the network is in a group of this stack, and in one with its like only: a "
    "rule that lets in one would let in the other.",
    fix="Make a group for it, and rules of its own.",
    controls=(),
    resource_types=frozenset(_MEMBERSHIPS),
    check=_mixed,
)

RULES: tuple[Rule, ...] = (GROUP_OF_ONE_KIND,)
