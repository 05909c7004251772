from typing import Any

import pytest

from tests.policies.judged import GONE, UNKNOWN, record
from todo_policies import guard_rails
from todo_policies.guard_rails import (
    DATABASE_SIZE_LIMIT,
    MONTHLY_COST_LIMIT,
    TASK_COUNT_LIMIT,
    TASK_SIZE_LIMIT,
)
from todo_policies.resource_types import (
    BUDGET,
    INSTANCE,
    SCALING_TARGET,
    SCHEDULED_ACTION,
    TASK_DEFINITION,
)
from todo_policies.rule import Rule

PLAN = "todo:index:Autoscaling"

CASES: list[tuple[Rule, str, str, Any, str]] = [
    (TASK_COUNT_LIMIT, SCALING_TARGET, "maxCapacity", 101, "maxCapacity is 101; 100 are allowed"),
    (TASK_COUNT_LIMIT, SCALING_TARGET, "maxCapacity", GONE, "maxCapacity is not set"),
    (TASK_COUNT_LIMIT, SCALING_TARGET, "maxCapacity", UNKNOWN, "maxCapacity is unknown"),
    (TASK_COUNT_LIMIT, SCALING_TARGET, "minCapacity", 1, "minCapacity is 1; at least 2"),
    (TASK_COUNT_LIMIT, SCALING_TARGET, "minCapacity", GONE, "minCapacity is not set"),
    (TASK_COUNT_LIMIT, SCALING_TARGET, "minCapacity", 101, "minCapacity is 101; 100 are allowed"),
    (TASK_SIZE_LIMIT, TASK_DEFINITION, "cpu", "8192", "cpu is 8192; 4096 is allowed"),
    (TASK_SIZE_LIMIT, TASK_DEFINITION, "memory", "32768", "memory is 32768; 16384 is allowed"),
    (TASK_SIZE_LIMIT, TASK_DEFINITION, "cpu", GONE, "cpu is not set"),
    (DATABASE_SIZE_LIMIT, INSTANCE, "instanceClass", "db.r7g.16xlarge", "is db.r7g.16xlarge"),
    (DATABASE_SIZE_LIMIT, INSTANCE, "instanceClass", GONE, "instanceClass is not set"),
    (DATABASE_SIZE_LIMIT, INSTANCE, "allocatedStorage", 2000, "is 2000 GiB; 1000 are allowed"),
    (DATABASE_SIZE_LIMIT, INSTANCE, "maxAllocatedStorage", 9000, "is 9000 GiB; 4000 are allowed"),
]


@pytest.mark.parametrize("rule", guard_rails.RULES, ids=lambda rule: rule.name)
def test_prod_passes(rule: Rule) -> None:
    assert record().judge(rule) == []


@pytest.mark.parametrize(("rule", "type_", "path", "value", "message"), CASES)
def test_beyond_the_limits_the_platform_team_is_asked(
    rule: Rule, type_: str, path: str, value: object, message: str
) -> None:
    stack = record()
    stack.change(type_, path, value)
    [problem] = stack.judge(rule)
    assert message in problem
    assert "Ask the platform team" in rule.fix


@pytest.mark.parametrize(
    ("rule", "type_", "path", "value"),
    [
        (TASK_COUNT_LIMIT, SCALING_TARGET, "minCapacity", 2),
        (TASK_COUNT_LIMIT, SCALING_TARGET, "minCapacity", 100),
        (TASK_COUNT_LIMIT, SCALING_TARGET, "maxCapacity", 100),
        (TASK_SIZE_LIMIT, TASK_DEFINITION, "cpu", "4096"),
        (TASK_SIZE_LIMIT, TASK_DEFINITION, "memory", "16384"),
        (DATABASE_SIZE_LIMIT, INSTANCE, "allocatedStorage", 1000),
        (DATABASE_SIZE_LIMIT, INSTANCE, "maxAllocatedStorage", 4000),
        (MONTHLY_COST_LIMIT, PLAN, "monthlyCostUsd", 5000),
    ],
)
def test_up_to_the_limits_nobody_is_asked(rule: Rule, type_: str, path: str, value: object) -> None:
    stack = record()
    stack.change(type_, path, value)
    assert stack.judge(rule) == []


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ({"minCapacity": 500}, "minCapacity is 500; 100 are allowed"),
        ({"minCapacity": 1}, "minCapacity is 1; at least 2"),
        ({"maxCapacity": 500}, "maxCapacity is 500; 100 are allowed"),
    ],
)
def test_events_stay_within_the_limits(action: dict[str, int], message: str) -> None:
    stack = record()
    stack.add(SCHEDULED_ACTION, {"scalableTargetAction": action})
    [problem] = stack.judge(TASK_COUNT_LIMIT)
    assert message in problem


@pytest.mark.parametrize("action", [{"minCapacity": 10}, {"maxCapacity": 100}, {}])
def test_an_event_may_leave_out_what_it_does_not_change(action: dict[str, int]) -> None:
    stack = record()
    stack.add(SCHEDULED_ACTION, {"scalableTargetAction": action})
    assert stack.judge(TASK_COUNT_LIMIT) == []


def test_what_the_plan_costs_is_limited() -> None:
    stack = record()
    stack.of(PLAN).inputs["monthlyCostUsd"] = 5000.5
    [problem] = stack.judge(MONTHLY_COST_LIMIT)
    assert "monthlyCostUsd is 5000.5 USD; 5000 are allowed" in problem
    assert stack.judge(MONTHLY_COST_LIMIT, maxUsd=6000) == []


def test_a_plan_without_known_prices_is_not_judged() -> None:
    stack = record()
    stack.of(PLAN).inputs.pop("monthlyCostUsd", None)
    assert stack.judge(MONTHLY_COST_LIMIT) == []


def test_a_budget_is_within_the_limit_too() -> None:
    stack = record("prod", observability={"monthlyBudgetUsd": 6000})
    [problem] = stack.judge(MONTHLY_COST_LIMIT)
    assert "limitAmount is 6000 USD; 5000 are allowed" in problem
    stack.change(BUDGET, "limitAmount", GONE)
    assert "limitAmount is not set" in stack.judge(MONTHLY_COST_LIMIT)[0]


def test_limits_are_configured() -> None:
    assert len(record().judge(TASK_COUNT_LIMIT, maxTasks=10)) == 1
    assert record("dev").judge(TASK_COUNT_LIMIT, minTasks=1) == []
    assert len(record().judge(TASK_SIZE_LIMIT, maxCpu=256, maxMemory=512)) == 2
    assert len(record().judge(DATABASE_SIZE_LIMIT, classes=["db.t4g.micro"])) == 1
    assert len(record().judge(DATABASE_SIZE_LIMIT, maxStorageGib=20, maxGrownStorageGib=20)) == 2
