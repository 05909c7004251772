"""A second database beside the one that serves, made of a snapshot or of a moment."""

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pytest

from tests.infra.recorder import OWN_MASTER, Deployment, Registration
from todo_infra.config.database import DatabaseOperations, contradictions
from todo_infra.config.restore import Restore, RestoreFrom
from todo_infra.config.rules import read_settings
from todo_infra.errors import ConfigError

INSTANCE = "aws:rds/instance:Instance"
SECRET = "aws:secretsmanager/secret:Secret"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
FIRST, SECOND = "todo-prod-database", "todo-prod-database-r20261129"
MOMENT = {"name": "r20261129", "time": "2026-11-29T07:59:31Z"}
Deploy = Callable[..., Deployment]


def instances(deployment: Deployment) -> dict[str, dict[str, Any]]:
    return {one.name: one.inputs for one in deployment.all(INSTANCE)}


def environment(deployment: Deployment, container: str = "app") -> dict[str, str]:
    return {one["name"]: one["value"] for one in deployment.containers()[container]["environment"]}


def everything(deployment: Deployment) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {(one.type, one.name): one.inputs for one in deployment.registrations}


@pytest.fixture
def restored(deploy: Deploy) -> Deployment:
    return deploy(databaseOperations={"restore": MOMENT})


@pytest.fixture
def serving(deploy: Deploy) -> Deployment:
    return deploy(databaseOperations={"restore": {**MOMENT, "serve": True}})


def test_a_restore_changes_nothing_of_what_serves(prod: Deployment, restored: Deployment) -> None:
    before, after = everything(prod), everything(restored)
    changed = {key for key in before if before[key] != after[key]}
    # Only that tasks may read the secrets of either database, whichever they are of.
    assert {name for _, name in changed} == {"todo-prod-execution", "todo-prod-task"}
    assert environment(restored) == environment(prod)
    assert restored.exports["database"] == FIRST
    for name, inputs in instances(prod).items():
        assert instances(restored)[name] == inputs


def test_the_restored_database_is_as_safe_and_as_big_as_the_first(restored: Deployment) -> None:
    first, second = instances(restored)[FIRST], instances(restored)[SECOND]
    own = {"identifier", "finalSnapshotIdentifier", "restoreToPointInTime"}
    own |= {"allocatedStorage", "dbName"}
    assert {key for key in first.keys() | second.keys() if first.get(key) != second.get(key)} == own
    assert second["identifier"] == SECOND
    assert second["finalSnapshotIdentifier"] == f"{SECOND}-final"
    assert "allocatedStorage" not in second, "the data may have grown beyond it"
    assert (
        second["parameterGroupName"] == restored.one("aws:rds/parameterGroup:ParameterGroup").name
    )
    assert restored.one(INSTANCE, SECOND).protected
    assert restored.one(INSTANCE, SECOND).ignored == (), "another source is another database"


def test_it_is_made_of_a_moment_of_the_first(restored: Deployment) -> None:
    assert instances(restored)[SECOND]["restoreToPointInTime"] == {
        "restoreTime": MOMENT["time"],
        "sourceDbInstanceIdentifier": FIRST,
    }


def test_or_of_a_snapshot(deploy: Deploy) -> None:
    restore = {"name": "r20261129", "snapshot": "rds:before-2026-11-29"}
    second = instances(deploy(databaseOperations={"restore": restore}))[SECOND]
    assert second["snapshotIdentifier"] == "rds:before-2026-11-29"
    assert "restoreToPointInTime" not in second


@pytest.mark.parametrize("source", [{"time": MOMENT["time"]}, {"snapshot": "before"}])
def test_a_restore_names_no_schema_which_rds_refuses_for_mysql(
    deploy: Deploy, source: dict[str, str]
) -> None:
    deployed = instances(deploy(databaseOperations={"restore": {"name": "r20261129", **source}}))
    assert "dbName" not in deployed[SECOND], "it is in the data"
    assert deployed[FIRST]["dbName"] == "todo"


