from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.policies.conftest import Stack

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
STORAGE, PUBLIC, PORT = "storage-encryption", "database-not-public", "database-port-not-public"
WORLD = "0.0.0.0/0"


def add(stack: "Stack", type_: str, props: dict[str, Any]) -> None:
    stack["added"] = type(stack["database"])(type=type_, props=props)


@pytest.mark.parametrize(
    ("setting", "rule"), [("storageEncrypted", STORAGE), ("publiclyAccessible", PUBLIC)]
)
@pytest.mark.parametrize("value", ["unset", UNKNOWN, None, "wrong", "false"])
def test_a_safe_setting_has_to_be_explicit(
    stack: "Stack", setting: str, rule: str, value: str | None
) -> None:
    wrong = not stack["database"].props[setting]
    stack["database"].props[setting] = wrong if value == "wrong" else value
    if value == "unset":
        del stack["database"].props[setting]
    assert stack.breaking(rule) == ["database"]


@pytest.mark.parametrize("encrypted", [False, UNKNOWN, None])
def test_a_cluster_is_encrypted_too(stack: "Stack", encrypted: object) -> None:
    add(stack, "aws:rds/cluster:Cluster", {"storageEncrypted": encrypted})
    assert "added" in stack.breaking(STORAGE)


def test_a_replica_is_encrypted_too(stack: "Stack") -> None:
    replica = stack["database"].props | {"replicateSourceDb": UNKNOWN, "storageEncrypted": False}
    add(stack, "aws:rds/instance:Instance", replica)
    assert stack.breaking(STORAGE) == ["added"]


@pytest.mark.parametrize("public", [True, UNKNOWN, None])
def test_an_instance_of_a_cluster_is_not_public_either(stack: "Stack", public: object) -> None:
    add(stack, "aws:rds/clusterInstance:ClusterInstance", {"publiclyAccessible": public})
    assert stack.breaking(PUBLIC) == ["added"]


def ports(first: object, last: object, protocol: str = "tcp") -> dict[str, Any]:
    return {"fromPort": first, "toPort": last, "protocol": protocol}


HTTPS = ports(443.0, 443.0) | {"cidrBlocks": [WORLD]}


@pytest.mark.parametrize(
    "opening",
    [
        ports(3306.0, 3306.0),
        ports(5432.0, 5432.0),
        ports(0.0, 65535.0),
        ports(3000.0, 4000.0),
        ports(3306.0, 3306.0, "6"),
        ports(3306.0, 3306.0, "TCP"),
        ports(0.0, 0.0, "-1"),
        {"protocol": "-1"},
        {"protocol": "tcp"},
        ports(UNKNOWN, 3306.0),
        ports(3306.0, 3306.0, UNKNOWN),
    ],
)
@pytest.mark.parametrize("form", ["ingress rule", "classic rule", "inline rule", "default group"])
def test_no_form_of_rule_opens_a_database_port_to_the_world(
    stack: "Stack", form: str, opening: dict[str, Any]
) -> None:
    blocks = opening | {"cidrBlocks": ["10.0.0.0/8", WORLD]}
    if form == "ingress rule":
        renamed = {"ipProtocol": opening["protocol"], "cidrIpv4": WORLD}
        type_ = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
        add(stack, type_, {key: opening[key] for key in opening if key != "protocol"} | renamed)
    elif form == "classic rule":
        add(stack, "aws:ec2/securityGroupRule:SecurityGroupRule", blocks | {"type": "ingress"})
    elif form == "inline rule":
        add(stack, "aws:ec2/securityGroup:SecurityGroup", {"ingress": [HTTPS, blocks]})
    else:
        type_ = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
        add(stack, type_, {"ingress": [blocks]})
    assert stack.breaking(PORT) == ["added"]


@pytest.mark.parametrize(
    "cidr",
    [
        {"cidrIpv4": WORLD},
        {"cidrIpv6": "::/0"},
        {"cidrIpv6": "0:0::/0"},
        {"cidrIpv4": "128.0.0.0/1"},
        {"cidrIpv6": "2000::/3"},
        {"cidrIpv4": UNKNOWN},
        {"cidrIpv4": "everyone"},
    ],
)
def test_no_way_of_writing_the_world_gets_through(stack: "Stack", cidr: dict[str, str]) -> None:
    del stack["ingress"].props["referencedSecurityGroupId"]
    stack["ingress"].props.update(cidr)
    assert stack.breaking(PORT) == ["ingress"]


@pytest.mark.parametrize(
    "harmless",
    [
        HTTPS,
        ports(3306.0, 3306.0, "udp") | {"cidrBlocks": [WORLD]},
        ports(3306.0, 3306.0) | {"cidrBlocks": ["10.1.2.3/8"], "ipv6CidrBlocks": ["fd00::/16"]},
        ports(3306.0, 3306.0) | {"securityGroups": [UNKNOWN]},
        ports(443.0, 443.0) | {"cidrBlocks": UNKNOWN},
    ],
)
def test_what_exposes_no_database_passes(stack: "Stack", harmless: dict[str, Any]) -> None:
    add(stack, "aws:ec2/securityGroup:SecurityGroup", {"ingress": [harmless]})
    assert stack.judge(PORT) == []


def test_a_way_out_to_the_world_is_no_way_in(stack: "Stack") -> None:
    way_out = ports(0.0, 0.0, "-1") | {"cidrBlocks": [WORLD]}
    add(stack, "aws:ec2/securityGroup:SecurityGroup", {"egress": [way_out]})
    assert stack.judge(PORT) == []
    add(stack, "aws:ec2/securityGroupRule:SecurityGroupRule", way_out | {"type": "egress"})
    assert stack.judge(PORT) == []


def test_unknown_inline_rules_are_a_violation(stack: "Stack") -> None:
    add(stack, "aws:ec2/securityGroup:SecurityGroup", {"ingress": UNKNOWN})
    assert stack.breaking(PORT) == ["added"]
