"""What is in a task: containers that own as little as possible, and are watched."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_policy import Severity

from todo_policies.containers import DEFINITIONS, Container, containers, has_containers
from todo_policies.parameters import parameter
from todo_policies.reading import is_set, shown
from todo_policies.resource_types import TASK_DEFINITION
from todo_policies.rule import ResourceRule, Rule, Subject

__all__ = [
    "CONTAINER_ROOT_READ_ONLY",
    "CONTAINER_UNPRIVILEGED",
    "CONTAINER_WATCHED",
    "RULES",
]

_ROOT = {"", "0", "root"}


def _powerful(subject: Subject) -> Iterator[str]:
    for container in containers(subject):
        for problem in _powers(container.definition):
            yield f"container {container.name}: {problem}"


def _powers(definition: Mapping[str, Any]) -> Iterator[str]:
    if definition.get("privileged") not in (None, False):
        yield "it is privileged."
    user = str(definition.get("user") or "")
    if user.partition(":")[0].lower() in _ROOT:
        yield f"its user is {user or 'not set'}, which is root unless the image says otherwise."
    if user.partition(":")[2] in {"0", "root"}:
        yield f"its group is root's: {user}."
    linux = definition.get("linuxParameters") or {}
    capabilities = linux.get("capabilities") or {}
    if "ALL" not in (capabilities.get("drop") or ()):
        yield "linuxParameters.capabilities.drop does not hold ALL."
    for added in capabilities.get("add") or ():
        yield f"it is given the capability {added}."
    if linux.get("devices"):
        yield "it is given devices of the host."
    for key in ("interactive", "pseudoTerminal"):
        if definition.get(key) not in (None, False):
            yield f"{key} is {shown(definition.get(key))}: it waits for somebody to type."


CONTAINER_UNPRIVILEGED = ResourceRule(
    name="container-unprivileged",
    severity=Severity.HIGH,
    why="No container runs as root, privileged, or with a capability: whoever breaks into one "
    "finds nothing to go on with.",
    fix="Set user to a number other than 0, capabilities.drop to ALL, and leave out privileged.",
    controls=("ECS.4", "ECS.20"),
    applies_to=has_containers,
    check=_powerful,
    deferred_input=DEFINITIONS,
)


@dataclass(frozen=True, kw_only=True)
class _Roots:
    writable_with_exec: bool = parameter(
        False, "Let containers write to their own files where people may enter the task."
    )


def _writable(subject: Subject, parameters: _Roots) -> Iterator[str]:
    # A task definition does not show who may enter; the component that makes both does.
    entered = subject.resource_type == TASK_DEFINITION or (
        subject.props.get("enableExecuteCommand") is True
    )
    if parameters.writable_with_exec and entered:
        return
    for container in containers(subject):
        value = container.definition.get("readonlyRootFilesystem")
        if value is not True:
            yield f"container {container.name}: readonlyRootFilesystem is {shown(value)}."
        for mount in container.definition.get("mountPoints") or ():
            if mount.get("readOnly") is not True:
                volume = shown(mount.get("sourceVolume"))
                yield f"container {container.name}: it can write into volume {volume}."


CONTAINER_ROOT_READ_ONLY = ResourceRule(
    name="container-root-read-only",
    severity=Severity.HIGH,
    why="No container can change its own files, so nothing that gets in can stay.",
    fix="Set readonlyRootFilesystem to true; todo:deployment.allowExec takes it away.",
    controls=("ECS.5",),
    parameters=_Roots(),
    applies_to=has_containers,
    check=_writable,
    deferred_input=DEFINITIONS,
)


@dataclass(frozen=True, kw_only=True)
class _Watch:
    log_drivers: tuple[str, ...] = parameter(("awslogs", "awsfirelens"), "Where containers log.")


def _unwatched(subject: Subject, parameters: _Watch) -> Iterator[str]:
    for container in containers(subject):
        for problem in _blind_spots(container, parameters):
            yield f"container {container.name}: {problem}"


def _blind_spots(container: Container, parameters: _Watch) -> Iterator[str]:
    log = container.definition.get("logConfiguration") or {}
    driver = log.get("logDriver")
    if driver not in parameters.log_drivers:
        yield f"its logDriver is {shown(driver)}; allowed: {', '.join(parameters.log_drivers)}."
    elif driver == "awslogs" and not is_set(log.get("options") or {}, "awslogs-group"):
        yield "its log goes to no group."
    # AWS takes a container for essential that does not say otherwise.
    if container.definition.get("essential") is not False:
        check = container.definition.get("healthCheck") or {}
        kind, *command = check.get("command") or ["NONE"]
        if kind == "NONE" or not command:
            yield "nothing asks whether it lives: it has no healthCheck."


CONTAINER_WATCHED = ResourceRule(
    name="container-watched",
    severity=Severity.MEDIUM,
    why="Every container logs, and those that a task depends on are asked whether they live.",
    fix="Give it a logConfiguration, and a healthCheck unless it is not essential.",
    controls=("ECS.9",),
    parameters=_Watch(),
    applies_to=has_containers,
    check=_unwatched,
    deferred_input=DEFINITIONS,
)

RULES: tuple[Rule, ...] = (
    CONTAINER_UNPRIVILEGED,
    CONTAINER_ROOT_READ_ONLY,
    CONTAINER_WATCHED,
)
