from typing import Any

import pytest
from pulumi_policy.proxy import UnknownValueError

from tests.policies.judged import GONE, UNKNOWN, record
from todo_policies import container_limits
from todo_policies.container_limits import (
    CONTAINER_ROOT_READ_ONLY,
    CONTAINER_UNPRIVILEGED,
    CONTAINER_WATCHED,
)
from todo_policies.resource_types import TASK_DEFINITION
from todo_policies.rule import Rule

COMPONENT = "todo:index:Service"
LINUX = "linuxParameters"
MOUNT = {"sourceVolume": "data", "containerPath": "/data"}
PEOPLE = {"deployment": {"allowExec": True}}

CASES: list[tuple[Rule, str, Any, str]] = [
    (CONTAINER_UNPRIVILEGED, "privileged", True, "it is privileged"),
    (CONTAINER_UNPRIVILEGED, "user", GONE, "its user is not set"),
    (CONTAINER_UNPRIVILEGED, "user", "root", "its user is root"),
    (CONTAINER_UNPRIVILEGED, "user", "0:65532", "its user is 0:65532"),
    (CONTAINER_UNPRIVILEGED, "user", "65532:0", "its group is root's"),
    (CONTAINER_UNPRIVILEGED, "user", "65532:root", "its group is root's"),
    (CONTAINER_UNPRIVILEGED, f"{LINUX}.capabilities.drop", ["NET_RAW"], "does not hold ALL"),
    (CONTAINER_UNPRIVILEGED, LINUX, GONE, "does not hold ALL"),
    (CONTAINER_UNPRIVILEGED, f"{LINUX}.capabilities.add", ["SYS_PTRACE"], "SYS_PTRACE"),
    (CONTAINER_UNPRIVILEGED, f"{LINUX}.devices", [{"hostPath": "/dev/x"}], "devices of the host"),
    (CONTAINER_UNPRIVILEGED, "interactive", True, "interactive is True"),
    (CONTAINER_UNPRIVILEGED, "pseudoTerminal", True, "pseudoTerminal is True"),
    (CONTAINER_ROOT_READ_ONLY, "readonlyRootFilesystem", False, "is False"),
    (CONTAINER_ROOT_READ_ONLY, "readonlyRootFilesystem", GONE, "is not set"),
    (CONTAINER_ROOT_READ_ONLY, "mountPoints", [MOUNT], "it can write into volume data"),
    (CONTAINER_WATCHED, "logConfiguration", GONE, "its logDriver is not set"),
    (CONTAINER_WATCHED, "logConfiguration.logDriver", "none", "its logDriver is none"),
    (CONTAINER_WATCHED, "logConfiguration.options.awslogs-group", "", "its log goes to no group"),
    (CONTAINER_WATCHED, "healthCheck", GONE, "it has no healthCheck"),
    (CONTAINER_WATCHED, "healthCheck.command", ["NONE"], "it has no healthCheck"),
    (CONTAINER_WATCHED, "healthCheck.command", ["NONE", "/healthy"], "it has no healthCheck"),
    (CONTAINER_WATCHED, "healthCheck.command", ["CMD"], "it has no healthCheck"),
]


@pytest.mark.parametrize("rule", container_limits.RULES, ids=lambda rule: rule.name)
def test_prod_passes(rule: Rule) -> None:
    assert record().judge(rule) == []


@pytest.mark.parametrize("type_", [TASK_DEFINITION, COMPONENT])
@pytest.mark.parametrize(("rule", "path", "value", "message"), CASES)
def test_each_loosening_is_refused_in_task_and_component(
    rule: Rule, path: str, value: object, message: str, type_: str
) -> None:
    stack = record()
    changed = stack.change(type_, f"containerDefinitions.0.{path}", value)
    [problem] = stack.judge(rule)
    assert problem.startswith(f"{changed.name}: container app: ")
    assert message in problem


@pytest.mark.parametrize("path", ["user", "readonlyRootFilesystem", "logConfiguration"])
def test_what_is_unknown_in_a_component_is_refused(path: str) -> None:
    stack = record()
    stack.change(COMPONENT, f"containerDefinitions.0.{path}", UNKNOWN)
    problems = [problem for rule in container_limits.RULES for problem in stack.judge(rule)]
    assert len(problems) == 1
    assert "unknown before the update" in problems[0]


@pytest.mark.parametrize("rule", container_limits.RULES, ids=lambda rule: rule.name)
def test_wholly_unknown_definitions_are_left_to_the_update(rule: Rule) -> None:
    stack = record()
    stack.change(TASK_DEFINITION, "containerDefinitions", UNKNOWN)
    with pytest.raises(UnknownValueError):
        stack.judge(rule)


def test_a_user_needs_no_group() -> None:
    stack = record()
    stack.change(TASK_DEFINITION, "containerDefinitions.0.user", "65532")
    assert stack.judge(CONTAINER_UNPRIVILEGED) == []


def test_a_mount_that_is_only_read_passes() -> None:
    stack = record()
    stack.change(
        TASK_DEFINITION, "containerDefinitions.0.mountPoints", [MOUNT | {"readOnly": True}]
    )
    assert stack.judge(CONTAINER_ROOT_READ_ONLY) == []


def test_a_container_that_ends_by_itself_needs_no_health_check() -> None:
    definitions = record().of(COMPONENT).inputs["containerDefinitions"]
    [migrate] = [one for one in definitions if not one["essential"]]
    assert "healthCheck" not in migrate
    stack = record()
    stack.change(COMPONENT, "containerDefinitions.1.essential", value=True)
    assert len(stack.judge(CONTAINER_WATCHED)) == 1


def test_writing_only_where_people_may_enter_and_the_stack_allows_it() -> None:
    stack = record("dev", **PEOPLE)
    assert len(stack.judge(CONTAINER_ROOT_READ_ONLY)) == 2
    assert stack.judge(CONTAINER_ROOT_READ_ONLY, writableWithExec=True) == []
    stack.change(COMPONENT, "enableExecuteCommand", value=False)
    [problem] = stack.judge(CONTAINER_ROOT_READ_ONLY, writableWithExec=True)
    assert problem.startswith("todo-dev: container app: readonlyRootFilesystem is False")


def test_log_drivers_are_configured() -> None:
    assert len(record().judge(CONTAINER_WATCHED, logDrivers=["awsfirelens"])) == 4
