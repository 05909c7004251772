"""The order in which a task's containers start: `dependsOn`, as ECS's agent goes by it.

A container waits for what it depends on. Where that cannot come true any more, it is never started,
and its task fails to start.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from graphlib import TopologicalSorter
from typing import Any

__all__ = ["StartOrder", "UnmetDependencyError", "in_order"]

_START_SECONDS = 180
"""Fargate's default of startTimeout."""

_NEVER_STARTED = 143
"""The exit code that ECS's agent reports of a container that it did not start."""

_POLL_SECONDS = 0.1

Record = dict[str, Any]


class UnmetDependencyError(Exception):
    """A container cannot start: what it depends on did not come true."""


def in_order(definitions: Sequence[Mapping[str, Any]]) -> list[int]:
    """Sort containers so that each comes after those that it depends on; return their places."""
    places = {definition["name"]: place for place, definition in enumerate(definitions)}
    needs = {
        name: [each["containerName"] for each in definitions[place].get("dependsOn") or ()]
        for name, place in places.items()
    }
    return [places[name] for name in TopologicalSorter(needs).static_order()]


class StartOrder:
    """Has tasks start their containers in order.

    Args:
        ecs: MiniStack's ECS.
    """

    def __init__(self, ecs: Any) -> None:  # noqa: ANN401 - a module
        self._ecs = ecs

    def extend(self) -> None:
        """Change MiniStack's ECS; its exact version is pinned."""
        ecs = self._ecs
        ecs._start_task_worker = self._sorting(ecs._start_task_worker)
        ecs._run_docker_container = self._waiting(ecs._run_docker_container)
        ecs._fail_task_start = self._explaining(ecs._fail_task_start)

    def _sorting(self, start: Callable[..., None]) -> Callable[..., None]:
        """Wrap what starts a task: MiniStack starts containers in the order it finds them in."""

        def starting(task: Record, definition: Record, *others: Any) -> None:  # noqa: ANN401
            containers = definition["containerDefinitions"]
            order = in_order(containers)
            for key in ("containers", "_container_essentials"):
                task[key] = [task[key][place] for place in order]
            task["_start_seconds"] = {
                each["name"]: int(each.get("startTimeout") or _START_SECONDS) for each in containers
            }
            ordered = [containers[place] for place in order]
            start(task, {**definition, "containerDefinitions": ordered}, *others)

        return starting

    def _waiting(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap what starts a container."""

        def running(docker: Any, container: Record, arguments: Record, **more: Any) -> Any:  # noqa: ANN401
            task = self._ecs._tasks.get(arguments["labels"]["com.amazonaws.ecs.task-arn"])
            for dependency in container.get("dependsOn") or ():
                try:
                    self._wait(docker, task, container["name"], dependency)
                except UnmetDependencyError as error:
                    task["_unmet"] = (container["name"], str(error))
                    raise
            return run(docker, container, arguments, **more)

        return running

    def _wait(self, docker: Any, task: Record, target: str, dependency: Mapping[str, str]) -> None:  # noqa: ANN401
        name, condition = dependency["containerName"], dependency["condition"]
        edge = f"container ordering dependency [{name}] for target [{target}]"
        deadline = time.monotonic() + task["_start_seconds"][name]
        while (met := _met(docker, task, name, condition)) is None:
            if not self._ecs._task_is_active(task["taskArn"], task):
                raise RuntimeError("the task was stopped")  # which is no fault of its containers
            if time.monotonic() > deadline:
                raise UnmetDependencyError(f"dependency graph: {edge} has timed out.")
            time.sleep(_POLL_SECONDS)
        if not met:
            raise UnmetDependencyError(
                f"dependency graph: failed to resolve {edge} as dependency did not exit "
                "successfully."
            )

    def _explaining(self, fail: Callable[..., None]) -> Callable[..., None]:
        """Wrap what ends a task that does not start: the container that could not says why."""

        def failing(task: Record, docker: Any, reason: str) -> None:  # noqa: ANN401
            if "_unmet" not in task:
                fail(task, docker, reason)
                return
            name, why = task["_unmet"]
            (container,) = (each for each in task["containers"] if each["name"] == name)
            container |= {
                "exitCode": _NEVER_STARTED,
                "reason": f"CannotStartContainerError: {why}",
            }
            fail(task, docker, "Task failed to start")

        return failing


def _met(docker: Any, task: Record, name: str, condition: str) -> bool | None:  # noqa: ANN401
    """Whether a condition is met; None as long as that is not known."""
    place = [each["name"] for each in task["containers"]].index(name)
    if condition == "START":
        return True  # it comes first in the order
    state = docker.containers.get(task["_docker_ids"][place]).attrs["State"]
    if state["Status"] != "exited":
        return None
    code = int(state["ExitCode"])
    task["containers"][place] |= {"lastStatus": "STOPPED", "exitCode": code}
    return code == 0 or condition == "COMPLETE"
