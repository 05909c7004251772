from typing import Any

import pytest

from tests.policies.judged import GONE, UNKNOWN, Judged, record
from todo_policies import group_members, network
from todo_policies.group_members import GROUP_OF_ONE_KIND
from todo_policies.network import (
    DEFAULT_GROUP_EMPTY,
    EGRESS_NAMED,
    GROUP_RULES_APART,
    INGRESS_NAMED,
    NETWORK_ACL_CLOSED,
    NO_PUBLIC_ADDRESSES,
)
from todo_policies.resource_types import (
    DEFAULT_SECURITY_GROUP,
    EGRESS_RULE,
    INGRESS_RULE,
    INSTANCE,
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
from todo_policies.rule import Rule

WORLD = "0.0.0.0/0"
OPEN: dict[str, Any] = {"cidrIpv4": WORLD, "ipProtocol": "tcp", "fromPort": 443, "toPort": 443}
WITHOUT = {"network": {"vpcEndpoints": False}}


def group(stack: Judged, name: str) -> str:
    return str(stack.of(SECURITY_GROUP, name).computed["id"])


@pytest.mark.parametrize("rule", [*network.RULES, *group_members.RULES], ids=lambda rule: rule.name)
def test_prod_passes(rule: Rule) -> None:
    assert record().judge(rule) == []


@pytest.mark.parametrize("direction", ["ingress", "egress"])
@pytest.mark.parametrize(
    ("rule", "type_"),
    [(DEFAULT_GROUP_EMPTY, DEFAULT_SECURITY_GROUP), (GROUP_RULES_APART, SECURITY_GROUP)],
)
def test_rules_in_the_group_itself_are_refused(rule: Rule, type_: str, direction: str) -> None:
    stack = record()
    inline = {"protocol": "tcp", "cidrBlocks": [WORLD]}
    stack.add(type_, {direction: [inline]})
    [problem] = stack.judge(rule)
    assert f"it has rules for {direction}" in problem


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fromPort": 22, "toPort": 22}, "it opens ports 22 to 22 to 0.0.0.0/0; allowed: 80, 443"),
        ({"toPort": 444}, "it opens ports 443 to 444"),
        ({"ipProtocol": "-1"}, "it opens ports 0 to 65535"),
        ({"ipProtocol": "udp"}, "it opens what has no TCP port"),
        ({"cidrIpv4": None, "cidrIpv6": "::/0", "fromPort": 1, "toPort": 1}, "to ::/0"),
        ({"cidrIpv4": "128.0.0.0/1", "toPort": 500}, "to 128.0.0.0/1"),
        ({"cidrIpv4": UNKNOWN}, "cidrIpv4 is unknown before the update"),
    ],
)
def test_only_the_listeners_ports_are_open(changes: dict[str, Any], message: str) -> None:
    stack = record()
    inputs = OPEN | {"securityGroupId": group(stack, "alb")} | changes
    stack.add(INGRESS_RULE, inputs)
    [problem] = stack.judge(INGRESS_NAMED)
    assert message in problem


@pytest.mark.parametrize("name", ["service", "database", "endpoints"])
def test_only_a_load_balancer_is_reachable(name: str) -> None:
    stack = record()
    stack.add(INGRESS_RULE, OPEN | {"securityGroupId": group(stack, name)})
    [problem] = stack.judge(INGRESS_NAMED)
    assert "not of a load balancer's group" in problem


def test_a_group_that_is_shared_with_a_load_balancer_is_not_its_own() -> None:
    stack = record()
    stack.change(INSTANCE, "vpcSecurityGroupIds", [group(stack, "alb")])
    assert len(stack.judge(INGRESS_NAMED)) == 2


def test_a_first_preview_follows_the_graph() -> None:
    stack = record()
    for one in stack.of_type(INGRESS_RULE):
        stack.make_unknown(one, "securityGroupId")
    stack.make_unknown(stack.of(LOAD_BALANCER), "securityGroups")
    assert stack.judge(INGRESS_NAMED) == []


def test_an_old_fashioned_rule_is_read_too() -> None:
    stack = record()
    old = {"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": [WORLD]}
    way_in = stack.add(SECURITY_GROUP_RULE, {"type": "ingress", **old})
    way_out = stack.add(SECURITY_GROUP_RULE, {"type": "egress", **old})
    for rule, expected in ((INGRESS_NAMED, way_in), (EGRESS_NAMED, way_out)):
        [problem] = stack.judge(rule)
        assert problem.startswith(f"{expected.name}: ")


def test_named_networks_may_be_let_in_and_out() -> None:
    stack = record()
    ssh = {"cidrIpv4": "192.0.2.0/24", "ipProtocol": "tcp", "fromPort": 22, "toPort": 22}
    for type_ in (INGRESS_RULE, EGRESS_RULE):
        stack.add(type_, ssh | {"securityGroupId": group(stack, "service")})
    assert stack.judge(INGRESS_NAMED) + stack.judge(EGRESS_NAMED) == []


