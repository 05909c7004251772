"""Security-group rules in all of AWS's styles, read as one."""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from todo_policies.resource_types import (
    DEFAULT_SECURITY_GROUP,
    INGRESS_RULE,
    SECURITY_GROUP,
    SECURITY_GROUP_RULE,
)
from todo_policies.rule import Subject

__all__ = ["GROUPS", "INGRESS", "cidrs", "ingress", "is_the_world", "ports"]

GROUPS = frozenset({SECURITY_GROUP, DEFAULT_SECURITY_GROUP})
INGRESS = GROUPS | {SECURITY_GROUP_RULE, INGRESS_RULE}
"""Every type that can let something in."""

_ALL_PROTOCOLS = {"-1", "all"}
_TCP = {"tcp", "6"}
_CIDR_PROPERTIES = ("cidrIpv4", "cidrIpv6", "cidrBlocks", "ipv6CidrBlocks")

# The shortest prefix that is not "the world": cutting 0.0.0.0/0 into halves is no way round.
_SHORTEST_PREFIX = {4: 8, 6: 16}


def ingress(subject: Subject) -> Sequence[Mapping[str, Any]]:
    """The rules for incoming traffic that a resource is or has."""
    if subject.resource_type == INGRESS_RULE:
        return [subject.props]
    if subject.resource_type == SECURITY_GROUP_RULE:
        return [subject.props] if subject.props.get("type") != "egress" else []
    if subject.resource_type in GROUPS:
        return subject.props.get("ingress") or []
    return []


def ports(rule: Mapping[str, Any]) -> range:
    """The TCP ports that a rule opens."""
    protocol = str(rule.get("ipProtocol") or rule.get("protocol")).lower()
    if protocol in _ALL_PROTOCOLS:
        return range(65536)
    if protocol not in _TCP:
        return range(0)
    first, last = rule.get("fromPort", 0), rule.get("toPort", 65535)
    return range(int(first), int(last) + 1)


def cidrs(rule: Mapping[str, Any]) -> Iterator[str]:
    """The networks that a rule lets in."""
    for name in _CIDR_PROPERTIES:
        value = rule.get(name)
        if isinstance(value, str):
            yield value
        else:
            yield from value or ()


def is_the_world(cidr: str) -> bool:
    """Whether a network is that of everybody, or a large part of it."""
    network = ipaddress.ip_network(cidr, strict=False)
    return network.prefixlen < _SHORTEST_PREFIX[network.version]
