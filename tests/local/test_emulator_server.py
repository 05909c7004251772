import json
from typing import Any

import pytest
from ministack.services import ecs, rds, secretsmanager

from local import emulator_server
from local.emulator_server import (
    Answer,
    Request,
    answering_repeats,
    giving_usable_credentials,
    keeping_zone_rebalancing,
)

OK: Answer = (200, {}, b"{}")


@pytest.fixture
def services() -> dict[str, dict[str, Any]]:
    return {"one": {"serviceName": "todo", "serviceArn": "arn:todo"}}


@pytest.mark.parametrize(
    ("request_", "kept"),
    [
        ({"serviceName": "todo"}, "ENABLED"),
        ({"service": "arn:todo", "availabilityZoneRebalancing": "DISABLED"}, "DISABLED"),
        ({"service": "other", "availabilityZoneRebalancing": "DISABLED"}, None),
    ],
    ids=["AWS's default", "what was asked for", "another service"],
)
def test_a_service_tells_its_zone_rebalancing(
    services: dict[str, dict[str, Any]], request_: Request, kept: str | None
) -> None:
    handler = keeping_zone_rebalancing(lambda _: OK, services)
    assert handler(request_) == OK
    assert services["one"].get("availabilityZoneRebalancing") == kept


def test_an_update_of_something_else_keeps_the_zone_rebalancing(
    services: dict[str, dict[str, Any]],
) -> None:
    handler = keeping_zone_rebalancing(lambda _: OK, services)
    handler({"service": "todo", "availabilityZoneRebalancing": "DISABLED"})
    handler({"service": "todo", "desiredCount": 3})
    assert services["one"]["availabilityZoneRebalancing"] == "DISABLED"


def test_only_a_request_that_succeeded_before_is_answered_from_memory() -> None:
    statuses = iter([500, 200, 409, 409])
    handler = answering_repeats(lambda _: (next(statuses), {}, b""))
    repeated: Request = {"Name": "a", "ClientRequestToken": "1"}
    assert handler(repeated)[0] == 500
    assert handler(repeated)[0] == 200
    assert handler(repeated)[0] == 200
    assert handler({"Name": "a", "ClientRequestToken": "2"})[0] == 409
    assert handler({"Name": "a"})[0] == 409


def extend(monkeypatch: pytest.MonkeyPatch) -> None:
    """Extend the real emulator, for one test."""
    for module, name in (
        (ecs, "_register_metadata"),
        (ecs, "_start_task_worker"),
        (ecs, "_run_docker_container"),
        (ecs, "_fail_task_start"),
        (ecs, "_refresh_service_state"),
        (rds, "_apply_instance_filters"),
        (rds, "_grant_mysql_master_user_privileges"),
        (rds, "_instance_xml"),
        (rds, "_mysql_server_options"),
        (rds, "_rotate_instance_password"),
        (secretsmanager, "_create_secret"),
        (secretsmanager, "_put_secret_value"),
    ):
        monkeypatch.setattr(module, name, getattr(module, name))  # restored afterwards
    for module in (ecs, rds):
        monkeypatch.setattr(module, "_ACTION_MAP", dict(module._ACTION_MAP))
    emulator_server._extend()


def test_a_label_is_on_one_version_of_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    extend(monkeypatch)
    secretsmanager._create_secret({"Name": "rotated", "SecretString": "0"})
    for text in ("1", "2"):
        secretsmanager._put_secret_value(
            {
                "SecretId": "rotated",
                "SecretString": text,
                "ClientRequestToken": text,
                "VersionStages": ["AWSPENDING"],
            }
        )
    for label, text in (("AWSPENDING", "2"), ("AWSCURRENT", "0")):
        answer = secretsmanager._get_secret_value({"SecretId": "rotated", "VersionStage": label})
        assert json.loads(answer[2])["SecretString"] == text
    missing = {"SecretId": "other", "SecretString": "1", "VersionStages": ["AWSPENDING"]}
    assert secretsmanager._put_secret_value(missing)[0] == 400


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"dbi-resource-id": ["db-2"]}, ["replica"]),
        ({"dbi-resource-id": ["db-gone"]}, []),
        ({"dbi-resource-id": ["db-1", "db-2"], "db-instance-id": ["todo"]}, ["todo"]),
        ({"engine": ["mysql"]}, ["todo", "replica"]),
        ({}, ["todo", "replica"]),
    ],
    ids=["one", "one that is gone", "beside another filter", "another filter", "none"],
)
def test_a_database_is_found_by_its_resource_id_and_no_other(
    monkeypatch: pytest.MonkeyPatch, filters: dict[str, list[str]], found: list[str]
) -> None:
    extend(monkeypatch)
    instances = [
        {"DBInstanceIdentifier": name, "DbiResourceId": resource, "Engine": "mysql"}
        for name, resource in (("todo", "db-1"), ("replica", "db-2"))
    ]
    selected = rds._apply_instance_filters(instances, filters)
    assert [each["DBInstanceIdentifier"] for each in selected] == found


