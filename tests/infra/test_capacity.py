"""What the product team says becomes a plan; each error has its exact text here."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.infra.recorder import OWN_MASTER, stack_config
from todo_infra import config
from todo_infra.capacity import CapacityPlan, plan_capacity
from todo_infra.capacity.data import Throughput, load_prices, load_throughput, months_between
from todo_infra.capacity.sizing import target_per_task, tasks_for
from todo_infra.database_limits import max_connections, usable_connections
from todo_infra.errors import ConfigErrors
from todo_infra.sizes import DATABASE_CLASSES, TASK_SIZES

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
TARGET = 100  # of the task below
FIGURES = Throughput(
    measured=date(2026, 12, 1),
    confidence="measured",
    per_task={"xsmall": 130, "small": 260, "medium": 520, "large": 520, "xlarge": 1040},
    per_database_cpu=1000,
)


@pytest.fixture(autouse=True)
def _figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Round figures, which no benchmark changes: a small task is given 100 requests a second."""
    monkeypatch.setattr("todo_infra.capacity.plan.load_throughput", lambda: FIGURES)


def settings(**changes: Mapping[str, Any] | str) -> config.Settings:
    values = stack_config("prod")
    values["todo:capacity"] = {"expectedRequestsPerSecond": 60, "peakRequestsPerSecond": 600}
    for name, change in changes.items():
        if isinstance(change, str):
            values[name.replace("_", ":")] = change
        else:
            values[f"todo:{name}"] = values.get(f"todo:{name}", {}) | dict(change)
    return config.parse(values)


REPLICATED: dict[str, Any] = {"database": {"readReplicas": 1}, "databaseOperations": OWN_MASTER}


def plan(now: datetime = NOW, /, **changes: Any) -> CapacityPlan:  # noqa: ANN401 - JSON values
    return plan_capacity(settings(**changes), now)


def problems(**changes: Mapping[str, Any] | str) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        plan(**changes)
    return [str(problem) for problem in caught.value.problems]


# Tasks


@pytest.mark.parametrize(
    ("requests", "tasks"), [(1, 2), (200, 2), (201, 4), (600, 6), (601, 8), (1000, 10)]
)
def test_each_task_has_its_share_of_requests(requests: int, tasks: int) -> None:
    assert tasks_for(requests, TARGET) == tasks


