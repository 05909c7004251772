from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.policies.conftest import Resource, Stack

RULE = "database-reachability"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
WORLD = "0.0.0.0/0"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
CLASSIC = "aws:ec2/securityGroupRule:SecurityGroupRule"
NO_GROUP = (
    "database: vpcSecurityGroupIds has to name groups of this stack only; without any, the "
    "network's default group applies."
)
NO_CLIENT = "which no service, proxy or function of this stack has."


def add(
    stack: "Stack",
    name: str,
    type_: str,
    sources: dict[str, list[str]] | None = None,
    **props: Any,  # noqa: ANN401 - any input
) -> "Resource":
    stack[name] = type(stack["database"])(type=type_, props=props, sources=sources or {})
    return stack[name]


def let_in(stack: "Stack", **source: Any) -> None:  # noqa: ANN401 - any input
    """Replace whom the database's group lets in."""
    del stack["ingress"].props["referencedSecurityGroupId"]
    stack["ingress"].props |= source


def test_the_internet_three_steps_away_is_as_it_should_be(stack: "Stack") -> None:
    assert stack.problems(RULE) == []


@pytest.mark.parametrize("groups", [[], None])
def test_a_database_without_groups_has_the_networks_default_one(
    stack: "Stack", groups: object
) -> None:
    stack["database"].props["vpcSecurityGroupIds"] = groups
    assert stack.problems(RULE) == [NO_GROUP]


@pytest.mark.parametrize(
    "groups", [["sg-elsewhere"], ["sg-database", "sg-elsewhere"], ["sg-database", UNKNOWN]]
)
def test_a_group_that_the_stack_does_not_vouch_for_is_refused(
    stack: "Stack", groups: list[str]
) -> None:
    stack["database"].props["vpcSecurityGroupIds"] = groups
    stack["database"].sources = {}
    assert stack.problems(RULE) == [NO_GROUP]


def test_an_unknown_group_beside_a_known_one_is_looked_for_in_the_graph(stack: "Stack") -> None:
    add(stack, "second_group", GROUP, id=UNKNOWN)
    stack["database"].props["vpcSecurityGroupIds"] = ["sg-database", UNKNOWN]
    stack["database"].sources["vpcSecurityGroupIds"] = ["database_group"]
    assert stack.problems(RULE) == [NO_GROUP]  # the graph has the known one only
    stack["database"].sources["vpcSecurityGroupIds"].append("second_group")
    assert stack.problems(RULE) == []


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ({"cidrIpv4": WORLD}, "lets in the network 0.0.0.0/0, and not a group."),
        ({"cidrIpv4": "10.0.0.0/8"}, "lets in the network 10.0.0.0/8, and not a group."),
        ({"cidrIpv4": "10.1.2.3/32"}, "lets in the network 10.1.2.3/32, and not a group."),
        ({"cidrIpv6": "fd00::/8"}, "lets in the network fd00::/8, and not a group."),
        ({"prefixListId": "pl-1"}, "lets in a list of networks, and not a group."),
        (
            {"referencedSecurityGroupId": "sg-elsewhere"},
            "lets in sg-elsewhere, which is no group of this stack.",
        ),
        ({"referencedSecurityGroupId": "sg-balancer"}, f"lets in balancer_group, {NO_CLIENT}"),
        ({"referencedSecurityGroupId": "sg-database"}, f"lets in database_group, {NO_CLIENT}"),
    ],
)
def test_only_groups_of_clients_may_connect(
    stack: "Stack", source: dict[str, str], problem: str
) -> None:
    let_in(stack, **source)
    assert stack.problems(RULE) == [f"database: its group database_group {problem}"]


@pytest.mark.parametrize(
    ("ports", "shown"),
    [
        ({"fromPort": 0.0, "toPort": 65535.0}, "0 to 65535"),
        ({"fromPort": 3306.0, "toPort": 3307.0}, "3306 to 3307"),
        ({"fromPort": 22.0, "toPort": 22.0}, "22 to 22"),
        ({"ipProtocol": "-1"}, "0 to 65535"),
    ],
)
def test_nothing_but_the_databases_port_is_open(
    stack: "Stack", ports: dict[str, Any], shown: str
) -> None:
    stack["ingress"].props |= ports
    assert stack.problems(RULE) == [
        f"database: its group database_group opens ports {shown}, but the database needs 3306 only."
    ]


def test_a_rule_that_names_no_ports_opens_all(stack: "Stack") -> None:
    for key in ("fromPort", "toPort"):
        del stack["ingress"].props[key]
    [problem] = stack.problems(RULE)
    assert "opens ports 0 to 65535," in problem


def test_the_port_is_the_databases_own(stack: "Stack") -> None:
    stack["database"].props["port"] = 3307.0
    assert stack.breaking(RULE) == ["database"]
    stack["ingress"].props |= {"fromPort": 3307.0, "toPort": 3307.0}
    assert stack.problems(RULE) == []


