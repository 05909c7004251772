from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.policies.conftest import Resource, Stack

RULE = "database-tls-required"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
TLS_OF_ENGINE = {
    "mysql8.4": ("require_secure_transport", "1"),
    "mysql9.7": ("require_secure_transport", "ON"),
    "mariadb10.11": ("require_secure_transport", "1"),
    "postgres17": ("rds.force_ssl", "1"),
}
TLS_OF_CLUSTER_ENGINE = {
    "aurora-mysql8.0": ("require_secure_transport", "ON"),
    "aurora-postgresql16": ("rds.force_ssl", "1"),
    "mysql8.0": ("require_secure_transport", "1"),
}


def set_parameters(group: "Resource", *parameters: tuple[str, str]) -> None:
    group.props["parameters"] = [{"name": name, "value": value} for name, value in parameters]


@pytest.fixture
def cluster_stack(stack: "Stack") -> "Stack":
    group, cluster = stack["parameters"], stack["database"]
    group.type = "aws:rds/clusterParameterGroup:ClusterParameterGroup"
    cluster.type = "aws:rds/cluster:Cluster"
    cluster.props["dbClusterParameterGroupName"] = cluster.props.pop("parameterGroupName")
    cluster.sources = {"dbClusterParameterGroupName": ["parameters"]}
    return stack


def test_the_compliant_stack_breaks_no_rule(stack: "Stack") -> None:
    assert stack.judge() == []


@pytest.mark.parametrize("family", TLS_OF_ENGINE)
def test_each_engines_own_parameter_satisfies(stack: "Stack", family: str) -> None:
    stack["parameters"].props["family"] = family
    set_parameters(stack["parameters"], TLS_OF_ENGINE[family])
    assert stack.judge(RULE) == []


@pytest.mark.parametrize("family", TLS_OF_CLUSTER_ENGINE)
def test_a_cluster_is_judged_by_its_cluster_group(cluster_stack: "Stack", family: str) -> None:
    cluster_stack["parameters"].props["family"] = family
    set_parameters(cluster_stack["parameters"], TLS_OF_CLUSTER_ENGINE[family])
    assert cluster_stack.judge(RULE) == []
    set_parameters(cluster_stack["parameters"])
    assert cluster_stack.breaking(RULE) == ["database"]


def test_an_instances_group_does_not_vouch_for_a_cluster(cluster_stack: "Stack") -> None:
    cluster_stack["parameters"].type = "aws:rds/parameterGroup:ParameterGroup"
    assert cluster_stack.breaking(RULE) == ["database"]


@pytest.mark.parametrize(
    ("family", "parameter"),
    [
        ("mysql8.4", ("require_secure_transport", "0")),
        ("mysql8.4", ("require_secure_transport", "OFF")),
        ("mysql8.4", ("require_secure_transport", "on")),
        ("mysql8.4", ("require_secure_transport", "")),
        ("mysql8.4", ("REQUIRE_SECURE_TRANSPORT", "1")),
        ("mysql8.4", ("require-secure-transport", "1")),
        ("mysql8.4", ("rds.force_ssl", "1")),
        ("mariadb10.11", ("require_secure_transport", "0")),
        ("postgres17", ("rds.force_ssl", "0")),
        ("postgres17", ("require_secure_transport", "1")),
        ("oracle-se2-19", ("require_secure_transport", "1")),
    ],
)
def test_a_group_that_lets_plaintext_in_is_refused(
    stack: "Stack", family: str, parameter: tuple[str, str]
) -> None:
    stack["parameters"].props["family"] = family
    set_parameters(stack["parameters"], parameter)
    assert stack.breaking(RULE) == ["database"]


def test_the_message_names_database_group_parameter_and_fix(stack: "Stack") -> None:
    set_parameters(stack["parameters"], ("max_connections", "100"))
    [violation] = stack.judge(RULE)
    for part in ("database:", "group parameters", "require_secure_transport", "Fix: Attach"):
        assert part in violation.message


def test_a_parameter_set_twice_has_to_be_on_both_times(stack: "Stack") -> None:
    on, off = ("require_secure_transport", "1"), ("require_secure_transport", "0")
    set_parameters(stack["parameters"], on, off)
    assert stack.breaking(RULE) == ["database"]


def forget_the_parameters(stack: "Stack") -> None:
    del stack["parameters"].props["parameters"]


def forget_the_family(stack: "Stack") -> None:
    del stack["parameters"].props["family"]


def use_the_default_group(stack: "Stack") -> None:
    stack["database"].props["parameterGroupName"] = "default.mysql8.4"
    stack["database"].sources = {}


def name_no_group(stack: "Stack") -> None:
    del stack["database"].props["parameterGroupName"]
    stack["database"].sources = {}


def name_neither_group_nor_reference(stack: "Stack") -> None:
    name_no_group(stack)
    del stack["parameters"].props["name"]


def name_a_group_of_another_stack(stack: "Stack") -> None:
    stack["database"].props["parameterGroupName"] = "theirs"
    stack["database"].sources = {}


def leave_the_group_to_aws(stack: "Stack") -> None:
    stack["database"].props["parameterGroupName"] = UNKNOWN
    stack["database"].sources = {}


def name_an_unknown_that_is_no_group(stack: "Stack") -> None:
    stack["database"].props["parameterGroupName"] = UNKNOWN
    stack["database"].sources = {"parameterGroupName": ["ingress"]}


