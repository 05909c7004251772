"""Who can reach a database at all, as far as one resource shows it."""

from collections.abc import Iterator, Sequence

from pulumi_policy import PolicyResource, Severity

from todo_policies.databases import has_to_be, is_replica
from todo_policies.graph import linked
from todo_policies.reading import known
from todo_policies.resource_types import (
    CLUSTER,
    CLUSTER_INSTANCE,
    INSTANCE,
    PROXY,
    SUBNET,
    SUBNET_GROUP,
)
from todo_policies.rule import ResourceRule, StackRule, Subject
from todo_policies.security_rules import INGRESS, cidrs, ingress, is_the_world, ports
from todo_policies.subnets import public_subnets, subnets_of

__all__ = ["DATABASE_NOT_PUBLIC", "DATABASE_PORT_NOT_PUBLIC", "DATABASE_PRIVATE_SUBNETS"]

_DATABASE_PORTS = (3306, 5432)


def _public(database: Subject) -> Iterator[str]:
    # Left out, AWS decides by whether a subnet group is named and the VPC has a gateway.
    yield from has_to_be(database, "publiclyAccessible", value=False)


def _open_ports(subject: Subject) -> Iterator[str]:
    for rule in ingress(subject):
        opened = ports(rule)
        port = next((port for port in _DATABASE_PORTS if port in opened), None)
        if port is None:
            continue
        for cidr in filter(is_the_world, cidrs(rule)):
            yield f"it opens port {port}, a database's, to {cidr}."


def _public_subnets(subject: PolicyResource, stack: Sequence[PolicyResource]) -> Iterator[str]:
    public = public_subnets(stack)
    if subject.resource_type == PROXY:
        yield from _judge_subnets(subject, "vpcSubnetIds", public, stack)
        return
    groups = linked(subject, "dbSubnetGroupName", {SUBNET_GROUP}, stack)
    if not groups and is_replica(subject) and not known(subject.props, "dbSubnetGroupName"):
        return  # it is in its source's
    if not groups:
        yield "dbSubnetGroupName names no subnet group of this stack, so its network is unknown."
    for group in groups:
        yield from _judge_subnets(group, "subnetIds", public, stack)


def _judge_subnets(
    owner: PolicyResource, key: str, public: frozenset[str], stack: Sequence[PolicyResource]
) -> Iterator[str]:
    for subnet in sorted({*subnets_of(owner, key, stack)} & public):
        name = subnet.rpartition("::")[2]
        yield f"{name} of {owner.name} is a public subnet: the load balancer is in it, too."
    for made in linked(owner, key, {SUBNET}, stack):
        if made.props.get("mapPublicIpOnLaunch"):
            yield f"{made.name} of {owner.name} gives public addresses."


DATABASE_NOT_PUBLIC = ResourceRule(
    name="database-not-public",
    severity=Severity.CRITICAL,
    why="No database has a public address.",
    fix="Set publicly_accessible=False, and reach the database from inside its network.",
    controls=("RDS.2",),
    waivable=False,
    resource_types=frozenset({INSTANCE, CLUSTER_INSTANCE}),
    check=_public,
)

DATABASE_PORT_NOT_PUBLIC = ResourceRule(
    name="database-port-not-public",
    severity=Severity.CRITICAL,
    why="No security group opens a database port (3306, 5432) to the internet.",
    fix="Name the security group of the callers (referenced_security_group_id), not a network.",
    controls=("EC2.18", "EC2.19"),
    waivable=False,
    resource_types=INGRESS,
    check=_open_ports,
)

DATABASE_PRIVATE_SUBNETS = StackRule(
    name="database-private-subnets",
    severity=Severity.HIGH,
    why="Databases and their proxies are in a network of ours, and in no subnet that faces the "
    "internet.",
    fix="Name a subnet group of this stack (db_subnet_group_name) with private subnets only.",
    controls=("RDS.18", "RDS.46"),
    waivable=False,
    resource_types=frozenset({INSTANCE, CLUSTER, PROXY}),
    check=_public_subnets,
)
