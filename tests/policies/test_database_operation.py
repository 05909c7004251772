from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.policies.conftest import Stack

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
NAME, IAM, UPGRADES = "database-admin-name", "database-iam-authentication", "database-upgrades"
LOGS, MONITORING = "database-logs", "database-monitoring"
MEMBER = "aws:rds/clusterInstance:ClusterInstance"


@pytest.mark.parametrize(
    ("rule", "key"),
    [(IAM, "iamDatabaseAuthenticationEnabled"), (UPGRADES, "autoMinorVersionUpgrade")],
)
@pytest.mark.parametrize(("value", "state"), [(False, "False"), (None, "not set")])
def test_each_switch_is_on_explicitly(
    stack: "Stack", rule: str, key: str, value: object, state: str
) -> None:
    stack["database"].props[key] = value
    assert stack.problems(rule) == [f"database: {key} is {state}, but has to be True."]
    stack["database"].props[key] = UNKNOWN
    assert stack.breaking(rule) == ["database"]


@pytest.mark.parametrize("name", ["admin", "ADMIN", "root", "postgres"])
def test_a_name_that_everybody_tries_is_refused(stack: "Stack", name: str) -> None:
    stack["database"].props["username"] = name
    assert stack.problems(NAME) == [
        f"database: username is {name}, which is the first that anybody tries."
    ]


def test_a_cluster_has_its_name_elsewhere(stack: "Stack") -> None:
    cluster = type(stack["database"])(type="aws:rds/cluster:Cluster", props={})
    stack["cluster"] = cluster
    assert stack.problems(NAME) == [
        "cluster: masterUsername is not set, which is the first that anybody tries."
    ]
    cluster.props["masterUsername"] = "todo_admin"
    assert stack.problems(NAME) == []


@pytest.mark.parametrize("source", ["replicateSourceDb", "snapshotIdentifier"])
def test_a_copy_has_the_name_of_what_it_is_made_from(stack: "Stack", source: str) -> None:
    del stack["database"].props["username"]
    assert stack.breaking(NAME) == ["database"]
    stack["database"].props[source] = UNKNOWN
    assert stack.problems(NAME) == []


@pytest.mark.parametrize(
    ("exported", "missing"),
    [(["error"], ["slowquery"]), ([], ["error", "slowquery"]), (None, ["error", "slowquery"])],
)
def test_the_servers_logs_leave_it(
    stack: "Stack", exported: list[str] | None, missing: list[str]
) -> None:
    stack["database"].props["enabledCloudwatchLogsExports"] = exported
    assert stack.problems(LOGS) == [
        f"database: enabledCloudwatchLogsExports does not have {log}." for log in missing
    ]


def test_each_engine_has_logs_of_its_own(stack: "Stack") -> None:
    stack["database"].props |= {
        "engine": "postgres",
        "enabledCloudwatchLogsExports": ["postgresql"],
    }
    assert stack.problems(LOGS) == []
    stack["database"].props["engine"] = "mysql"
    assert len(stack.problems(LOGS)) == 2


def test_which_logs_is_a_parameter(stack: "Stack") -> None:
    assert stack.problems(LOGS, mysql=["audit"]) == [
        "database: enabledCloudwatchLogsExports does not have audit."
    ]
    stack["database"].props["enabledCloudwatchLogsExports"] = []
    assert stack.problems(LOGS, mysql=[]) == []


@pytest.mark.parametrize(("value", "state"), [(0.0, "0"), (None, "not set")])
def test_the_operating_system_is_measured(stack: "Stack", value: object, state: str) -> None:
    stack["database"].props["monitoringInterval"] = value
    assert stack.problems(MONITORING) == [f"database: monitoringInterval is {state}."]


def test_measuring_takes_a_role(stack: "Stack") -> None:
    del stack["database"].props["monitoringRoleArn"]
    assert stack.problems(MONITORING) == [
        "database: monitoringRoleArn is not set, so nothing is measured."
    ]


@pytest.mark.parametrize("rule", [UPGRADES, MONITORING])
def test_members_of_a_cluster_are_judged_too(stack: "Stack", rule: str) -> None:
    stack["member"] = type(stack["database"])(type=MEMBER, props={})
    assert stack.breaking(rule) == ["member"]


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        (NAME, "username"),
        (LOGS, "enabledCloudwatchLogsExports"),
        (MONITORING, "monitoringInterval"),
    ],
)
def test_unknown_is_a_violation(stack: "Stack", rule: str, key: str) -> None:
    stack["database"].props[key] = UNKNOWN
    assert stack.problems(rule) == [
        f"database: {key} is unknown before the update, so nothing vouches for it."
    ]
