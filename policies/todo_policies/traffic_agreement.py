"""Traffic between security groups: what one lets out, the other lets in, and nothing else.

Each connection of the stack stands in two rules. One that was changed, widened or moved alone has
no counterpart any more, whichever end it is at.
"""

from collections.abc import Iterator, Sequence

from pulumi_policy import PolicyResource, Severity

from todo_policies.graph import linked, of_type, users
from todo_policies.reading import is_set, known
from todo_policies.resource_types import (
    APPLICATION,
    ECS_SERVICE,
    EGRESS_RULE,
    FUNCTION,
    INGRESS_RULE,
    SECURITY_GROUP_RULE,
    VPC_ENDPOINT,
)
from todo_policies.rule import Rule, StackRule
from todo_policies.security_rules import GROUPS, cidrs, ports

__all__ = ["RULES", "TRAFFIC_AGREED"]

_OWN, _OTHER, _LIST = "securityGroupId", "referencedSecurityGroupId", "prefixListId"
_HTTPS = 443
# Who calls AWS, and where each has its groups.
_CALLERS = {
    ECS_SERVICE: "networkConfiguration",
    FUNCTION: "vpcConfig",
    APPLICATION: "parameters",
}
_NAMES = {True: "service", False: "service or function"}
_COUNTERPART = {INGRESS_RULE: EGRESS_RULE, EGRESS_RULE: INGRESS_RULE}
_WORDS = {INGRESS_RULE: "lets in from", EGRESS_RULE: "lets out to"}
_PORTS = ("ipProtocol", "fromPort", "toPort")


def _one_sided(rule: PolicyResource, stack: Sequence[PolicyResource]) -> Iterator[str]:
    if rule.resource_type == SECURITY_GROUP_RULE:
        # It may name several sources at once, itself and every port: it has no one counterpart.
        yield "it is a SecurityGroupRule, of which nothing tells that both ends agree."
        return
    owners = linked(rule, _OWN, GROUPS, stack)
    if not owners:
        yield f"{_OWN} names no group of this stack, so it opens one that others use."
        return
    if is_set(rule.props, _LIST):
        yield from _other_lists(rule, stack)
    if rule.resource_type == EGRESS_RULE:
        yield from _ways_out(rule, owners, stack)
    if not is_set(rule.props, _OTHER):
        return
    others = linked(rule, _OTHER, GROUPS, stack)
    if not others:
        yield f"{_OTHER} names no group of this stack, so nothing vouches for who is in it."
    for own in owners:
        for other in others:
            if not _is_agreed(rule, own, other, stack):
                yield (
                    f"{own.name} {_WORDS[rule.resource_type]} {other.name} what {other.name} "
                    "has no rule for, with the same protocol and ports."
                )


def _other_lists(rule: PolicyResource, stack: Sequence[PolicyResource]) -> Iterator[str]:
    endpoints = [
        one
        for one in of_type(stack, VPC_ENDPOINT)
        if known(one.props, "vpcEndpointType") == "Gateway"
    ]
    lists = {known(one.props, _LIST) for one in endpoints}
    sources = {one.urn for one in rule.property_dependencies.get(_LIST, ())}
    value = known(rule.props, _LIST)
    unknown_yet = value is None and not sources.isdisjoint(one.urn for one in endpoints)
    if value not in lists - {None} and not unknown_yet:
        yield f"{_LIST} is not that of a gateway of this stack."


def _ways_out(
    rule: PolicyResource, owners: Sequence[PolicyResource], stack: Sequence[PolicyResource]
) -> Iterator[str]:
    """Tasks and functions call AWS; what else has a way out has it for data that should stay."""
    to_list = is_set(rule.props, _LIST)
    where = "a list of networks" if to_list else ", ".join(cidrs(rule.props))
    if not where:
        return
    for owner in owners:
        # Layers of images are in S3: a function has none.
        callers = {ECS_SERVICE: _CALLERS[ECS_SERVICE]} if to_list else _CALLERS
        if not any(users(owner, key, type_, stack) for type_, key in callers.items()):
            yield f"{owner.name} lets out to {where}, but is the group of no {_NAMES[to_list]}."
    if to_list and list(ports(rule.props)) != [_HTTPS]:
        yield f"it lets out to {where} what is not HTTPS."


def _is_agreed(
    rule: PolicyResource,
    own: PolicyResource,
    other: PolicyResource,
    stack: Sequence[PolicyResource],
) -> bool:
    return any(
        own in linked(counterpart, _OTHER, GROUPS, stack)
        and other in linked(counterpart, _OWN, GROUPS, stack)
        and all(counterpart.props.get(key) == rule.props.get(key) for key in _PORTS)
        for counterpart in of_type(stack, _COUNTERPART[rule.resource_type])
    )


TRAFFIC_AGREED = StackRule(
    name="traffic-agreed",
    severity=Severity.HIGH,
    why="Whatever one security group lets out to another, that one lets in, on the same ports: a "
    "connection that only one end knows of is a mistake, or somebody's way in. Only tasks and "
    "functions have a way out of the network.",
    fix="Make both rules of a connection in one place, as todo_infra/security_groups.py does, with "
    "aws.vpc.SecurityGroupIngressRule and SecurityGroupEgressRule.",
    controls=(),
    waivable=False,
    resource_types=frozenset({*_COUNTERPART, SECURITY_GROUP_RULE}),
    check=_one_sided,
)

RULES: tuple[Rule, ...] = (TRAFFIC_AGREED,)
