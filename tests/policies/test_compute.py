from typing import Any

import pytest

from tests.policies.judged import GONE, UNKNOWN, record
from todo_policies import compute, exec_sessions
from todo_policies.compute import (
    CLUSTER_MEASURED,
    SERVICE_NOT_PUBLIC,
    SERVICE_PLATFORM_CURRENT,
    SERVICE_PRIVATE_SUBNETS,
    SERVICE_ROLLS_BACK,
    TASK_ISOLATED,
)
from todo_policies.exec_sessions import SERVICE_CLOSED_TO_PEOPLE
from todo_policies.resource_types import (
    CAPACITY_PROVIDERS,
    ECS_CLUSTER,
    ECS_SERVICE,
    LOAD_BALANCER,
    TASK_DEFINITION,
)
from todo_policies.rule import Rule

NETWORK = "networkConfiguration"
BREAKER = "deploymentCircuitBreaker"
EFS: dict[str, Any] = {"name": "data", "efsVolumeConfiguration": {"transitEncryption": "DISABLED"}}
PEOPLE = {"deployment": {"allowExec": True}}
SESSIONS = "configuration.executeCommandConfiguration"

CASES: list[tuple[Rule, str, str, Any, str]] = [
    (TASK_ISOLATED, TASK_DEFINITION, "networkMode", "host", "networkMode is host"),
    (TASK_ISOLATED, TASK_DEFINITION, "networkMode", GONE, "networkMode is not set"),
    (TASK_ISOLATED, TASK_DEFINITION, "networkMode", UNKNOWN, "networkMode is unknown"),
    (TASK_ISOLATED, TASK_DEFINITION, "pidMode", "host", "pidMode is host"),
    (TASK_ISOLATED, TASK_DEFINITION, "ipcMode", "host", "ipcMode is host"),
    (TASK_ISOLATED, TASK_DEFINITION, "requiresCompatibilities", ["EC2"], "is EC2, and not FARGATE"),
    (TASK_ISOLATED, TASK_DEFINITION, "requiresCompatibilities", GONE, "is not set, and not"),
    (TASK_ISOLATED, TASK_DEFINITION, "volumes", [{"name": "a", "hostPath": "/"}], "volume a is a"),
    (TASK_ISOLATED, TASK_DEFINITION, "volumes", [EFS], "data reaches its"),
    (SERVICE_NOT_PUBLIC, ECS_SERVICE, f"{NETWORK}.assignPublicIp", True, "assignPublicIp is True"),
    (SERVICE_NOT_PUBLIC, ECS_SERVICE, f"{NETWORK}.assignPublicIp", GONE, "is not set"),
    (SERVICE_NOT_PUBLIC, ECS_SERVICE, f"{NETWORK}.securityGroups", [], "names no security group"),
    (SERVICE_NOT_PUBLIC, ECS_SERVICE, NETWORK, UNKNOWN, "networkConfiguration is unknown"),
    (SERVICE_PLATFORM_CURRENT, ECS_SERVICE, "platformVersion", "1.3.0", "is 1.3.0; allowed"),
    (SERVICE_PLATFORM_CURRENT, ECS_SERVICE, "platformVersion", GONE, "is not set; allowed"),
    (SERVICE_PLATFORM_CURRENT, ECS_SERVICE, "capacityProviderStrategies", GONE, "not on Fargate"),
    (
        SERVICE_PLATFORM_CURRENT,
        ECS_SERVICE,
        "capacityProviderStrategies.0.capacityProvider",
        "machines",
        "it runs on machines",
    ),
    (
        SERVICE_PLATFORM_CURRENT,
        CAPACITY_PROVIDERS,
        "capacityProviders",
        ["FARGATE", "machines"],
        "is machines, and not",
    ),
    (SERVICE_ROLLS_BACK, ECS_SERVICE, BREAKER, GONE, "deploymentCircuitBreaker.enable is not set"),
    (SERVICE_ROLLS_BACK, ECS_SERVICE, f"{BREAKER}.rollback", False, "rollback is False"),
    (SERVICE_ROLLS_BACK, ECS_SERVICE, "alarms.enable", False, "its alarms stop no deployment"),
    (SERVICE_ROLLS_BACK, ECS_SERVICE, "alarms.rollback", False, "do not take it back"),
    (SERVICE_ROLLS_BACK, ECS_SERVICE, "deploymentMinimumHealthyPercent", 50, "is 50; it has to"),
    (SERVICE_ROLLS_BACK, ECS_SERVICE, "deploymentMinimumHealthyPercent", GONE, "is not set"),
    (SERVICE_ROLLS_BACK, ECS_SERVICE, "deploymentMaximumPercent", 100, "Percent is 100, which"),
    (SERVICE_ROLLS_BACK, ECS_SERVICE, "deploymentController", {"type": "EXTERNAL"}, "EXTERNAL"),
    (SERVICE_CLOSED_TO_PEOPLE, ECS_SERVICE, "enableExecuteCommand", True, "is True"),
    (CLUSTER_MEASURED, ECS_CLUSTER, "settings", GONE, "containerInsights is not set"),
    (CLUSTER_MEASURED, ECS_CLUSTER, "settings.0.value", "disabled", "is disabled; allowed"),
]


