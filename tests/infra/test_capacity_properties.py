"""Whatever the team writes, the answer is a plan that can be, or one clear error."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from tests.infra.recorder import OWN_MASTER, stack_config
from todo_infra import config
from todo_infra.capacity import CapacityPlan, plan_capacity
from todo_infra.config.capacity import MOST_TASKS
from todo_infra.database_limits import usable_connections
from todo_infra.errors import ConfigErrors
from todo_infra.sizes import DATABASE_CLASSES, TASK_SIZES

NOW = datetime(2027, 1, 1, tzinfo=UTC)
BASE = stack_config("prod")
EXAMPLES = 10_000
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
FARGATE_GIB = {
    256: (0.5, 1, 2),
    512: range(1, 5),
    1024: range(2, 9),
    2048: range(4, 17),
    4096: range(8, 31),
}

# By factors: small numbers are where the rounding is, large ones where the limits are. Few draws
# make up an example, as drawing is what takes the time.
requests = st.integers(0, 10_000).map(lambda n: round(1.0015**n))
maybe_tasks = st.sampled_from([*[None] * 40, *range(1, 41), 100, 250, 499, MOST_TASKS])
pools = st.integers(0, 99).map(lambda n: min(200, 1 + n * n // 48))
choices = st.sampled_from(
    list(
        itertools.product(
            sorted(TASK_SIZES),
            sorted(DATABASE_CLASSES),
            ["eu-west-1", "us-east-1", "eu-central-1", "ap-south-1"],
            ["linux/amd64", "linux/arm64"],
            [False, True],
            [False, True],
        )
    )
)


def written(minutes: int) -> str:
    return f"{NOW + timedelta(minutes=minutes):%Y-%m-%dT%H:%MZ}"


@st.composite
def events(draw: st.DrawFn, expected: int) -> list[dict[str, Any]]:
    return [
        {
            "name": f"event-{number}",
            "from": written(begins := draw(st.integers(-3_000, 60_000))),
            "until": written(begins + draw(st.integers(1, 5_000))),
            "peakRequestsPerSecond": max(1, expected + draw(requests) - 10),
        }
        for number in range(draw(st.integers(0, 2)))
    ]


@st.composite
def stacks(draw: st.DrawFn) -> dict[str, Any]:
    """Return a stack's config, of which every value by itself is allowed."""
    expected = draw(requests)
    task_size, size, region, platform, proxy, multi_az = draw(choices)
    capacity: dict[str, Any] = {
        "expectedRequestsPerSecond": expected,
        "peakRequestsPerSecond": max(1, expected + draw(requests) - 10),
        "taskSize": task_size,
        "readPercent": draw(st.integers(0, 100)),
        "events": draw(events(expected)),
    }
    for key in ("minTasks", "maxTasks"):
        if (tasks := draw(maybe_tasks)) is not None:
            capacity[key] = tasks
    database = {
        "size": size,
        "storageGiB": draw(st.integers(20, 16_384)),
        "readReplicas": draw(st.integers(0, 5)),
        "connectionsPerTask": draw(pools),
    }
    operations = {"proxy": proxy, "multiAz": multi_az, **OWN_MASTER}
    return BASE | {
        "aws:region": region,
        "todo:capacity": capacity,
        "todo:database": database,
        "todo:databaseOperations": BASE["todo:databaseOperations"] | operations,
        "todo:image": {"platform": platform},
    }


def planned(stack: dict[str, Any]) -> CapacityPlan | None:
    try:
        return plan_capacity(config.parse(stack), NOW)
    except ConfigErrors as refused:
        _is_clear(refused)
        return None


def _is_clear(refused: ConfigErrors) -> None:
    assert refused.problems
    for problem in refused.problems:
        assert problem.key.startswith("todo:capacity.")
        assert problem.value is not None
        assert problem.allowed
        assert problem.fix.endswith(".")
        assert "\n" not in str(problem)


def _is_legal(plan: CapacityPlan, stack: dict[str, Any]) -> None:
    assert 1 <= plan.floor_tasks <= plan.min_tasks <= plan.max_tasks <= MOST_TASKS
    size = TASK_SIZES[plan.task_size]
    assert size.memory / 1024 in FARGATE_GIB[size.cpu]
    assert plan.requests_per_task_per_minute >= 60
    assert plan.requests_per_task_per_minute <= 60 * plan.rated_requests_per_task_per_second
    for change in plan.changes:
        assert change.at > NOW
        assert plan.floor_tasks <= change.min_tasks <= plan.max_tasks
    assert len({change.name for change in plan.changes}) == len(plan.changes)
    assert (plan.reserved_units > 0) == any(one.begins <= NOW for one in plan.reservations)
    database = stack["todo:database"]
    pool, usable = database["connectionsPerTask"], usable_connections(database["size"])
    proxied = stack["todo:databaseOperations"]["proxy"] and not database["readReplicas"]
    assert plan.max_tasks * pool * (1 if proxied else 2) + 8 <= usable


def _says_what_it_does_not_do(plan: CapacityPlan, stack: dict[str, Any]) -> None:
    """Never less than was asked for without a word."""
    target = plan.requests_per_task_per_minute // 60
    if plan.max_tasks * target < plan.peak_requests_per_second:
        assert any(w.startswith("todo:capacity.maxTasks") for w in plan.warnings)
    if plan.floor_tasks * target < plan.expected_requests_per_second:
        assert any("at rest" in note for note in plan.notes)
    if stack["aws:region"] == "ap-south-1":
        assert plan.cost is None
        assert any("no prices for ap-south-1" in warning for warning in plan.warnings)


def _costs_add_up(plan: CapacityPlan) -> None:
    for cost in (plan.cost, plan.ceiling_cost):
        if cost is not None:
            assert cost.usd == pytest.approx(sum(part.usd for part in cost.parts), abs=0.001)
            assert all(part.usd > 0 for part in cost.parts)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(stacks())
def test_every_config_is_a_plan_that_can_be_or_one_clear_error(stack: dict[str, Any]) -> None:
    if (plan := planned(stack)) is not None:
        event("a plan")
        _is_legal(plan, stack)
        _says_what_it_does_not_do(plan, stack)
        _costs_add_up(plan)


@settings(max_examples=1_000, deadline=None, database=None, derandomize=True)
@given(stacks(), requests, requests)
def test_more_traffic_never_means_less_of_anything(
    stack: dict[str, Any], more_expected: int, more_peak: int
) -> None:
    capacity = stack["todo:capacity"] | {"events": []}
    capacity["peakRequestsPerSecond"] += capacity["expectedRequestsPerSecond"]
    bigger = capacity | {
        "expectedRequestsPerSecond": capacity["expectedRequestsPerSecond"] + more_expected,
        "peakRequestsPerSecond": capacity["peakRequestsPerSecond"] + more_expected + more_peak,
    }
    less = planned(stack | {"todo:capacity": capacity})
    more = planned(stack | {"todo:capacity": bigger})
    if less is None:
        assert more is None or bigger["expectedRequestsPerSecond"] > 10_000_000
    if less is None or more is None:
        return
    assert less.floor_tasks <= more.floor_tasks
    assert less.max_tasks <= more.max_tasks
    assert less.connections.most <= more.connections.most
    if less.cost and more.cost and less.ceiling_cost and more.ceiling_cost:
        assert less.cost.usd <= more.cost.usd
        assert less.ceiling_cost.usd <= more.ceiling_cost.usd