@pytest.mark.parametrize("requests", [150, 600, 995, 4321])
def test_what_is_left_of_two_zones_serves_a_third_more(requests: int) -> None:
    tasks = tasks_for(requests, target_per_task(260))
    left = tasks - -(-tasks // 2)
    assert left * 260 >= requests * 1.3


def test_the_floor_is_for_the_busy_hour_and_the_ceiling_for_the_peak() -> None:
    planned = plan(capacity={"expectedRequestsPerSecond": 350, "peakRequestsPerSecond": 1040})
    assert (planned.min_tasks, planned.floor_tasks, planned.max_tasks) == (4, 4, 12)
    assert planned.requests_per_task_per_minute == TARGET * 60
    assert planned.reasons[:3] == (
        (
            "One small task serves 260 req/s, and is given 100: 30 % headroom while more tasks "
            "start, and one of 2 zones may go (two are assumed, the fewest that a network has)."
        ),
        "At least 4 tasks: 350 req/s expected, at 100 req/s per small task.",
        "At most 12 tasks: 1040 req/s at the peak, at 100 req/s per small task.",
    )


@pytest.mark.parametrize(("peak", "floor"), [(1040, 4), (1041, 6), (3000, 12)])
def test_a_crowd_that_nobody_announced_finds_tasks_that_bear_it(peak: int, floor: int) -> None:
    planned = plan(capacity={"peakRequestsPerSecond": peak})
    assert planned.floor_tasks == floor
    assert floor * planned.rated_requests_per_task_per_second >= peak


def test_why_more_tasks_run_than_the_busy_hour_needs_is_said() -> None:
    assert plan(capacity={"peakRequestsPerSecond": 1400}).reasons[1] == (
        "At least 6 tasks: 1400 req/s may come within minutes and unannounced, and these bear "
        "them, with 260 req/s each, until more tasks have started."
    )


def test_an_event_may_be_higher_than_what_comes_unannounced() -> None:
    crowd = sale(peakRequestsPerSecond=3000)
    planned = plan(at("2027-01-01T00:00"), capacity={"events": [crowd]})
    assert (planned.floor_tasks, planned.max_tasks) == (4, 30)


def test_fewer_tasks_than_a_crowd_needs_are_the_teams_choice_and_are_said() -> None:
    planned = plan(capacity={"minTasks": 2, "peakRequestsPerSecond": 1400})
    assert planned.floor_tasks == 2
    assert planned.notes[0] == (
        "todo:capacity.minTasks allows for 2 tasks at rest, which bear 520 req/s: a crowd that "
        "nobody announced, of up to 1400 req/s, is short of tasks for about six minutes; 6 tasks "
        "bear it."
    )


def test_autoscaling_has_room_even_where_the_peak_asks_for_none() -> None:
    planned = plan(capacity={"expectedRequestsPerSecond": 500, "peakRequestsPerSecond": 500})
    assert (planned.min_tasks, planned.max_tasks) == (6, 8)
    assert planned.reasons[2] == (
        "At most 8 tasks: 500 req/s at the peak, at 100 req/s per small task, need 6; the others "
        "are for what is not foreseen."
    )


def test_room_that_nothing_asks_for_takes_no_connection_that_is_not_there() -> None:
    busy = {"expectedRequestsPerSecond": 800, "peakRequestsPerSecond": 800}
    assert plan(capacity=busy, database={"size": "small"}).max_tasks == 8


def test_overrides_are_taken_and_said() -> None:
    planned = plan(capacity={"minTasks": 1, "maxTasks": 3})
    assert (planned.min_tasks, planned.max_tasks) == (1, 3)
    assert planned.reasons[1:3] == (
        "At least 1 task: minTasks says so.",
        "At most 3 tasks: maxTasks says so.",
    )
    assert planned.notes[0] == (
        "todo:capacity.minTasks allows for 1 task at rest: 60 req/s expected need 2 tasks, of "
        "which one zone may lose its own."
    )
    assert planned.warnings == (
        (
            "todo:capacity.maxTasks is 3: todo:capacity.peakRequestsPerSecond 600 needs 6 tasks. "
            "300 requests per second are planned for."
        ),
    )


def test_a_ceiling_below_the_expected_traffic_holds_the_floor_down_and_is_reported() -> None:
    planned = plan(capacity={"expectedRequestsPerSecond": 500, "maxTasks": 3})
    assert (planned.min_tasks, planned.max_tasks) == (3, 3)
    assert planned.notes[0].startswith("todo:capacity.maxTasks allows for 3 tasks at rest")


def test_a_size_that_serves_no_more_than_a_smaller_one_is_reported() -> None:
    assert plan(capacity={"taskSize": "medium"}).warnings == ()
    assert plan(capacity={"taskSize": "large"}).warnings == (
        (
            "todo:capacity.taskSize large serves no more than medium and costs more: the "
            "application uses one CPU of a task. Take medium."
        ),
    )


def test_the_accounts_own_limit_is_named_before_it_is_met() -> None:
    notes = plan(capacity={"peakRequestsPerSecond": 800}).notes
    assert notes[0] == (
        "A deployment with all 8 tasks takes 8 virtual CPUs: the account's quota for Fargate has "
        "to allow for them (new ones have 6)."
    )
    assert not any("quota" in note for note in plan().notes)


# Errors


def test_a_peak_below_the_busy_hour_is_refused() -> None:
    assert problems(capacity={"expectedRequestsPerSecond": 700}) == [
        (
            "todo:capacity.peakRequestsPerSecond is 600; allowed: expectedRequestsPerSecond (700) "
            "or more. The peak is the highest minute, and the busy hour is part of it: raise it."
        )
    ]


def test_more_tasks_than_a_load_balancer_takes_are_refused_with_a_larger_size() -> None:
    assert problems(capacity={"peakRequestsPerSecond": 60_000}) == [
        (
            "todo:capacity.peakRequestsPerSecond is 60000; allowed: what 500 tasks serve, of 100 "
            "requests per second each with taskSize small: at most 50000. Take taskSize medium."
        )
    ]


def test_an_event_that_no_size_serves_is_named() -> None:
    event = sale(peakRequestsPerSecond=300_000)
    assert problems(capacity={"events": [event], "taskSize": "xlarge"}) == [
        (
            "todo:capacity.events[sale].peakRequestsPerSecond is 300000; allowed: what 500 tasks "
            "serve, of 400 requests per second each with taskSize xlarge: at most 200000. Ask the "
            "platform team: it takes two services."
        )
    ]


def test_connections_that_the_database_does_not_have_are_refused_with_three_ways_out() -> None:
    assert problems(capacity={"peakRequestsPerSecond": 1000}, database={"size": "small"}) == [
        (
            "todo:capacity.peakRequestsPerSecond is 1000; allowed: what needs at most 8 tasks: 10 "
            "tasks with 8 database connections each, twice while a deployment runs, and 8 others "
            "make 168, and todo:database.size small accepts 138. Ways out: todo:database.size "
            "medium; todo:database.connectionsPerTask 6; todo:databaseOperations.proxy true, "
            "before which the new tasks of a deployment wait."
        )
    ]


def test_the_ways_out_are_said_to_be_closed_where_they_are() -> None:
    (problem,) = problems(capacity={"peakRequestsPerSecond": 40_000, "readPercent": 0})
    assert problem.endswith(
        "Ways out: no todo:database.size (none has enough); no todo:database.connectionsPerTask "
        "(1 is too many); no RDS Proxy (prepared statements keep its connections: it has to have "
        "as many)."
    )


@pytest.mark.parametrize(
    ("changes", "closed"),
    [
        (REPLICATED, "no RDS Proxy (todo:database.readReplicas are"),
        ({"databaseOperations": {"proxy": True}}, "no RDS Proxy, which is there already"),
    ],
)
def test_a_proxy_is_no_way_out_where_it_would_not_help(
    changes: dict[str, Any], closed: str
) -> None:
    database = {"size": "small"} | changes.get("database", {})
    (problem,) = problems(
        **(changes | {"capacity": {"peakRequestsPerSecond": 4000}, "database": database})
    )
    assert closed in problem


@pytest.mark.parametrize(
    ("capacity", "named"),
    [
        ({"maxTasks": 20}, "maxTasks is 20"),
        ({"minTasks": 20}, "minTasks is 20"),
    ],
)
def test_too_many_connections_are_the_fault_of_whatever_asks_for_the_tasks(
    capacity: dict[str, Any], named: str
) -> None:
    (problem,) = problems(capacity=capacity, database={"size": "small"})
    assert problem.startswith(f"todo:capacity.{named}")


@pytest.mark.parametrize("size", DATABASE_CLASSES)
def test_each_way_out_does(size: str) -> None:
    """Whatever an error proposes is accepted when it is done."""
    most = (usable_connections("small") - 8) // 16 * TARGET
    assert plan(capacity={"peakRequestsPerSecond": most}, database={"size": "small"})
    over: dict[str, Any] = {"capacity": {"peakRequestsPerSecond": most + 1}}
    (problem,) = problems(**over, database={"size": "small"})
    assert "todo:database.connectionsPerTask 6" in problem
    assert plan(**over, database={"size": "small", "connectionsPerTask": 6})
    assert plan(**over, database={"size": "small"}, databaseOperations={"proxy": True})
    if size not in ("xsmall", "small"):
        assert plan(**over, database={"size": size})


def test_what_is_counted_on_is_below_what_servers_show() -> None:
    shown = {"xsmall": 66, "small": 150, "medium": 312, "large": 609, "xlarge": 1237}
    for size, connections in shown.items():
        assert usable_connections(size) < connections < max_connections(size)


# Database


def test_a_database_that_is_enough_is_left_alone() -> None:
    assert plan().notes[:-1] == (
        "The database (db.m7g.large) bears about 2000 req/s for long; the peak is 600.",
    )


@pytest.mark.parametrize(
    ("peak", "size", "reads", "advice"),
    [
        (900, "medium", 80, "Consider todo:database.size large, which bears the peak for long."),
        (
            3900,
            "xlarge",
            80,
            (
                "No todo:database.size bears the peak for long alone: consider "
                "todo:database.readReplicas 1, as 80 % are reads."
            ),
        ),
        (3900, "xlarge", 60, "No todo:database.size bears the peak for long: ask the platform"),
    ],
)
def test_a_database_that_is_not_enough_gets_advice(
    peak: int, size: str, reads: int, advice: str
) -> None:
    capacity = {"peakRequestsPerSecond": peak, "readPercent": reads}
    notes = plan(capacity=capacity, database={"size": size}).notes
    assert any(note.startswith(advice) for note in notes)


def test_replicas_bear_the_reads() -> None:
    first = plan(**REPLICATED).notes[0]
    assert "bears about 2500 req/s" in first  # 2000 a second of the 80 % that read
    two = REPLICATED | {"database": {"readReplicas": 2}}
    assert "bears about 4000 req/s" in plan(**two, capacity={"readPercent": 50}).notes[0]


def test_a_proxy_is_proposed_where_connections_get_scarce() -> None:
    notes = plan(capacity={"peakRequestsPerSecond": 700}, database={"size": "small"}).notes
    assert notes[-2].startswith("136 of 138 database connections may be open during a deployment")
    proxied = {"database": {"size": "small"}, "databaseOperations": {"proxy": True}}
    notes = plan(capacity={"peakRequestsPerSecond": 700}, **proxied).notes
    assert not any("connections" in note for note in notes)


# Events


def sale(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    return {
        "name": "sale",
        "from": "2027-01-02T06:00Z",
        "until": "2027-01-02T18:00Z",
        "peakRequestsPerSecond": 800,
    } | changes


SALE = sale()
NOON = sale(name="noon", peakRequestsPerSecond=500) | {
    "from": "2027-01-02T12:00Z",
    "until": "2027-01-02T13:00Z",
}
NIGHT = sale(name="night", peakRequestsPerSecond=600) | {
    "from": "2027-01-02T18:00Z",
    "until": "2027-01-03T02:00Z",
}


def at(moment: str) -> datetime:
    return datetime.fromisoformat(f"{moment}:00+00:00")


def with_events(now: str, *events: Mapping[str, Any]) -> CapacityPlan:
    return plan(at(now), capacity={"events": list(events)})


def changes(planned: CapacityPlan) -> list[tuple[str, str, int]]:
    return [(one.name, f"{one.at:%dT%H:%M}", one.min_tasks) for one in planned.changes]


def test_the_floor_rises_ten_minutes_before_an_event_and_falls_at_its_end() -> None:
    planned = with_events("2027-01-01T00:00", SALE)
    assert changes(planned) == [("sale-begins", "02T05:50", 8), ("sale-ends", "02T18:00", 4)]
    assert (planned.min_tasks, planned.max_tasks) == (4, 8)


@pytest.mark.parametrize("now", ["2027-01-02T05:50", "2027-01-02T06:00", "2027-01-02T17:59"])
def test_a_deployment_during_an_event_keeps_its_floor(now: str) -> None:
    planned = with_events(now, SALE)
    assert (planned.min_tasks, planned.floor_tasks) == (8, 4)
    assert changes(planned) == [("sale-ends", "02T18:00", 4)]
    assert planned.past_events == ()


def test_an_event_that_is_over_asks_for_nothing_but_its_removal() -> None:
    planned = with_events("2027-01-02T18:00", SALE, NIGHT)
    assert planned.past_events == ("sale",)
    assert planned.warnings[0] == "The event sale is over: remove it from todo:capacity.events."
    assert changes(planned) == [("night-ends", "03T02:00", 4)]
    assert (planned.min_tasks, planned.max_tasks) == (6, 6)


def test_a_smaller_event_within_a_bigger_one_takes_nothing_away() -> None:
    assert changes(with_events("2027-01-01T00:00", NOON, SALE)) == [
        ("sale-begins", "02T05:50", 8),
        ("noon-begins", "02T11:50", 8),
        ("noon-ends", "02T13:00", 8),
        ("sale-ends", "02T18:00", 4),
    ]


def test_of_two_events_in_a_row_the_first_leaves_the_second_its_tasks() -> None:
    assert changes(with_events("2027-01-01T00:00", SALE, NIGHT)) == [
        ("sale-begins", "02T05:50", 8),
        ("night-begins", "02T17:50", 8),
        ("sale-ends", "02T18:00", 6),
        ("night-ends", "03T02:00", 4),
    ]


def test_an_event_never_gets_more_than_the_ceiling_that_was_set() -> None:
    planned = plan(at("2027-01-01T00:00"), capacity={"events": [SALE], "maxTasks": 4})
    assert changes(planned)[0] == ("sale-begins", "02T05:50", 4)
    assert planned.warnings == (
        (
            "todo:capacity.maxTasks is 4: todo:capacity.events[sale].peakRequestsPerSecond 800 "
            "needs 8 tasks. 400 requests per second are planned for."
        ),
    )


@pytest.mark.parametrize("begins", ["2027-01-02T07:00+01:00", "2027-01-02T01:00-05:00"])
def test_a_time_has_its_zone_and_is_planned_in_utc(begins: str) -> None:
    assert with_events("2027-01-01T00:00", sale() | {"from": begins}) == with_events(
        "2027-01-01T00:00", SALE
    )


def test_a_crowd_that_comes_at_once_finds_the_load_balancer_prepared() -> None:
    crowd = {"events": [sale(peakRequestsPerSecond=12_600)], "taskSize": "xlarge"}
    before = plan(at("2026-12-31T00:00"), capacity=crowd)
    (reservation,) = before.reservations
    assert (reservation.units, before.reserved_units) == (140, 0)
    assert before.actions == (
        (
            "Event sale: traffic more than doubles at once. Deploy between 2027-01-01 06:00 UTC "
            "and 2027-01-02 06:00 UTC, which reserves 140 capacity units of the load balancer; and "
            "once more after 2027-01-02 18:00 UTC, which gives them back."
        ),
    )
    assert plan(at("2027-01-01T06:00"), capacity=crowd).reserved_units == 140
    assert plan(at("2027-01-02T17:59"), capacity=crowd).reserved_units == 140
    after = plan(at("2027-01-02T18:00"), capacity=crowd)
    assert (after.reserved_units, after.reservations) == (0, ())


def test_no_fewer_units_are_reserved_than_aws_takes() -> None:
    crowd = sale(peakRequestsPerSecond=3500)
    assert [one.units for one in with_events("2026-12-31T00:00", crowd).reservations] == [100]


def test_an_event_that_is_no_more_than_double_needs_no_preparation() -> None:
    assert with_events("2027-01-01T00:00", sale(peakRequestsPerSecond=120)).reservations == ()


def test_each_name_is_used_once() -> None:
    assert problems(capacity={"events": [SALE, SALE]}) == [
        "todo:capacity.events is 'sale'; allowed: each name once. Rename all but one."
    ]


@pytest.mark.parametrize("until", ["2027-01-02T06:00Z", "2027-01-01T18:00Z"])
def test_an_event_ends_after_it_began(until: str) -> None:
    assert problems(capacity={"events": [SALE | {"until": until}]}) == [
        (
            f"todo:capacity.events[sale].until is '{until}'; allowed: a time after from "
            "(2027-01-02T06:00Z). Swap the two, or correct one."
        )
    ]


def test_an_event_below_the_busy_hour_is_none() -> None:
    assert problems(capacity={"events": [sale(peakRequestsPerSecond=59)]}) == [
        (
            "todo:capacity.events[sale].peakRequestsPerSecond is 59; allowed: "
            "expectedRequestsPerSecond (60) or more. Remove the event: the tasks that always run "
            "are enough for it."
        )
    ]


@pytest.mark.parametrize(
    "event",
    [
        "sale",
        {key: value for key, value in SALE.items() if key != "until"},
        SALE | {"maxTasks": 9},
        SALE | {"name": "Sale!"},
        SALE | {"name": 7},
        SALE | {"from": "2027-01-02T06:00:00Z"},
        SALE | {"from": "2027-01-02T06:00"},
        SALE | {"from": "2027-01-02T06:00+1"},
        SALE | {"from": "2027-02-30T06:00Z"},
        SALE | {"from": "0001-01-01T00:00+14:00"},
        SALE | {"until": 20270102},
        SALE | {"peakRequestsPerSecond": "8"},
        SALE | {"peakRequestsPerSecond": 0},
    ],
)
def test_an_event_that_cannot_be_read_is_shown_an_example(event: Any) -> None:  # noqa: ANN401 - any JSON
    (problem,) = problems(capacity={"events": [event]})
    assert problem.startswith("todo:capacity.events is [")
    assert problem.endswith(
        "allowed: a list of events {name, from, until, peakRequestsPerSecond}, with times to the "
        "minute and their zone, Z for UTC or such as +01:00: {name: sale, from: 2027-01-02T06:00Z, "
        "until: 2027-01-02T18:00Z, peakRequestsPerSecond: 3000}, and names of lower-case letters, "
        "digits and hyphens. Correct it, or remove `todo:capacity.events` to have the default."
    )


# Cost


def cost(planned: CapacityPlan) -> dict[str, float]:
    assert planned.cost is not None
    return {part.name: part.usd for part in planned.cost.parts}


def test_the_estimate_is_made_of_what_the_stack_has() -> None:
    full = cost(
        plan(database={"readReplicas": 1}, databaseOperations={"proxy": True, **OWN_MASTER})
    )
    assert set(full) == {
        "tasks",
        "database",
        "database storage",
        "read replicas",
        "database proxy",
        "load balancer",
        "firewall",
        "encryption key",
        "secrets",
        "endpoints",
        "logs and alarms",
        "traffic to the internet",
    }
    without = cost(
        plan(
            loadBalancer={"waf": False},
            encryption={"customerManagedKey": False},
            network={"vpcEndpoints": False},
        )
    )
    assert not {"firewall", "encryption key", "endpoints", "read replicas"} & set(without)


def test_tasks_cost_their_cpu_and_memory_by_the_hour() -> None:
    planned = plan(capacity={"minTasks": 4, "maxTasks": 4})
    assert cost(planned)["tasks"] == round(4 * 730 * (0.5 * 0.04048 + 1 * 0.004445), 2)
    arm = plan(capacity={"minTasks": 4, "maxTasks": 4}, image={"platform": "linux/arm64"})
    assert cost(arm)["tasks"] == round(4 * 730 * (0.5 * 0.03238 + 1 * 0.00356), 2)


def test_an_event_costs_its_hours_in_the_month_that_begins() -> None:
    quiet, eventful = plan(at("2027-01-01T00:00")), with_events("2027-01-01T00:00", SALE)
    hour = 0.5 * 0.04048 + 0.004445
    more = 12 * 4 * hour + 730 * 0.01 * 2 * hour  # and the ceiling is two tasks higher
    assert cost(eventful)["tasks"] == pytest.approx(cost(quiet)["tasks"] + more, abs=0.011)
    late = with_events("2026-11-01T00:00", SALE)
    assert cost(late)["tasks"] < cost(eventful)["tasks"]


def test_the_ceiling_costs_more_than_the_month_that_is_expected() -> None:
    planned = plan()
    assert planned.cost is not None
    assert planned.ceiling_cost is not None
    assert planned.ceiling_cost.usd > planned.cost.usd


def test_prices_that_could_not_be_compared_are_named() -> None:
    assert plan().notes[-1] == (
        "Costs are by prices of 2026-11-25; those of databases in eu-west-1 are right to about a "
        "tenth."
    )
    assert not any("tenth" in note for note in plan(aws_region="us-east-1").notes)


def test_a_region_without_prices_gets_no_figure_at_all() -> None:
    planned = plan(aws_region="sa-east-1")
    assert planned.cost is planned.ceiling_cost is None
    assert planned.warnings == (
        "No estimate of costs: data/prices.json has no prices for sa-east-1.",
    )


# The figures


@pytest.mark.parametrize(
    ("now", "warnings"),
    [
        (datetime(2027, 5, 24, tzinfo=UTC), 0),
        (datetime(2027, 5, 25, tzinfo=UTC), 1),
        (datetime(2027, 11, 30, tzinfo=UTC), 1),
        (datetime(2027, 12, 1, tzinfo=UTC), 2),
    ],
)
def test_figures_age_visibly(now: datetime, warnings: int) -> None:
    assert len(plan(now).warnings) == warnings


def test_old_figures_say_how_to_renew_them() -> None:
    assert plan(datetime(2028, 1, 5, tzinfo=UTC)).warnings == (
        (
            "What a task serves was measured 13 months ago (2026-12-01), on another version of the "
            "application: measure again into data/throughput.json."
        ),
        (
            "Prices were checked 13 months ago (2026-11-25): compare data/prices.json with the "
            "pages that it names."
        ),
    )


def test_a_month_is_over_when_its_day_has_come() -> None:
    assert months_between(date(2026, 11, 25), date(2027, 5, 24)) == 5
    assert months_between(date(2026, 11, 25), date(2027, 5, 25)) == 6


def test_the_data_files_know_every_size_in_every_region() -> None:
    figures = load_throughput()
    assert set(figures.per_task) == set(TASK_SIZES)
    rates = list(figures.per_task.values())
    assert rates == sorted(rates)
    for region in ("eu-west-1", "us-east-1", "eu-central-1"):
        prices = load_prices(region)
        assert prices is not None
        assert set(prices.of["databaseHour"]) == set(DATABASE_CLASSES.values())
        for hour in (*prices.of["databaseHour"].values(), prices.of["storageGbMonth"]):
            assert 1.9 < hour["twoZones"] / hour["oneZone"] < 2.1