def test_its_logs_have_an_end_and_a_key_before_it_writes_them(restored: Deployment) -> None:
    groups = {one.inputs["name"]: one for one in restored.all(LOG_GROUP)}
    for log in ("error", "slowquery"):
        group = groups[f"/aws/rds/instance/{SECOND}/{log}"]
        assert group.name in restored.one(INSTANCE, SECOND).waits_for
        assert group.inputs["kmsKeyId"] == "arn:Key:todo-prod-data"


def test_to_serve_is_a_change_of_what_the_tasks_are_told_and_nothing_else(
    restored: Deployment, serving: Deployment
) -> None:
    before, after = everything(restored), everything(serving)
    assert before.keys() == after.keys()
    changed = {name for key, name in after if before[key, name] != after[key, name]}
    alarms = {name for name in changed if "alarm" in name or name.startswith("todo-prod-database-")}
    assert changed - alarms <= {
        *("todo-prod", "todo-prod-task", "todo-prod-execution", "todo-prod-dashboard"),
    }
    assert SECOND not in changed
    assert FIRST not in changed
    assert serving.exports["database"] == SECOND
    for container in ("app", "migrate"):
        secret = environment(serving, container)["DATABASE_SECRET_ARN"]
        assert secret == "arn:Secret:todo-prod-app-r20261129-secret"


def test_alarms_and_dashboard_follow_the_database_that_serves(serving: Deployment) -> None:
    watched = {
        one.inputs["dimensions"]["DBInstanceIdentifier"]
        for one in serving.all("aws:cloudwatch/metricAlarm:MetricAlarm")
        if "DBInstanceIdentifier" in one.inputs.get("dimensions", {})
    }
    assert watched == {SECOND}
    (dashboard,) = serving.all("aws:cloudwatch/dashboard:Dashboard")
    assert f'"{SECOND}"' in dashboard.inputs["dashboardBody"]
    assert f'"{FIRST}"' not in dashboard.inputs["dashboardBody"]


@pytest.mark.parametrize("serve", [False, True])
def test_tasks_of_either_database_can_be_started_again(deploy: Deploy, serve: bool) -> None:
    local = deploy("local", databaseOperations={"restore": {**MOMENT, "serve": serve}})
    roles = {
        one.name: json.loads(one.inputs["policy"])["Statement"]
        for one in local.all("aws:iam/rolePolicy:RolePolicy")
    }
    for role, sid, account in (
        ("todo-local-execution", "ReadInjectedSecret", "master"),
        ("todo-local-task", "ReadOwnSecret", "app"),
    ):
        (read,) = (one for one in roles[role] if one["Sid"] == sid)
        assert set(read["Resource"]) == {
            f"arn:Secret:todo-local-{account}-secret",
            f"arn:Secret:todo-local-{account}-r20261129-secret",
        }


def test_each_database_has_accounts_of_its_own(deploy: Deploy) -> None:
    local = deploy("local", databaseOperations={"restore": MOMENT})
    assert {one.name for one in local.all(SECRET)} == {
        f"todo-local-{account}{end}-secret"
        for account in ("app", "master")
        for end in ("", "-r20261129")
    }
    # By its host a rotation finds the server whose password it changes.
    version = local.one(
        "aws:secretsmanager/secretVersion:SecretVersion", "todo-local-app-r20261129-version"
    )
    assert json.loads(version.inputs["secretString"])["host"] == "db.example"
    assert (INSTANCE, "todo-local-database-r20261129") in version.sources["secretString"]


def test_a_rotation_goes_on_with_the_database_that_serves(deploy: Deploy) -> None:
    for serve, secret in (
        (False, "todo-prod-app-secret"),
        (True, "todo-prod-app-r20261129-secret"),
    ):
        deployed = deploy(
            secrets={"rotationDays": 30}, databaseOperations={"restore": {**MOMENT, "serve": serve}}
        )
        rotation = deployed.one("aws:secretsmanager/secretRotation:SecretRotation")
        assert rotation.inputs["secretId"] == f"arn:Secret:{secret}"