INSTANCE = {
    "DBInstanceIdentifier": "todo",
    "DBInstanceArn": "arn:aws:rds:eu-west-1:000000000000:db:todo",
    "DBInstanceClass": "db.m7g.large",
    "DBInstanceStatus": "available",
    "Engine": "mysql",
    "EngineVersion": "8.4",
    "MasterUsername": "todo_admin",
    "AllocatedStorage": 20,
    "DeletionProtection": True,
    "Endpoint": {"Address": "172.18.0.4", "Port": 3306},
}


@pytest.fixture
def instances(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """The only databases of the real emulator, extended."""
    instances: dict[str, dict[str, Any]] = {"todo": dict(INSTANCE)}
    monkeypatch.setattr(rds, "_instances", instances)
    extend(monkeypatch)
    return instances


def call(action: str, **parameters: str) -> Answer:
    """As the emulator reads a request: each parameter is a list."""
    answer: Answer = rds._ACTION_MAP[action]({name: [value] for name, value in parameters.items()})
    return answer


@pytest.mark.usefixtures("instances")
def test_a_database_tells_the_key_of_its_insights() -> None:
    key = "arn:aws:kms:eu-west-1:000000000000:key/1"
    told = f"<PerformanceInsightsKMSKeyId>{key}</PerformanceInsightsKMSKeyId>"
    assert told not in str(call("DescribeDBInstances")[2])
    changed = {"DBInstanceIdentifier": "todo", "PerformanceInsightsKMSKeyId": key}
    assert call("ModifyDBInstance", **changed)[0] == 200
    assert call("ModifyDBInstance", DBInstanceIdentifier="todo")[0] == 200
    assert told in str(call("DescribeDBInstances")[2])
    assert call("ModifyDBInstance", **{**changed, "DBInstanceIdentifier": "other"})[0] == 404


@pytest.mark.parametrize(
    ("asked", "protected"), [({}, False), ({"DeletionProtection": "true"}, True)]
)
def test_a_replica_is_reachable_and_protected_if_asked_for(
    instances: dict[str, dict[str, Any]], asked: dict[str, str], protected: bool
) -> None:
    replica = {"DBInstanceIdentifier": "copy", "SourceDBInstanceIdentifier": "todo", **asked}
    assert call("CreateDBInstanceReadReplica", **replica)[0] == 200
    assert instances["copy"]["DeletionProtection"] is protected
    assert instances["todo"]["DeletionProtection"] is True
    assert instances["copy"]["Endpoint"] == instances["todo"]["Endpoint"]
    assert call("CreateDBInstanceReadReplica", **replica)[0] == 400


@pytest.mark.parametrize("by_name", [True, False])
def test_a_task_gets_credentials_that_an_sdk_takes(by_name: bool) -> None:
    def register(task_arn: str, env: dict[str, str]) -> str:
        env["AWS_ENDPOINT_URL"] = "http://172.18.0.2:4566"
        env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://172.18.0.2:4566/v2/credentials/1"
        env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "1"
        return f"metadata of {task_arn}"

    handler = giving_usable_credentials(register, lambda: "eu-west-1")
    env = {"DATABASE_HOST": "db.example"}
    answer = handler("arn:task", env=env) if by_name else handler("arn:task", env)
    assert answer == "metadata of arn:task"
    assert env == {
        "DATABASE_HOST": "db.example",
        "AWS_ENDPOINT_URL": "http://172.18.0.2:4566",
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
    }


def test_the_emulator_itself_gives_them(monkeypatch: pytest.MonkeyPatch) -> None:
    extend(monkeypatch)
    env: dict[str, str] = {}
    container = {"name": "app", "image": "todo"}
    ecs._register_metadata("arn:task", "arn:cluster", {}, container, "FARGATE", env, False, "x")
    assert env["AWS_ACCESS_KEY_ID"] == "local"
    assert not [name for name in env if name.startswith("AWS_CONTAINER_")]
