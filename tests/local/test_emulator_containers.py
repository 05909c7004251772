from __future__ import annotations

from graphlib import CycleError
from types import SimpleNamespace
from typing import Any

import pytest

from local.emulator_containers import StartOrder, in_order

ARN = "arn:aws:ecs:eu-west-1:000000000000:task/web/1"


def container(name: str, **needs: str) -> dict[str, Any]:
    depends = [{"containerName": other, "condition": how} for other, how in needs.items()]
    return {"name": name, "dependsOn": depends} if depends else {"name": name}


def test_a_container_comes_after_those_that_it_depends_on() -> None:
    containers = [
        container("app", migrate="SUCCESS", proxy="START"),
        container("migrate", proxy="START"),
        container("proxy"),
    ]
    assert in_order(containers) == [2, 1, 0]


def test_a_circle_is_an_error() -> None:
    with pytest.raises(CycleError):
        in_order([container("app", proxy="START"), container("proxy", app="START")])


class Docker:
    """Containers, by id: their states as they are asked for, the last one from then on."""

    def __init__(self, **states: list[tuple[str, int]]) -> None:
        self._states = states
        self.containers = self

    def get(self, identifier: str) -> Any:  # noqa: ANN401
        left = self._states[identifier]
        status, code = left.pop(0) if len(left) > 1 else left[0]
        return SimpleNamespace(attrs={"State": {"Status": status, "ExitCode": code}})


class ECS:
    """As much of MiniStack's as starts a task; keeps what is started, and why a task failed."""

    def __init__(self, docker: Docker) -> None:
        self._tasks: dict[str, dict[str, Any]] = {}
        self.docker, self.active = docker, True
        self.started: list[str] = []
        self.failed = ""

    def _task_is_active(self, _arn: str, _task: object) -> bool:
        return self.active

    def _start_task_worker(
        self, task: dict[str, Any], definition: dict[str, Any], _overrides: object, docker: Docker
    ) -> None:
        for each in definition["containerDefinitions"]:
            labels = {"com.amazonaws.ecs.task-arn": task["taskArn"]}
            try:
                self._run_docker_container(docker, each, {"labels": labels}, refresh_image=True)
            except Exception as error:  # noqa: BLE001 - as MiniStack does
                self._fail_task_start(task, docker, f"unable to start: {error}")
                return
            task["_docker_ids"].append(each["name"])

    def _run_docker_container(
        self, _docker: Docker, each: dict[str, Any], _arguments: object, *, refresh_image: bool
    ) -> None:
        assert refresh_image
        self.started.append(each["name"])

    def _fail_task_start(self, _task: object, _docker: Docker, reason: str) -> None:
        self.failed = reason

    def start(self, *containers: dict[str, Any]) -> dict[str, Any]:
        task = {
            "taskArn": ARN,
            "containers": [{"name": each["name"], "lastStatus": "PENDING"} for each in containers],
            "_container_essentials": [each["name"] == "app" for each in containers],
            "_docker_ids": [],
        }
        self._tasks[ARN] = task
        StartOrder(self).extend()
        self._start_task_worker(task, {"containerDefinitions": list(containers)}, [], self.docker)
        return task


MIGRATE = container("migrate")


def test_a_container_waits_until_the_other_has_succeeded() -> None:
    ecs = ECS(Docker(migrate=[("created", 0), ("running", 0), ("exited", 0)]))
    task = ecs.start(container("app", migrate="SUCCESS"), MIGRATE)
    assert ecs.started == ["migrate", "app"]
    assert task["containers"][0] == {"name": "migrate", "lastStatus": "STOPPED", "exitCode": 0}
    assert task["_container_essentials"] == [False, True]
    assert not ecs.failed


def test_after_a_failure_the_container_is_never_started_and_says_why() -> None:
    ecs = ECS(Docker(migrate=[("running", 0), ("exited", 1)]))
    task = ecs.start(container("app", migrate="SUCCESS"), MIGRATE)
    assert ecs.started == ["migrate"]
    assert ecs.failed == "Task failed to start"
    migrate, app = task["containers"]
    assert migrate["exitCode"] == 1
    assert app["exitCode"] == 143
    assert app["reason"].startswith(
        "CannotStartContainerError: dependency graph: failed to resolve"
    )


def test_an_end_of_any_kind_completes() -> None:
    ecs = ECS(Docker(migrate=[("exited", 1)]))
    ecs.start(container("app", migrate="COMPLETE"), MIGRATE)
    assert ecs.started == ["migrate", "app"]


def test_whoever_needs_a_start_alone_waits_for_no_end() -> None:
    ecs = ECS(Docker(migrate=[("running", 0)]))
    ecs.start(container("app", migrate="START"), MIGRATE)
    assert ecs.started == ["migrate", "app"]


def test_what_takes_longer_than_its_start_may_is_given_up() -> None:
    ecs = ECS(Docker(migrate=[("running", 0)]))
    task = ecs.start(container("app", migrate="SUCCESS"), {**MIGRATE, "startTimeout": 1})
    assert ecs.started == ["migrate"]
    assert task["containers"][1]["reason"].endswith("has timed out.")


def test_a_task_that_was_stopped_meanwhile_is_not_at_fault() -> None:
    ecs = ECS(Docker(migrate=[("running", 0)]))
    ecs.active = False
    task = ecs.start(container("app", migrate="SUCCESS"), MIGRATE)
    assert ecs.started == ["migrate"]
    assert "reason" not in task["containers"][1]