def test_postgresql_has_another_port(stack: "Stack") -> None:
    stack["database"].props |= {"engine": "postgres", "port": None}
    stack["ingress"].props |= {"fromPort": 5432.0, "toPort": 5432.0}
    assert stack.problems(RULE) == []


@pytest.mark.parametrize("form", ["separate", "classic", "inline"])
@pytest.mark.parametrize(
    ("cidr", "is_world"), [(WORLD, True), ("128.0.0.0/1", True), ("10.0.0.0/8", False)]
)
def test_the_internet_two_steps_away_is_too_near(
    stack: "Stack", form: str, cidr: str, is_world: bool
) -> None:
    opening: dict[str, Any] = {"protocol": "tcp", "fromPort": 8080.0, "toPort": 8080.0}
    opening["cidrBlocks"] = [cidr]
    if form == "separate":
        del stack["service_ingress"].props["referencedSecurityGroupId"]
        stack["service_ingress"].props["cidrIpv4"] = cidr
    elif form == "classic":
        add(stack, "classic", CLASSIC, securityGroupId="sg-service", type="ingress", **opening)
    else:
        stack["service_group"].props["ingress"] = [opening]
    problem = f"database: it is two steps from {cidr}: service_group lets that in, and may connect."
    assert stack.problems(RULE) == ([problem] if is_world else [])


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ({"cidrBlocks": ["10.0.0.0/8"]}, "lets in the network 10.0.0.0/8, and not a group."),
        ({"self": True}, "lets in whatever else has this group."),
        ({"prefixListIds": ["pl-1"]}, "lets in a list of networks, and not a group."),
    ],
)
@pytest.mark.parametrize("form", ["classic", "inline"])
def test_every_style_of_rule_is_read(
    stack: "Stack", form: str, source: dict[str, Any], problem: str
) -> None:
    opening: dict[str, Any] = {"protocol": "tcp", "fromPort": 3306.0, "toPort": 3306.0, **source}
    if form == "classic":
        add(stack, "classic", CLASSIC, securityGroupId="sg-database", type="ingress", **opening)
    else:
        stack["database_group"].props["ingress"] = [opening]
    assert stack.problems(RULE) == [f"database: its group database_group {problem}"]


def test_a_classic_rule_names_its_source_group(stack: "Stack") -> None:
    del stack["ingress"]
    opening: dict[str, Any] = {"protocol": "tcp", "fromPort": 3306.0, "toPort": 3306.0}
    opening["type"] = "ingress"
    rule = add(stack, "classic", CLASSIC, securityGroupId="sg-database", **opening)
    rule.props["sourceSecurityGroupId"] = "sg-service"
    assert stack.problems(RULE) == []
    rule.props["sourceSecurityGroupId"] = "sg-balancer"
    assert stack.problems(RULE) == [
        f"database: its group database_group lets in balancer_group, {NO_CLIENT}"
    ]


def test_an_inline_rule_lists_its_source_groups(stack: "Stack") -> None:
    del stack["ingress"]
    opening = {"protocol": "tcp", "fromPort": 3306.0, "toPort": 3306.0}
    inline = {**opening, "securityGroups": ["sg-service"]}
    stack["database_group"].props["ingress"] = [inline]
    assert stack.problems(RULE) == []
    inline["securityGroups"] = ["sg-service", "sg-balancer", "sg-elsewhere"]
    assert [problem.partition(" lets in ")[2] for problem in stack.problems(RULE)] == [
        f"balancer_group, {NO_CLIENT}",
        "sg-elsewhere, which is no group of this stack.",
    ]


@pytest.mark.parametrize(
    "harmless",
    [
        {"type": "egress", "protocol": "-1", "cidrBlocks": [WORLD]},
        {"type": "ingress", "protocol": "icmp", "cidrBlocks": ["10.0.0.0/8"]},
    ],
)
def test_what_lets_no_connection_in_is_left_alone(stack: "Stack", harmless: dict[str, Any]) -> None:
    add(stack, "classic", CLASSIC, securityGroupId="sg-database", **harmless)
    assert stack.problems(RULE) == []


def test_the_rules_of_other_groups_are_not_the_databases(stack: "Stack") -> None:
    stack["public_ingress"].props |= {"fromPort": 3306.0, "toPort": 3306.0}
    assert stack.problems(RULE) == []


@pytest.mark.parametrize(
    ("type_", "props"),
    [
        ("aws:rds/proxy:Proxy", {"vpcSecurityGroupIds": ["sg-client"]}),
        ("aws:lambda/function:Function", {"vpcConfig": {"securityGroupIds": ["sg-client"]}}),
        (
            "aws:serverlessrepository/cloudFormationStack:CloudFormationStack",
            {"parameters": {"vpcSecurityGroupIds": "sg-other,sg-client"}},
        ),
    ],
)
def test_other_clients_of_the_stack_may_connect(
    stack: "Stack", type_: str, props: dict[str, Any]
) -> None:
    add(stack, "client_group", GROUP, id="sg-client")
    stack["ingress"].props["referencedSecurityGroupId"] = "sg-client"
    assert stack.breaking(RULE) == ["database"]
    add(stack, "client", type_, **props)
    assert stack.problems(RULE) == []


