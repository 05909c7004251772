"""The network: nothing is open that need not be, in or out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_policy import PolicyResource, Severity

from todo_policies.graph import linked, of_type
from todo_policies.group_members import members
from todo_policies.parameters import parameter
from todo_policies.reading import is_set, shown
from todo_policies.resource_types import (
    DEFAULT_SECURITY_GROUP,
    EGRESS_RULE,
    INGRESS_RULE,
    LOAD_BALANCER,
    MACHINE,
    NETWORK_ACL,
    NETWORK_ACL_RULE,
    PUBLIC_ADDRESS,
    SECURITY_GROUP,
    SECURITY_GROUP_RULE,
    SUBNET,
    VPC_ENDPOINT,
)
from todo_policies.rule import ResourceRule, Rule, StackRule, Subject
from todo_policies.security_rules import GROUPS, cidrs, ingress, is_the_world, ports

__all__ = [
    "DEFAULT_GROUP_EMPTY",
    "EGRESS_NAMED",
    "GROUP_RULES_APART",
    "INGRESS_NAMED",
    "NETWORK_ACL_CLOSED",
    "NO_PUBLIC_ADDRESSES",
    "RULES",
]

_HTTPS = 443


def _filled(group: Subject) -> Iterator[str]:
    for direction in ("ingress", "egress"):
        if group.props.get(direction):
            yield f"it has rules for {direction}."


DEFAULT_GROUP_EMPTY = ResourceRule(
    name="default-group-empty",
    severity=Severity.HIGH,
    why="A network's default security group has no rules: whatever names no group is in it.",
    fix="Leave out ingress and egress, and give each resource a group of its own.",
    controls=("EC2.2",),
    resource_types=frozenset({DEFAULT_SECURITY_GROUP}),
    check=_filled,
)


GROUP_RULES_APART = ResourceRule(
    name="group-rules-apart",
    severity=Severity.MEDIUM,
    why="The rules of a security group are resources of their own: AWS lists those beside the ones "
    "in the group itself, and nobody can tell them apart.",
    fix="Take ingress and egress out, and use aws.vpc.SecurityGroupIngressRule and EgressRule.",
    controls=(),
    resource_types=frozenset({SECURITY_GROUP}),
    check=_filled,
)


@dataclass(frozen=True, kw_only=True)
class _PublicPorts:
    ports: tuple[str, ...] = parameter(
        ("80", "443"), "Ports that a load balancer may open to the internet."
    )


def _open_in(
    subject: PolicyResource, stack: Sequence[PolicyResource], parameters: _PublicPorts
) -> Iterator[str]:
    allowed = ", ".join(parameters.ports)
    for rule in ingress(subject):
        for cidr in filter(is_the_world, cidrs(rule)):
            opened = ports(rule)
            if len(opened) != 1 or str(opened[0]) not in parameters.ports:
                what = f"ports {opened[0]} to {opened[-1]}" if opened else "what has no TCP port"
                yield f"it opens {what} to {cidr}; allowed: {allowed}."
            elif not _is_a_balancers(subject, stack):
                yield f"it opens port {opened[0]} to {cidr}, and not of a load balancer's group."


def _is_a_balancers(subject: PolicyResource, stack: Sequence[PolicyResource]) -> bool:
    """Whether the group is a load balancer's, and only that."""
    groups = linked(subject, "securityGroupId", GROUPS, stack)
    kinds = {member.resource_type for group in groups for member in members(group, stack)}
    return kinds == {LOAD_BALANCER}


INGRESS_NAMED = StackRule(
    name="ingress-named",
    severity=Severity.HIGH,
    why="Only a load balancer is reachable from the internet, and on its listeners' ports alone.",
    fix="Name the callers' group (referenced_security_group_id), or narrow the network "
    "(todo:loadBalancer.ingressCidrs).",
    controls=("EC2.18", "EC2.19"),
    parameters=_PublicPorts(),
    resource_types=frozenset({SECURITY_GROUP_RULE, INGRESS_RULE}),
    check=_open_in,
)


def _open_out(subject: PolicyResource, stack: Sequence[PolicyResource]) -> Iterator[str]:
    entrances = any(
        endpoint.props.get("vpcEndpointType") == "Interface"
        for endpoint in of_type(stack, VPC_ENDPOINT)
    )
    if subject.resource_type == SECURITY_GROUP_RULE and subject.props.get("type") != "egress":
        return
    for cidr in filter(is_the_world, cidrs(subject.props)):
        if entrances:
            yield f"it lets out to {cidr}, though AWS has entrances in the network."
        elif list(ports(subject.props)) != [_HTTPS]:
            yield f"it lets out to {cidr} what is not HTTPS."


EGRESS_NAMED = StackRule(
    name="egress-named",
    severity=Severity.MEDIUM,
    why="Nothing connects to the internet where AWS's services have entrances inside the network; "
    "elsewhere by HTTPS alone. What gets in then cannot get data out.",
    fix="Name a group or a prefix list, not a network.",
    controls=(),
    resource_types=frozenset({SECURITY_GROUP_RULE, EGRESS_RULE}),
    check=_open_out,
)

_ADMINISTRATION = (22, 3389)


def _open_acl(subject: Subject) -> Iterator[str]:
    own = subject.resource_type == NETWORK_ACL_RULE
    entries = [subject.props] if own else subject.props.get("ingress") or ()
    for entry in entries:
        yield from _open_entry(entry)


def _open_entry(entry: Mapping[str, Any]) -> Iterator[str]:
    allows = str(entry.get("ruleAction") or entry.get("action")).lower() == "allow"
    source = entry.get("cidrBlock") or entry.get("ipv6CidrBlock")
    if entry.get("egress") is True or not allows or not source or not is_the_world(source):
        return
    for port in _ADMINISTRATION:
        if port in ports(entry):
            yield f"it lets {source} in on port {port}."


NETWORK_ACL_CLOSED = ResourceRule(
    name="network-acl-closed",
    severity=Severity.MEDIUM,
    why="No network lets the internet in on the ports by which machines are administered.",
    fix="Narrow the rule to the ports of the listeners.",
    controls=("EC2.21",),
    resource_types=frozenset({NETWORK_ACL, NETWORK_ACL_RULE}),
    check=_open_acl,
)

_GIVES_ONE = {SUBNET: "mapPublicIpOnLaunch", MACHINE: "associatePublicIpAddress"}


def _addressed(subject: Subject) -> Iterator[str]:
    if subject.resource_type == PUBLIC_ADDRESS:
        yield "it is a public address."
        return
    key = _GIVES_ONE[subject.resource_type]
    if subject.props.get(key) not in (None, False):
        yield f"{key} is {shown(subject.props.get(key))}."
    if subject.resource_type == MACHINE and not is_set(subject.props, "vpcSecurityGroupIds"):
        yield "it names no security group, so the network's default one applies."


NO_PUBLIC_ADDRESSES = ResourceRule(
    name="no-public-addresses",
    severity=Severity.HIGH,
    why="Nothing gets a public address: the load balancer brings its own.",
    fix="Leave out addresses, and set map_public_ip_on_launch=False.",
    controls=("EC2.15",),
    resource_types=frozenset({SUBNET, MACHINE, PUBLIC_ADDRESS}),
    check=_addressed,
)

RULES: tuple[Rule, ...] = (
    DEFAULT_GROUP_EMPTY,
    GROUP_RULES_APART,
    INGRESS_NAMED,
    EGRESS_NAMED,
    NETWORK_ACL_CLOSED,
    NO_PUBLIC_ADDRESSES,
)
