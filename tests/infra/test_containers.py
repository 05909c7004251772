import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from todo_infra.containers import ContainerSettings, container_definitions

SETTINGS = ContainerSettings(
    image="registry.example/todo@sha256:1234",
    region="eu-west-1",
    log_group="todo-logs",
    environment={"DATABASE_SECRET_ARN": "arn:app", "DATABASE_HOST": "db.example"},
    migrate_secrets={"DATABASE_ADMIN_PASSWORD": "arn:master:password::"},
    pool_size=8,
    lame_duck_seconds=3,
)
CONTAINERS = {one["name"]: one for one in container_definitions(SETTINGS)}
BOTH = pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS.keys())
Container = dict[str, Any]


def test_a_task_migrates_and_then_serves() -> None:
    assert list(CONTAINERS) == ["app", "migrate"]
    assert CONTAINERS["migrate"]["command"] == ["migrate"]
    assert CONTAINERS["migrate"]["essential"] is False
    assert CONTAINERS["app"]["command"] == ["serve"]
    assert CONTAINERS["app"]["essential"] is True
    assert CONTAINERS["app"]["dependsOn"] == [{"containerName": "migrate", "condition": "SUCCESS"}]


def test_only_the_migration_gets_the_masters_credentials() -> None:
    assert CONTAINERS["migrate"]["secrets"] == [
        {"name": "DATABASE_ADMIN_PASSWORD", "valueFrom": "arn:master:password::"}
    ]
    assert "secrets" not in CONTAINERS["app"]


@BOTH
def test_no_plain_variable_holds_a_password(container: Container) -> None:
    variables = {"DATABASE_HOST": "db.example", "DATABASE_SECRET_ARN": "arn:app"}
    if container["name"] == "app":
        variables |= {"DATABASE_POOL_SIZE": "8", "LAME_DUCK_SECONDS": "3"}
    assert container["environment"] == [
        {"name": name, "value": value} for name, value in sorted(variables.items())
    ]


@BOTH
def test_a_container_runs_with_no_more_rights_than_it_needs(container: Container) -> None:
    assert container["user"] == "65532:65532"
    assert container["readonlyRootFilesystem"] is True
    assert container["linuxParameters"] == {
        "capabilities": {"drop": ["ALL"]},
        "initProcessEnabled": True,
    }
    assert "privileged" not in container


@BOTH
def test_a_slow_log_service_does_not_stop_the_application(container: Container) -> None:
    options = container["logConfiguration"]["options"]
    assert container["logConfiguration"]["logDriver"] == "awslogs"
    assert options["awslogs-group"] == "todo-logs"
    assert options["awslogs-region"] == "eu-west-1"
    assert options["awslogs-stream-prefix"] == container["name"]
    assert options["mode"] == "non-blocking"


def test_only_the_application_listens() -> None:
    assert CONTAINERS["app"]["portMappings"] == [
        {"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}
    ]
    assert "portMappings" not in CONTAINERS["migrate"]


def test_ecs_asks_what_the_image_itself_asks() -> None:
    dockerfile = (Path(__file__).parents[2] / "app" / "Dockerfile").read_text()
    stated = re.search(r"^HEALTHCHECK .*? CMD (\[.*?\])$", dockerfile, re.MULTILINE | re.DOTALL)
    assert stated
    check = CONTAINERS["app"]["healthCheck"]
    assert check["command"] == ["CMD", *json.loads(stated[1].replace("\\\n", ""))]
    assert "healthCheck" not in CONTAINERS["migrate"]


def test_a_dead_process_is_noticed_within_half_a_minute() -> None:
    check = CONTAINERS["app"]["healthCheck"]
    assert check["interval"] * check["retries"] <= 30
    assert check["timeout"] < check["interval"]
    assert check["startPeriod"] == 30


def test_only_the_application_becomes_writable_where_people_may_enter() -> None:
    app, migrate = container_definitions(replace(SETTINGS, allow_exec=True))
    assert app["readonlyRootFilesystem"] is False
    assert migrate["readonlyRootFilesystem"] is True