@pytest.mark.parametrize("rule", [*compute.RULES, *exec_sessions.RULES], ids=lambda rule: rule.name)
def test_prod_passes(rule: Rule) -> None:
    assert record().judge(rule) == []


@pytest.mark.parametrize(("rule", "type_", "path", "value", "message"), CASES)
def test_each_loosening_is_refused(
    rule: Rule, type_: str, path: str, value: object, message: str
) -> None:
    stack = record()
    changed = stack.change(type_, path, value)
    problems = stack.judge(rule)
    assert any(message in problem for problem in problems), problems
    assert all(problem.startswith(f"{changed.name}: ") for problem in problems)


def test_sharing_within_the_task_is_no_sharing_with_the_host() -> None:
    stack = record()
    stack.change(TASK_DEFINITION, "pidMode", "task")
    stack.change(TASK_DEFINITION, "ipcMode", "none")
    assert stack.judge(TASK_ISOLATED) == []


@pytest.mark.parametrize(
    ("rule", "type_", "path", "value"),
    [
        (TASK_ISOLATED, TASK_DEFINITION, "pidMode", ""),
        (
            TASK_ISOLATED,
            TASK_DEFINITION,
            "volumes",
            [{"name": "data", "efsVolumeConfiguration": {"transitEncryption": "ENABLED"}}],
        ),
        (
            SERVICE_PLATFORM_CURRENT,
            ECS_SERVICE,
            "capacityProviderStrategies",
            [{"capacityProvider": "FARGATE"}, {"capacityProvider": "FARGATE_SPOT"}],
        ),
        (SERVICE_ROLLS_BACK, ECS_SERVICE, "deploymentController", {"type": "ECS"}),
    ],
)
def test_what_is_as_safe_passes(rule: Rule, type_: str, path: str, value: object) -> None:
    stack = record()
    stack.change(type_, path, value)
    assert stack.judge(rule) == []


def test_a_launch_type_will_do_for_a_strategy() -> None:
    stack = record()
    stack.change(ECS_SERVICE, "capacityProviderStrategies", GONE)
    stack.change(ECS_SERVICE, "launchType", "FARGATE")
    assert stack.judge(SERVICE_PLATFORM_CURRENT) == []


def test_tasks_in_a_load_balancers_subnets_are_refused() -> None:
    stack = record()
    public = stack.of(LOAD_BALANCER).inputs["subnets"][0]
    stack.change(ECS_SERVICE, f"{NETWORK}.subnets.0", public)
    [problem] = stack.judge(SERVICE_PRIVATE_SUBNETS)
    assert f"its subnet {public} is a load balancer's" in problem


def test_people_only_where_they_are_allowed() -> None:
    stack = record("dev", **PEOPLE)
    assert stack.judge(SERVICE_CLOSED_TO_PEOPLE) != []
    assert stack.judge(SERVICE_CLOSED_TO_PEOPLE, allowExec=True) == []


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (f"{SESSIONS}.logging", "NONE", "recorded nowhere"),
        (f"{SESSIONS}.logConfiguration", GONE, "recorded nowhere"),
        (f"{SESSIONS}.logConfiguration.cloudWatchLogGroupName", "", "recorded nowhere"),
        (f"{SESSIONS}.logConfiguration.cloudWatchEncryptionEnabled", False, "is False, though"),
    ],
)
def test_sessions_are_recorded_where_people_are_allowed(
    path: str, value: object, message: str
) -> None:
    stack = record("dev", **PEOPLE)
    stack.change(ECS_CLUSTER, path, value)
    [problem] = stack.judge(SERVICE_CLOSED_TO_PEOPLE, allowExec=True)
    assert message in problem


def test_a_bucket_will_do_for_what_people_type() -> None:
    stack = record("dev", **PEOPLE)
    stack.change(ECS_CLUSTER, f"{SESSIONS}.logConfiguration.cloudWatchLogGroupName", GONE)
    stack.change(ECS_CLUSTER, f"{SESSIONS}.logConfiguration.s3BucketName", "sessions")
    assert stack.judge(SERVICE_CLOSED_TO_PEOPLE, allowExec=True) == []


def test_what_is_measured_and_which_platform_is_configured() -> None:
    assert len(record().judge(CLUSTER_MEASURED, allowed=["enhanced"])) == 1
    assert record("dev").judge(CLUSTER_MEASURED, allowed=["disabled"]) == []
    assert len(record().judge(SERVICE_PLATFORM_CURRENT, allowed=["1.4.0"])) == 1
