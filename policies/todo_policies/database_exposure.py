"""Who can reach a database at all."""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_policy import Severity

from todo_policies.resource_types import (
    CLUSTER_INSTANCE,
    DEFAULT_SECURITY_GROUP,
    INGRESS_RULE,
    INSTANCE,
    SECURITY_GROUP,
    SECURITY_GROUP_RULE,
)
from todo_policies.rule import ResourceRule, Subject

__all__ = ["DATABASE_NOT_PUBLIC", "DATABASE_PORT_NOT_PUBLIC"]

_DATABASE_PORTS = (3306, 5432)
_ALL_PROTOCOLS = {"-1", "all"}
_TCP = {"tcp", "6"}
_CIDR_PROPERTIES = ("cidrIpv4", "cidrIpv6", "cidrBlocks", "ipv6CidrBlocks")

# The shortest prefix that is not "the world": cutting 0.0.0.0/0 into halves is no way round.
_SHORTEST_PREFIX = {4: 8, 6: 16}


def _public(database: Subject) -> Iterator[str]:
    public = database.props.get("publiclyAccessible")
    if public is not False:
        # Left out, AWS decides by whether a subnet group is named and the VPC has a gateway.
        state = "not set" if public is None else f"{public!r}"
        yield f"publiclyAccessible is {state}."


def _open_ports(subject: Subject) -> Iterator[str]:
    for rule in _ingress(subject):
        port = _database_port(rule)
        if port is None:
            continue
        for cidr in filter(_is_the_world, _cidrs(rule)):
            yield f"it opens port {port}, a database's, to {cidr}."


def _ingress(subject: Subject) -> Sequence[Mapping[str, Any]]:
    """The rules for incoming traffic that a resource is or has, in whichever of AWS's ways."""
    if subject.resource_type == INGRESS_RULE:
        return [subject.props]
    if subject.resource_type == SECURITY_GROUP_RULE:
        return [subject.props] if subject.props.get("type") != "egress" else []
    return subject.props.get("ingress") or []


def _database_port(rule: Mapping[str, Any]) -> int | None:
    protocol = str(rule.get("ipProtocol") or rule.get("protocol")).lower()
    if protocol in _ALL_PROTOCOLS:
        return _DATABASE_PORTS[0]
    if protocol not in _TCP:
        return None
    first, last = rule.get("fromPort", 0), rule.get("toPort", 65535)
    return next((port for port in _DATABASE_PORTS if first <= port <= last), None)


def _cidrs(rule: Mapping[str, Any]) -> Iterator[str]:
    for name in _CIDR_PROPERTIES:
        value = rule.get(name)
        if isinstance(value, str):
            yield value
        else:
            yield from value or ()


def _is_the_world(cidr: str) -> bool:
    network = ipaddress.ip_network(cidr, strict=False)
    return network.prefixlen < _SHORTEST_PREFIX[network.version]


DATABASE_NOT_PUBLIC = ResourceRule(
    name="database-not-public",
    severity=Severity.CRITICAL,
    why="No database has a public address.",
    fix="Set publicly_accessible=False, and reach the database from inside its network.",
    controls=("RDS.2",),
    waivable=False,
    applies_to=lambda subject: subject.resource_type in {INSTANCE, CLUSTER_INSTANCE},
    check=_public,
)

DATABASE_PORT_NOT_PUBLIC = ResourceRule(
    name="database-port-not-public",
    severity=Severity.CRITICAL,
    why="No security group opens a database port (3306, 5432) to the internet.",
    fix="Name the security group of the callers (referenced_security_group_id), not a network.",
    controls=("EC2.18", "EC2.19"),
    waivable=False,
    applies_to=lambda subject: (
        subject.resource_type
        in {SECURITY_GROUP, DEFAULT_SECURITY_GROUP, SECURITY_GROUP_RULE, INGRESS_RULE}
    ),
    check=_open_ports,
)
