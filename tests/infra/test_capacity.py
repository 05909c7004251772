from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.infra.recorder import stack_config, use_config
from todo_infra import config
from todo_infra.capacity import CapacityPlan, plan_capacity
from todo_infra.errors import ConfigErrors

SALE = {"name": "sale", "from": "2027-01-02T06:00Z", "until": "2027-01-02T18:00Z", "minTasks": 8}
NOON = {"name": "noon", "from": "2027-01-02T12:00Z", "until": "2027-01-02T13:00Z", "minTasks": 5}
NIGHT = {"name": "night", "from": "2027-01-02T18:00Z", "until": "2027-01-03T02:00Z", "minTasks": 6}


def use(*events: Mapping[str, Any], **capacity: int) -> config.Settings:
    values = {"minTasks": 2, "maxTasks": 20, "events": list(events), **capacity}
    use_config(stack_config("prod") | {"todo:capacity": values})
    return config.load()


def plan(now: str, *events: Mapping[str, Any], **capacity: int) -> CapacityPlan:
    moment = datetime.strptime(now, "%Y-%m-%dT%H:%M").replace(tzinfo=UTC)
    return plan_capacity(use(*events, **capacity), moment)


def changes(planned: CapacityPlan) -> list[tuple[str, str, int]]:
    return [(one.name, f"{one.at:%dT%H:%M}", one.min_tasks) for one in planned.changes]


def problems(*events: Mapping[str, Any]) -> Sequence[str]:
    with pytest.raises(ConfigErrors) as caught:
        use(*events)
    return [str(problem) for problem in caught.value.problems]


def test_without_events_the_plan_is_what_the_team_set() -> None:
    assert plan("2027-01-01T00:00", requestsPerTaskPerSecond=50) == CapacityPlan(
        min_tasks=2,
        max_tasks=20,
        requests_per_task_per_minute=3000,
        cpu_percent=60,
        memory_percent=75,
        changes=(),
        past_events=(),
    )


def test_the_floor_rises_ten_minutes_before_an_event_and_falls_at_its_end() -> None:
    planned = plan("2027-01-01T00:00", SALE)
    assert changes(planned) == [("sale-begins", "02T05:50", 8), ("sale-ends", "02T18:00", 2)]
    assert planned.min_tasks == 2


@pytest.mark.parametrize("now", ["2027-01-02T05:50", "2027-01-02T06:00", "2027-01-02T17:59"])
def test_a_deployment_during_an_event_keeps_its_floor(now: str) -> None:
    planned = plan(now, SALE)
    assert planned.min_tasks == 8
    assert changes(planned) == [("sale-ends", "02T18:00", 2)]
    assert planned.past_events == ()


def test_an_event_that_is_over_plans_nothing_and_is_named() -> None:
    planned = plan("2027-01-02T18:00", SALE, NIGHT)
    assert planned.past_events == ("sale",)
    assert changes(planned) == [("night-ends", "03T02:00", 2)]
    assert planned.min_tasks == 6


def test_a_smaller_event_within_a_bigger_one_takes_nothing_away() -> None:
    assert changes(plan("2027-01-01T00:00", NOON, SALE)) == [
        ("sale-begins", "02T05:50", 8),
        ("noon-begins", "02T11:50", 8),
        ("noon-ends", "02T13:00", 8),
        ("sale-ends", "02T18:00", 2),
    ]


def test_of_two_events_in_a_row_the_first_leaves_the_second_its_tasks() -> None:
    assert changes(plan("2027-01-01T00:00", SALE, NIGHT)) == [
        ("sale-begins", "02T05:50", 8),
        ("night-begins", "02T17:50", 8),
        ("sale-ends", "02T18:00", 6),
        ("night-ends", "03T02:00", 2),
    ]


def test_each_name_is_used_once() -> None:
    (problem,) = problems(SALE, SALE)
    assert problem.startswith("todo:capacity.events is 'sale'; allowed: each name once.")


@pytest.mark.parametrize("until", ["2027-01-02T06:00Z", "2027-01-01T18:00Z"])
def test_an_event_ends_after_it_began(until: str) -> None:
    (problem,) = problems(SALE | {"until": until})
    assert problem.startswith(
        f"todo:capacity.events[sale].until is '{until}'; allowed: a time after from "
        "(2027-01-02T06:00Z)."
    )


@pytest.mark.parametrize(
    ("tasks", "fix"), [(1, "Remove the event."), (21, "Raise todo:capacity.maxTasks.")]
)
def test_an_event_asks_for_what_the_limits_allow(tasks: int, fix: str) -> None:
    (problem,) = problems(SALE | {"minTasks": tasks})
    assert problem == (
        f"todo:capacity.events[sale].minTasks is {tasks}; allowed: minTasks (2) to maxTasks (20) "
        f"of todo:capacity. {fix}"
    )


@pytest.mark.parametrize(
    "event",
    [
        "sale",
        {key: value for key, value in SALE.items() if key != "until"},
        SALE | {"maxTasks": 9},
        SALE | {"name": "Sale!"},
        SALE | {"name": 7},
        SALE | {"from": "2027-01-02T06:00:00Z"},
        SALE | {"from": "2027-01-02T06:00+01:00"},
        SALE | {"from": "2027-02-30T06:00Z"},
        SALE | {"until": 20270102},
        SALE | {"minTasks": "8"},
        SALE | {"minTasks": 0},
    ],
)
def test_an_event_that_cannot_be_read_is_shown_an_example(event: dict[str, Any]) -> None:
    (problem,) = problems(event)
    assert "allowed: a list of events {name, from, until, minTasks}" in problem
