from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.policies.conftest import Stack

RULE = "database-private-subnets"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
UNNAMED = "dbSubnetGroupName names no subnet group of this stack, so its network is unknown."


def add(stack: "Stack", name: str, type_: str, **props: Any) -> None:  # noqa: ANN401 - any input
    stack[name] = type(stack["database"])(type=type_, props=props)


def add_balancer(stack: "Stack", **props: Any) -> None:  # noqa: ANN401 - any input
    add(stack, "balancer", "aws:lb/loadBalancer:LoadBalancer", **props)


def test_subnets_of_our_own_pass(stack: "Stack") -> None:
    add_balancer(stack, subnets=["subnet-public-1"])
    assert stack.problems(RULE) == []


@pytest.mark.parametrize("name", [None, "", "theirs"])
def test_a_database_outside_of_our_subnets_is_refused(stack: "Stack", name: str | None) -> None:
    stack["database"].props["dbSubnetGroupName"] = name
    assert stack.problems(RULE) == [f"database: {UNNAMED}"]


def test_an_unknown_name_is_followed_through_the_stacks_graph(stack: "Stack") -> None:
    stack["database"].props["dbSubnetGroupName"] = UNKNOWN
    assert stack.problems(RULE) == []
    stack["database"].sources["dbSubnetGroupName"] = ["ingress"]
    assert stack.problems(RULE) == [f"database: {UNNAMED}"]


@pytest.mark.parametrize("internal", [False, None, UNKNOWN])
def test_a_subnet_that_the_load_balancer_is_in_is_public(stack: "Stack", internal: object) -> None:
    add_balancer(stack, subnets=["subnet-private-2"], internal=internal)
    assert stack.problems(RULE) == [
        "database: subnet-private-2 of subnets is a public subnet: the load balancer is in it, too."
    ]


def test_a_subnet_may_be_a_load_balancers_by_a_mapping(stack: "Stack") -> None:
    mappings = [
        {"subnetId": "subnet-public-1"},
        {"subnetId": "subnet-private-2", "outpostId": UNKNOWN},
    ]
    add_balancer(stack, subnets=UNKNOWN, subnetMappings=mappings)
    stack["balancer"].sources["subnetMappings"] = []
    assert stack.problems(RULE) == [
        "database: subnet-private-2 of subnets is a public subnet: the load balancer is in it, too."
    ]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("subnets", UNKNOWN),
        ("subnets", ["subnet-public-1", UNKNOWN]),
        ("subnetMappings", UNKNOWN),
        ("subnetMappings", [{"subnetId": UNKNOWN}]),
    ],
)
def test_an_unknown_subnet_of_a_load_balancer_may_be_a_databases(
    stack: "Stack", key: str, value: object
) -> None:
    add_balancer(stack, **{key: value})
    stack["balancer"].sources[key] = []
    assert stack.problems(RULE) == [
        f"database: balancer.{key} is unknown before the update, so nothing vouches for it."
    ]


def test_what_aws_answers_for_a_load_balancer_is_no_matter(stack: "Stack") -> None:
    add_balancer(stack, subnets=["subnet-public-1"], subnetMappings=UNKNOWN)
    assert stack.problems(RULE) == []


@pytest.mark.parametrize("unknown", [UNKNOWN, [UNKNOWN], ["subnet-public-1", UNKNOWN]])
def test_an_unknown_subnet_is_followed_through_the_stacks_graph(
    stack: "Stack", unknown: object
) -> None:
    add(stack, "made", "aws:ec2/subnet:Subnet", id=UNKNOWN, mapPublicIpOnLaunch=False)
    add_balancer(stack, subnets=unknown)
    stack["balancer"].sources["subnets"] = ["made"]
    assert stack.problems(RULE) == []
    stack["subnets"].props["subnetIds"] = ["subnet-private-1", UNKNOWN]
    stack["subnets"].sources["subnetIds"] = ["made"]
    assert stack.problems(RULE) == [
        "database: made of subnets is a public subnet: the load balancer is in it, too."
    ]


def test_of_two_unknown_subnets_two_are_the_stacks(stack: "Stack") -> None:
    add(stack, "made", "aws:ec2/subnet:Subnet", id=UNKNOWN)
    add(stack, "known", "aws:ec2/subnet:Subnet", id="subnet-public-1")
    add_balancer(stack, subnets=[UNKNOWN, UNKNOWN])
    stack["balancer"].sources["subnets"] = ["made", "known"]
    [problem] = stack.problems(RULE)
    assert problem.startswith("database: balancer.subnets is unknown before the update")


@pytest.mark.parametrize("unknown", [UNKNOWN, ["subnet-private-1", UNKNOWN]])
def test_an_unknown_subnet_of_a_database_may_be_a_load_balancers(
    stack: "Stack", unknown: object
) -> None:
    stack["subnets"].props["subnetIds"] = unknown
    stack["subnets"].sources["subnetIds"] = ["ingress"]
    assert stack.problems(RULE) == [
        "database: subnets.subnetIds is unknown before the update, so nothing vouches for it."
    ]


def test_an_internal_load_balancers_subnets_are_not(stack: "Stack") -> None:
    add_balancer(stack, subnets=["subnet-private-2"], internal=True)
    assert stack.problems(RULE) == []


def test_a_subnet_of_the_stack_that_gives_public_addresses_is_public(stack: "Stack") -> None:
    add(stack, "open", "aws:ec2/subnet:Subnet", id="subnet-private-1", mapPublicIpOnLaunch=True)
    assert stack.problems(RULE) == ["database: open of subnets gives public addresses."]
    stack["open"].props["mapPublicIpOnLaunch"] = False
    assert stack.problems(RULE) == []


@pytest.mark.parametrize("before_the_update", [{}, {"dbSubnetGroupName": UNKNOWN}])
def test_a_replica_is_in_its_sources_network(
    stack: "Stack", before_the_update: dict[str, str]
) -> None:
    stack["database"].props = {"replicateSourceDb": UNKNOWN, **before_the_update}
    stack["database"].sources = {}
    assert stack.problems(RULE) == []


@pytest.mark.parametrize("name", ["theirs", UNKNOWN])
def test_a_replica_elsewhere_is_judged_by_its_own_subnets(stack: "Stack", name: str) -> None:
    add_balancer(stack, subnets=["subnet-private-2"])
    stack["database"].props |= {"replicateSourceDb": UNKNOWN, "dbSubnetGroupName": name}
    assert len(stack.problems(RULE)) == 1


def test_a_proxy_names_its_subnets_itself(stack: "Stack") -> None:
    add(stack, "proxy", "aws:rds/proxy:Proxy", vpcSubnetIds=["subnet-public-1"])
    assert stack.problems(RULE) == []
    add_balancer(stack, subnets=["subnet-public-1"])
    assert stack.problems(RULE) == [
        "proxy: subnet-public-1 of proxy is a public subnet: the load balancer is in it, too."
    ]