def test_replicas_and_proxy_are_there_before_anybody_needs_them(deploy: Deploy) -> None:
    operations = {"restore": MOMENT, "proxy": True, **OWN_MASTER}
    deployed = deploy(database={"readReplicas": 1}, databaseOperations=operations)
    copies = {
        name: inputs["replicateSourceDb"]
        for name, inputs in instances(deployed).items()
        if "replicateSourceDb" in inputs
    }
    assert copies == {f"{FIRST}-replica-1": FIRST, f"{SECOND}-replica-1": SECOND}
    targets = deployed.all("aws:rds/proxyTarget:ProxyTarget")
    assert {one.inputs["dbInstanceIdentifier"] for one in targets} == {FIRST, SECOND}


def seen_by_the_provider(one: Registration, before: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs as the engine hands them on: what is ignored is as it was, or as absent."""
    kept = {key: value for key, value in one.inputs.items() if key not in one.ignored}
    return kept | {key: before[key] for key in one.ignored if key in before}


def test_a_finished_restore_is_the_only_database_and_need_not_say_what_it_was_made_of(
    deploy: Deploy, serving: Deployment
) -> None:
    finished = deploy(databaseOperations={"generation": "r20261129"})
    (only,) = finished.all(INSTANCE)
    assert only.name == SECOND
    assert seen_by_the_provider(only, instances(serving)[SECOND]) == {
        **instances(serving)[SECOND],
        # Nothing is made smaller: the provider leaves alone what grew beyond it.
        "allocatedStorage": only.inputs["allocatedStorage"],
    }
    assert environment(finished) == environment(serving)
    assert finished.exports["database"] == SECOND


def test_the_next_restore_is_made_of_the_last_one(deploy: Deploy) -> None:
    again = {"generation": "r20261129", "restore": {**MOMENT, "name": "r20271203"}}
    deployed = deploy(databaseOperations=again)
    assert set(instances(deployed)) == {SECOND, "todo-prod-database-r20271203"}
    made_of = instances(deployed)["todo-prod-database-r20271203"]["restoreToPointInTime"]
    assert made_of["sourceDbInstanceIdentifier"] == SECOND


@pytest.mark.parametrize(
    "value",
    [
        "r20261129",
        {"name": "r20261129"},
        {"time": MOMENT["time"]},
        {**MOMENT, "snapshot": "before"},
        {**MOMENT, "name": "replica-1"},
        {**MOMENT, "name": "20261129"},
        {**MOMENT, "time": "2026-11-29T07:59Z"},
        {**MOMENT, "time": "2026-11-29 07:59:31"},
        {**MOMENT, "time": "2026-02-30T07:59:31Z"},
        {**MOMENT, "time": 1},
        {**MOMENT, "serve": "true"},
        {**MOMENT, "public": True},
        {"name": "r20261129", "snapshot": "arn:aws:rds:eu-west-1:444455556666:snapshot:theirs"},
        {"name": "r20261129", "snapshot": 1},
    ],
)
def test_refuses_what_is_no_restore(value: object) -> None:
    problems: list[ConfigError] = []
    read_settings(DatabaseOperations, "todo:databaseOperations", {"restore": value}, problems)
    (problem,) = problems
    assert str(problem).startswith("todo:databaseOperations.restore is ")
    assert "allowed: an object {name: r20261129, snapshot: ID} or {name:" in str(problem)


def test_reads_a_restore() -> None:
    assert RestoreFrom().parse(MOMENT) == Restore(name="r20261129", time=MOMENT["time"])
    stated = {"name": "r20261129b", "snapshot": "before", "serve": True}
    assert RestoreFrom().parse(stated) == Restore(name="r20261129b", snapshot="before", serve=True)


def test_a_restore_is_another_database() -> None:
    operations = DatabaseOperations(
        generation="r20261129", restore=Restore(name="r20261129", time=MOMENT["time"])
    )
    today = date(2026, 11, 29)
    (problem,) = contradictions(operations, "todo:databaseOperations", today)
    assert str(problem) == (
        "todo:databaseOperations.restore is 'r20261129'; allowed: another name than that of the "
        "database itself, todo:databaseOperations.generation. Give it the day of this restore, "
        "and a letter behind it if need be."
    )