def test_other_ports_by_configuration() -> None:
    assert len(record().judge(INGRESS_NAMED, ports=["443"])) == 1


def test_no_way_out_where_aws_has_entrances() -> None:
    stack = record()
    stack.add(EGRESS_RULE, OPEN | {"securityGroupId": group(stack, "service")})
    [problem] = stack.judge(EGRESS_NAMED)
    assert "though AWS has entrances in the network" in problem


def test_a_gateway_is_no_entrance_to_all_of_awss_services() -> None:
    stack = record()
    for one in list(stack.of_type(VPC_ENDPOINT)):
        if one.inputs["vpcEndpointType"] == "Interface":
            del stack[one.key]
    stack.add(EGRESS_RULE, OPEN | {"securityGroupId": group(stack, "service")})
    assert stack.of_type(VPC_ENDPOINT)
    assert stack.judge(EGRESS_NAMED) == []


def test_elsewhere_only_https_gets_out() -> None:
    stack = record("prod", **WITHOUT)
    assert stack.judge(EGRESS_NAMED) == []
    stack.change(EGRESS_RULE, "toPort", 65535, "to-aws")
    [problem] = stack.judge(EGRESS_NAMED)
    assert "what is not HTTPS" in problem


@pytest.mark.parametrize("port", [22, 3389])
@pytest.mark.parametrize("protocol", ["tcp", "-1"])
def test_networks_do_not_let_administrators_in(port: int, protocol: str) -> None:
    stack = record()
    entry = {"protocol": protocol, "fromPort": port, "toPort": port, "cidrBlock": WORLD}
    stack.add(NETWORK_ACL_RULE, entry | {"ruleAction": "allow"})
    stack.add(NETWORK_ACL, {"ingress": [entry | {"action": "allow"}]})
    version_6 = {"cidrBlock": None, "ipv6CidrBlock": "::/0"}
    stack.add(NETWORK_ACL_RULE, entry | version_6 | {"ruleAction": "allow"})
    stack.add(NETWORK_ACL_RULE, entry | {"ruleAction": "deny"})
    stack.add(NETWORK_ACL_RULE, entry | {"ruleAction": "allow", "egress": True})
    stack.add(NETWORK_ACL_RULE, entry | {"ruleAction": "allow", "cidrBlock": "192.0.2.0/24"})
    problems = [one for one in stack.judge(NETWORK_ACL_CLOSED) if f"port {port}" in one]
    assert len(problems) == 3


@pytest.mark.parametrize(
    ("type_", "inputs", "message"),
    [
        (SUBNET, {"mapPublicIpOnLaunch": True}, "mapPublicIpOnLaunch is True"),
        (
            MACHINE,
            {"associatePublicIpAddress": True, "vpcSecurityGroupIds": ["sg-1"]},
            "associatePublicIpAddress is True",
        ),
        (MACHINE, {"associatePublicIpAddress": False}, "names no security group"),
        (PUBLIC_ADDRESS, {}, "it is a public address"),
    ],
)
def test_public_addresses_are_refused(type_: str, inputs: dict[str, Any], message: str) -> None:
    stack = record()
    stack.add(type_, inputs)
    [problem] = stack.judge(NO_PUBLIC_ADDRESSES)
    assert message in problem


@pytest.mark.parametrize("name", ["service", "database", "endpoints"])
def test_a_group_is_not_shared_between_kinds(name: str) -> None:
    stack = record()
    stack.change(LOAD_BALANCER, "securityGroups", [group(stack, name)])
    problems = stack.judge(GROUP_OF_ONE_KIND)
    assert any(one.startswith("todo-prod-alb: it shares its group") for one in problems)
    assert len(problems) > 1


def test_who_shares_a_group_is_named_once() -> None:
    stack = record()
    shared = stack.change(LOAD_BALANCER, "securityGroups", [group(stack, "database")])
    [problem] = [one for one in stack.judge(GROUP_OF_ONE_KIND) if one.startswith(shared.name)]
    others = stack.of(INSTANCE).name
    assert problem == f"{shared.name}: it shares its group todo-prod-database with {others}."


@pytest.mark.parametrize("type_", [VPC_ENDPOINT, LOAD_BALANCER])
@pytest.mark.parametrize("groups", [["sg-of-somebody"], GONE])
def test_a_group_of_another_stack_is_refused(type_: str, groups: object) -> None:
    stack = record()
    key = "securityGroupIds" if type_ == VPC_ENDPOINT else "securityGroups"
    stack.change(type_, key, groups)
    [problem] = stack.judge(GROUP_OF_ONE_KIND)
    assert f"{key} names no security group of this stack" in problem
