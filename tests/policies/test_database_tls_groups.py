"""Which parameter group counts, and the versions of TLS that it has to name."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.policies.conftest import Resource, Stack

RULE, FLOOR = "database-tls-required", "database-tls-version"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def set_parameters(group: "Resource", *parameters: tuple[str, str]) -> None:
    group.props["parameters"] = [{"name": name, "value": value} for name, value in parameters]


ELSEWHERE = (
    "database: its parameter group is of another region or provider, so it is not the one in use."
)


@pytest.mark.parametrize("named", ["known", "unknown"])
def test_a_group_of_another_provider_is_not_the_one_in_use(stack: "Stack", named: str) -> None:
    stack["parameters"].provider = ("aws-us", {"region": "us-east-1"})
    stack["database"].provider = ("aws-eu", {"region": "eu-west-1"})
    if named == "unknown":
        stack["database"].props["parameterGroupName"] = UNKNOWN
    assert stack.problems(RULE) == [ELSEWHERE]
    stack["parameters"].provider = stack["database"].provider
    assert stack.problems(RULE) == []


@pytest.mark.parametrize(
    ("group", "database"),
    [("us-east-1", "eu-west-1"), ("us-east-1", None), (None, "us-east-1")],
)
def test_a_group_of_another_region_is_not_the_one_in_use(
    stack: "Stack", group: str | None, database: str | None
) -> None:
    for name, region in (("parameters", group), ("database", database)):
        stack[name].provider = ("aws", {"region": "eu-west-1"})
        if region:
            stack[name].props["region"] = region
    assert stack.problems(RULE) == [ELSEWHERE]


def test_a_group_of_another_account_is_not_the_one_in_use(stack: "Stack") -> None:
    stack["parameters"].provider = ("aws-one", {"region": "eu-west-1"})
    stack["database"].provider = ("aws-other", {"region": "eu-west-1"})
    assert stack.problems(RULE) == [ELSEWHERE]


def test_a_region_that_is_left_out_is_the_providers(stack: "Stack") -> None:
    for name in ("parameters", "database"):
        stack[name].provider = ("aws", {"region": "eu-west-1"})
        stack[name].props["region"] = UNKNOWN
    assert stack.problems(RULE) == []
    stack["parameters"].props["region"] = "us-east-1"
    assert stack.problems(RULE) == [ELSEWHERE]


def test_a_region_that_nothing_tells_is_no_other(stack: "Stack") -> None:
    stack["parameters"].props["region"] = "eu-west-1"
    stack["database"].props["region"] = UNKNOWN
    assert stack.problems(RULE) == []


def test_a_region_that_the_environment_decides_is_the_same_for_both(stack: "Stack") -> None:
    for name in ("parameters", "database"):
        stack[name].provider = ("aws", {})
    stack["parameters"].props["region"] = "eu-west-1"  # as it is once the group exists
    stack["database"].props["region"] = UNKNOWN
    assert stack.problems(RULE) == []


@pytest.mark.parametrize("group", [None, "default.mysql8.4"])
def test_a_database_without_a_group_is_reported_once(stack: "Stack", group: str | None) -> None:
    stack["database"].props["parameterGroupName"] = group
    stack["database"].sources.pop("parameterGroupName", None)
    assert len(stack.problems(RULE)) == 1
    assert stack.problems(FLOOR) == []


@pytest.mark.parametrize(
    ("group", "problem"),
    [
        (None, "parameterGroupName is not set, so the engine's default group applies."),
        (UNKNOWN, "parameterGroupName comes from no parameter group of this stack, if it is set."),
        ("other", "its parameter group other is not in this stack, so nothing vouches for it."),
        (
            "default.mysql8.4",
            "its parameter group default.mysql8.4 is an AWS default, which nobody can change.",
        ),
    ],
)
def test_why_no_group_vouches_for_a_database_is_said(
    stack: "Stack", group: str | None, problem: str
) -> None:
    stack["database"].props["parameterGroupName"] = group
    stack["database"].sources.pop("parameterGroupName")
    assert stack.problems(RULE) == [f"database: {problem}"]


MEMBER = "aws:rds/clusterInstance:ClusterInstance"


def add_member(stack: "Stack", **props: Any) -> "Resource":  # noqa: ANN401 - any input
    stack["member"] = type(stack["database"])(type=MEMBER, props=props)
    return stack["member"]


def add_override(stack: "Stack", value: str | None) -> None:
    parameters = [] if value is None else [{"name": "require_secure_transport", "value": value}]
    stack["override"] = type(stack["database"])(
        type="aws:rds/parameterGroup:ParameterGroup",
        props={"name": "override", "family": "aurora-mysql8.0", "parameters": parameters},
    )


@pytest.mark.parametrize(("value", "passes"), [(None, True), ("ON", True), ("OFF", False)])
def test_a_group_of_a_clusters_member_may_not_contradict_the_clusters(
    stack: "Stack", value: str | None, passes: bool
) -> None:
    add_override(stack, value)
    add_member(stack, dbParameterGroupName="override")
    expected = (
        "member: require_secure_transport has to be 1 or ON, but its parameter group override sets "
        f"it to {value}."
    )
    assert stack.problems(RULE) == ([] if passes else [expected])


@pytest.mark.parametrize(
    "props", [{}, {"dbParameterGroupName": "default.aurora-mysql8.0"}], ids=["none", "default"]
)
def test_a_member_needs_no_group_of_its_own(stack: "Stack", props: dict[str, Any]) -> None:
    add_member(stack, **props)
    assert stack.problems(RULE) == []


def test_a_members_group_of_another_stack_is_refused(stack: "Stack") -> None:
    add_member(stack, dbParameterGroupName="theirs")
    assert stack.problems(RULE) == [
        "member: its parameter group theirs is not in this stack, so nothing vouches for it."
    ]


def test_an_unknown_group_of_a_member_is_followed(stack: "Stack") -> None:
    member = add_member(stack, dbParameterGroupName=UNKNOWN)
    assert stack.problems(RULE) == []  # left out, as AWS answers it
    member.sources = {"dbParameterGroupName": ["ingress"]}
    assert stack.breaking(RULE) == ["member"]
    add_override(stack, "OFF")
    member.sources = {"dbParameterGroupName": ["override"]}
    assert stack.breaking(RULE) == ["member"]


SAFE = "but only TLSv1.2 and TLSv1.3 are safe."


@pytest.mark.parametrize(
    ("family", "name", "value", "passes"),
    [
        ("mysql8.4", "tls_version", "TLSv1.2,TLSv1.3", True),
        ("mysql8.4", "tls_version", "TLSv1.3", True),
        ("mysql8.4", "tls_version", "TLSv1.1,TLSv1.2", False),
        ("mysql8.4", "tls_version", "TLSv1", False),
        ("mysql8.4", "tls_version", "tlsv1.2", False),
        ("mysql8.4", "tls_version", "TLSv1.2, TLSv1.3", False),
        ("mysql8.4", "tls_version", "", False),
        ("mariadb10.11", "tls_version", "TLSv1.0,TLSv1.2", False),
        ("postgres17", "ssl_min_protocol_version", "TLSv1.2", True),
        ("postgres17", "ssl_min_protocol_version", "TLSv1.1", False),
    ],
)
def test_only_tls_from_1_2_on_is_spoken(
    stack: "Stack", family: str, name: str, value: str, passes: bool
) -> None:
    stack["parameters"].props["family"] = family
    set_parameters(stack["parameters"], (name, value))
    problem = f"database: {name} is {value!r} in its parameter group parameters, {SAFE}"
    assert stack.problems(FLOOR) == ([] if passes else [problem])


@pytest.mark.parametrize("name", ["TLS_VERSION", "ssl_min_protocol_version", "max_connections"])
def test_the_versions_are_named_explicitly(stack: "Stack", name: str) -> None:
    set_parameters(stack["parameters"], (name, "TLSv1.2"))
    assert stack.problems(FLOOR) == [
        "database: tls_version is not set in its parameter group parameters."
    ]


def test_unknown_versions_are_a_violation(stack: "Stack") -> None:
    set_parameters(stack["parameters"], ("tls_version", UNKNOWN))
    assert stack.breaking(FLOOR) == ["database"]


def test_a_member_may_not_lower_the_version_either(stack: "Stack") -> None:
    add_override(stack, None)
    add_member(stack, dbParameterGroupName="override")
    assert stack.problems(FLOOR) == []
    set_parameters(stack["override"], ("tls_version", "TLSv1"))
    assert stack.breaking(FLOOR) == ["member"]