def test_a_proxy_is_judged_as_a_database_is(stack: "Stack") -> None:
    proxy = add(stack, "proxy", "aws:rds/proxy:Proxy", engineFamily="MYSQL")
    assert stack.breaking(RULE) == ["proxy"]
    add(stack, "proxy_group", GROUP, id="sg-proxy")
    proxy.props["vpcSecurityGroupIds"] = ["sg-proxy"]
    rule = add(stack, "to_proxy", stack["ingress"].type, **stack["ingress"].props)
    rule.props["securityGroupId"] = "sg-proxy"
    assert stack.problems(RULE) == []
    rule.props["fromPort"] = 1.0
    assert stack.breaking(RULE) == ["proxy"]


@pytest.mark.parametrize(
    ("family", "port", "broken"),
    [("MYSQL", 3306, 0), ("POSTGRESQL", 5432, 0), ("MYSQL", 5432, 1), ("POSTGRESQL", 3306, 1)],
)
def test_a_proxys_port_is_that_of_its_family(
    stack: "Stack", family: str, port: float, broken: int
) -> None:
    proxy = add(stack, "proxy", "aws:rds/proxy:Proxy", engineFamily=family)
    proxy.props["vpcSecurityGroupIds"] = ["sg-proxy"]
    add(stack, "proxy_group", GROUP, id="sg-proxy")
    opened = {"securityGroupId": "sg-proxy", "fromPort": port, "toPort": port}
    add(stack, "to_proxy", stack["ingress"].type, **stack["ingress"].props | opened)
    assert stack.breaking(RULE) == ["proxy"] * broken


@pytest.fixture
def made_later(stack: "Stack") -> "Stack":
    """As in the preview of a new stack: ids are unknown, but not what is made from what."""
    for name in ("balancer_group", "service_group", "database_group"):
        # Left out, AWS answers the inline rules, too.
        stack[name].props |= {"id": UNKNOWN, "ingress": UNKNOWN}
    for name, key, group in [
        ("service_ingress", "securityGroupId", "service_group"),
        ("service_ingress", "referencedSecurityGroupId", "balancer_group"),
        ("ingress", "securityGroupId", "database_group"),
        ("ingress", "referencedSecurityGroupId", "service_group"),
        ("public_ingress", "securityGroupId", "balancer_group"),
        ("database", "vpcSecurityGroupIds", "database_group"),
    ]:
        stack[name].props[key] = UNKNOWN
        # A group's id may come together with its rules', which have to be there first.
        stack[name].sources[key] = [group, "service_ingress"]
    stack["service"].props["networkConfiguration"] = {"securityGroups": UNKNOWN}
    stack["service"].sources["networkConfiguration"] = ["service_group", "ingress"]
    return stack


def test_unknown_ids_are_followed_through_the_stacks_graph(made_later: "Stack") -> None:
    assert made_later.problems(RULE) == []


def test_an_unknown_source_that_is_no_client_is_found(made_later: "Stack") -> None:
    made_later["ingress"].sources["referencedSecurityGroupId"] = ["balancer_group"]
    assert made_later.problems(RULE) == [
        f"database: its group database_group lets in balancer_group, {NO_CLIENT}"
    ]


def test_an_unknown_source_from_elsewhere_is_a_violation(made_later: "Stack") -> None:
    made_later["ingress"].sources["referencedSecurityGroupId"] = []
    [problem] = made_later.problems(RULE)
    assert problem == (
        "database: its group database_group lets in referencedSecurityGroupId, which is no group "
        "of this stack."
    )


def test_two_steps_are_found_while_ids_are_unknown(made_later: "Stack") -> None:
    made_later["service_ingress"].props["cidrIpv4"] = WORLD
    assert made_later.breaking(RULE) == ["database"]


def test_inline_rules_that_are_given_but_unknown_are_a_violation(made_later: "Stack") -> None:
    made_later["database_group"].sources["ingress"] = []
    assert made_later.problems(RULE) == [
        "database: ingress is unknown before the update, so nothing vouches for it."
    ]


def test_a_replicas_engine_and_port_are_its_sources(stack: "Stack") -> None:
    stack["database"].props |= {"engine": UNKNOWN, "port": UNKNOWN}
    assert stack.problems(RULE) == [
        "database: engine is unknown before the update, so nothing vouches for it."
    ]
    stack["database"].props["replicateSourceDb"] = UNKNOWN
    assert stack.problems(RULE) == []


def test_unknown_ports_are_a_violation(stack: "Stack") -> None:
    stack["ingress"].props["fromPort"] = UNKNOWN
    assert stack.problems(RULE) == [
        "database: fromPort is unknown before the update, so nothing vouches for it."
    ]