@pytest.mark.parametrize(
    "break_it",
    [
        forget_the_parameters,
        forget_the_family,
        use_the_default_group,
        name_no_group,
        name_neither_group_nor_reference,
        name_a_group_of_another_stack,
        leave_the_group_to_aws,
        name_an_unknown_that_is_no_group,
    ],
)
def test_a_database_nothing_vouches_for_is_refused(
    stack: "Stack", break_it: "Callable[[Stack], None]"
) -> None:
    break_it(stack)
    assert stack.breaking(RULE) == ["database"]


@pytest.fixture
def named_later(stack: "Stack") -> "Stack":
    """As in a preview of a group whose name AWS makes up."""
    stack["parameters"].props["name"] = UNKNOWN
    stack["database"].props["parameterGroupName"] = UNKNOWN
    return stack


def test_a_group_named_later_is_found_through_the_stacks_graph(named_later: "Stack") -> None:
    assert named_later.judge(RULE) == []
    set_parameters(named_later["parameters"])
    assert named_later.breaking(RULE) == ["database"]


def test_what_else_an_unknown_name_is_made_from_does_not_matter(named_later: "Stack") -> None:
    named_later["database"].sources["parameterGroupName"].append("ingress")
    assert named_later.judge(RULE) == []


def test_every_group_that_an_unknown_name_may_be_is_judged(named_later: "Stack") -> None:
    lax = type(named_later["parameters"])
    named_later["lax"] = lax(
        type=named_later["parameters"].type, props={"name": UNKNOWN, "family": "mysql8.4"}
    )
    named_later["database"].sources["parameterGroupName"].append("lax")
    [violation] = named_later.judge(RULE)
    assert "group lax does not set it" in violation.message


def test_another_groups_unknown_name_does_not_hide_the_right_one(stack: "Stack") -> None:
    other = type(stack["parameters"])
    stack["other"] = other(type=stack["parameters"].type, props={"name": UNKNOWN})
    assert stack.judge(RULE) == []


def test_a_group_nobody_uses_is_no_violation(stack: "Stack") -> None:
    unused = type(stack["parameters"])
    stack["unused"] = unused(
        type=stack["parameters"].type, props={"name": "unused", "family": "mysql8.4"}
    )
    assert stack.judge(RULE) == []


UNKNOWN_PARAMETERS: list[Any] = [
    UNKNOWN,
    [UNKNOWN],
    [{"name": UNKNOWN, "value": "1"}],
    [{"name": "require_secure_transport", "value": UNKNOWN}],
]


@pytest.mark.parametrize("parameters", UNKNOWN_PARAMETERS)
def test_an_unknown_parameter_is_a_violation(stack: "Stack", parameters: Any) -> None:  # noqa: ANN401
    stack["parameters"].props["parameters"] = parameters
    assert stack.breaking(RULE) == ["database"]


def test_one_databases_unknown_does_not_hide_anothers_violation(stack: "Stack") -> None:
    resource = type(stack["database"])
    stack["parameters"].props["family"] = UNKNOWN
    stack["second"] = resource(
        type="aws:rds/instance:Instance",
        props=stack["database"].props | {"parameterGroupName": "default.mysql8.4"},
    )
    assert stack.breaking(RULE) == ["database", "second"]


@pytest.mark.parametrize("props", [{}, {"requireTls": False}, {"requireTls": UNKNOWN}])
def test_a_proxy_that_lets_plaintext_in_is_refused(stack: "Stack", props: dict[str, Any]) -> None:
    stack["proxy"] = type(stack["database"])(type="aws:rds/proxy:Proxy", props=props)
    [violation] = stack.judge(RULE)
    assert violation.resource == "proxy"
    assert "requireTls is " in violation.message


def test_a_proxy_that_requires_tls_passes(stack: "Stack") -> None:
    proxy = type(stack["database"])(type="aws:rds/proxy:Proxy", props={"requireTls": True})
    stack["proxy"] = proxy
    assert stack.judge(RULE) == []


@pytest.mark.parametrize("method", ["pending-reboot", ""])
def test_a_running_mysql_server_takes_the_switch_at_once(stack: "Stack", method: str) -> None:
    stack["parameters"].props["parameters"][1]["applyMethod"] = method or None
    expected = (
        "database: require_secure_transport waits for a restart in its parameter group parameters, "
        "and plaintext is accepted until then: its apply method has to be immediate."
    )
    assert stack.problems(RULE) == ([expected] if method else [])


def test_postgresql_takes_it_at_a_restart_only(stack: "Stack") -> None:
    stack["parameters"].props |= {
        "family": "postgres17",
        "parameters": [{"name": "rds.force_ssl", "value": "1", "applyMethod": "pending-reboot"}],
    }
    assert stack.problems(RULE) == []


def test_a_group_for_members_that_the_cluster_names_is_judged_too(cluster_stack: "Stack") -> None:
    lax = type(cluster_stack["parameters"])
    props = {"name": "override", "family": "aurora-mysql8.0", "parameters": []}
    cluster_stack["override"] = lax(type="aws:rds/parameterGroup:ParameterGroup", props=props)
    set_parameters(cluster_stack["override"], ("require_secure_transport", "OFF"))
    cluster_stack["database"].props["dbInstanceParameterGroupName"] = "override"
    assert cluster_stack.breaking(RULE) == ["database"]
