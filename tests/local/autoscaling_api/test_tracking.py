from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.autoscaling_api.tracking import Alarm, Change, Suspended, Tracker, Tracking

REQUESTS = Tracking(target=600, scale_out_cooldown=30, scale_in_cooldown=300)
CPU = Tracking(target=60, scale_out_cooldown=30, scale_in_cooldown=300)
LOW = [100.0] * 15


def feed(
    tracker: Tracker,
    values: Iterable[float | None],
    *,
    current: int = 2,
    bounds: tuple[int, int] = (2, 20),
    start: float = 0,
    suspended: Suspended = Suspended(),  # noqa: B008 - frozen
) -> list[int]:
    """Tell of a minute after the other, do as told, and return the tasks after each."""
    tasks = []
    for number, value in enumerate(values):
        now = start + number * 60
        change = tracker.minute(now, {"requests": value}, current, *bounds, suspended=suspended)
        current = change.capacity if change else current
        tasks.append(current)
    return tasks


def requests(tracking: Tracking = REQUESTS) -> Tracker:
    return Tracker({"requests": tracking})


@pytest.mark.parametrize(
    ("values", "tasks"),
    [
        ([900, 900], [2, 2]),
        ([900, 900, 900], [2, 2, 3]),
        ([900, 600, 900, 900], [2, 2, 2, 2]),
        ([700, 800, 6000], [2, 2, 20]),
        ([601, 601, 601], [2, 2, 3]),
        ([900, None, 900, 900], [2, 2, 2, 3]),
        ([900, 900, None, None, 900], [2, 2, 2, 2, 3]),
        ([900, 900, None, None, None, 900], [2] * 6),
        ([900, 900, 900, None], [2, 2, 3, 3]),
        ([600, 600, 600, 600], [2, 2, 2, 2]),
        ([60_000, 60_000, 60_000], [2, 2, 20]),
    ],
)
def test_three_minutes_above_the_target_scale_out_in_proportion(
    values: Sequence[float | None], tasks: list[int]
) -> None:
    assert feed(requests(), values) == tasks


@pytest.mark.parametrize(
    ("values", "tasks"),
    [
        ([100] * 14, 10),
        ([100] * 15, 2),
        ([300] * 15, 5),
        ([100] * 14 + [310], 6),
        ([539] * 15, 9),
        ([540] * 30, 10),
        ([100] * 14 + [None], 10),
        ([100] * 7 + [None, None] + [100] * 8, 2),
        ([100] * 7 + [None, None, None] + [100] * 14, 10),
        ([100] * 14 + [580], 10),
    ],
)
def test_fifteen_minutes_below_nine_tenths_scale_in_so_that_the_target_holds(
    values: Sequence[float | None], tasks: int
) -> None:
    assert feed(requests(), values, current=10)[-1] == tasks


def test_a_change_names_its_alarm_and_its_figures() -> None:
    tracker = requests()
    feed(tracker, [700, 800])
    assert tracker.minute(120, {"requests": 60_000}, 2, 2, 4) == Change(
        capacity=4,
        reason="3 of 3 datapoints above 600 (700, 800, 6e+04); 2 x 60000 / 600 is 200 tasks, "
        "limited to the maximum of 4",
        alarm=Alarm(policy="requests", kind="AlarmHigh"),
    )
    tracker = requests()
    feed(tracker, LOW[:14], current=10)
    assert tracker.minute(14 * 60, {"requests": 100}, 10, 3, 20) == Change(
        capacity=3,
        reason="15 of 15 datapoints below 540 (the last 100, 100, 100); 10 x 100 / 600 is 2 tasks, "
        "limited to the minimum of 3",
        alarm=Alarm(policy="requests", kind="AlarmLow"),
    )


def test_what_was_added_counts_until_the_cooldown_ends() -> None:
    patient = Tracking(target=600, scale_out_cooldown=180)
    tasks = feed(requests(patient), [900, 900, 900, 900, 900, 900])
    assert tasks == [2, 2, 3, 3, 3, 5], "within the cooldown 2 tasks need 3, and that they have"
    tasks = feed(requests(patient), [900, 900, 900, 1500])
    assert tasks == [2, 2, 3, 5], "a larger scale-out does not wait"


def test_a_cooldown_begins_when_the_tasks_run() -> None:
    tracker = requests()
    feed(tracker, [900, 900, 900])
    for minute in range(3, 6):
        assert tracker.minute(minute * 60, {"requests": 900}, 3, 2, 20, running=2) is None
    change = tracker.minute(6 * 60, {"requests": 900}, 3, 2, 20, running=3)
    assert change
    assert change.capacity == 5


def test_scale_in_waits_for_its_cooldown_and_scale_out_does_not() -> None:
    tracker = requests()
    assert feed(tracker, [300] * 15, current=8)[-1] == 4
    assert feed(tracker, [300] * 4, current=4, start=15 * 60) == [4, 4, 4, 4]
    assert feed(tracker, [300], current=4, start=19 * 60) == [2]
    assert feed(tracker, [900, 900, 900], start=20 * 60) == [2, 2, 3]


def test_a_scale_out_ends_the_cooldown_of_a_scale_in() -> None:
    patient = Tracking(target=600, scale_out_cooldown=30, scale_in_cooldown=24 * 3600)
    tracker = requests(patient)
    assert feed(tracker, LOW, current=8)[-1] == 2
    assert feed(tracker, LOW, current=4, start=15 * 60)[-1] == 4, "the cooldown goes on"
    assert feed(tracker, [900] * 3, current=4, start=30 * 60)[-1] == 6
    assert feed(tracker, LOW, current=6, start=33 * 60)[-1] == 2


def test_the_policy_that_asks_for_most_wins() -> None:
    tracker = Tracker({"requests": REQUESTS, "cpu": CPU})
    metrics = {"requests": 900.0, "cpu": 90.0}
    for minute in range(2):
        assert tracker.minute(minute * 60, metrics, 4, 2, 20) is None
    change = tracker.minute(120, {"requests": 900, "cpu": 180}, 4, 2, 20)
    assert change
    assert change.capacity == 12
    assert change.alarm == Alarm(policy="cpu", kind="AlarmHigh")


@pytest.mark.parametrize(
    ("cpu", "cpu_value", "tasks"),
    [
        (CPU, 12.0, 2),
        (CPU, 30.0, 5),
        (CPU, 58.0, None),
        (CPU, None, None),
        (Tracking(target=60, disable_scale_in=True), 58.0, 2),
        (Tracking(target=60, disable_scale_in=True), None, 2),
    ],
)
def test_all_policies_that_scale_in_must_agree(
    cpu: Tracking, cpu_value: float | None, tasks: int | None
) -> None:
    tracker = Tracker({"requests": REQUESTS, "cpu": cpu})
    change = None
    for minute in range(15):
        assert change is None
        metrics = {"requests": 100.0, "cpu": cpu_value}
        change = tracker.minute(minute * 60, metrics, 10, 2, 20)
    assert (change and change.capacity) == tasks


def test_where_every_policy_leaves_scale_in_alone_nothing_goes() -> None:
    assert feed(requests(Tracking(target=600, disable_scale_in=True)), LOW * 2, current=9)[-1] == 9


def test_what_is_suspended_is_not_done_and_the_rest_is() -> None:
    no_out, no_in = Suspended(scale_out=True), Suspended(scale_in=True)
    high = [900.0] * 3
    assert feed(requests(), high, suspended=no_out)[-1] == 2
    assert feed(requests(), high, suspended=no_in)[-1] == 3
    assert feed(requests(), LOW, current=9, suspended=no_in)[-1] == 9
    assert feed(requests(), LOW, current=9, suspended=no_out)[-1] == 2


def test_new_bounds_take_effect_without_any_metric() -> None:
    tracker = requests()
    assert tracker.minute(0, {}, 2, 5, 9) == Change(
        capacity=5, reason="minimum capacity was set to 5"
    )
    assert tracker.minute(60, {}, 12, 5, 9) == Change(
        capacity=9, reason="maximum capacity was set to 9"
    )


VALUES = st.lists(st.none() | st.floats(0, 1e6), max_size=60)


@given(values=VALUES, current=st.integers(0, 50), low=st.integers(0, 20), more=st.integers(0, 30))
def test_tasks_are_always_within_the_bounds(
    values: list[float | None], current: int, low: int, more: int
) -> None:
    for tasks in feed(requests(), values, current=current, bounds=(low, low + more)):
        assert low <= tasks <= low + more


@given(load=st.floats(0, 1e5), current=st.integers(2, 50))
def test_a_steady_load_ends_at_the_tasks_it_needs_and_stays_there(
    load: float, current: int
) -> None:
    """The load is the service's, so that each task's share falls as tasks are added."""
    tracker, tasks, history = requests(), current, []
    for minute in range(90):
        change = tracker.minute(minute * 60, {"requests": load / tasks}, tasks, 2, 1000)
        tasks = change.capacity if change else tasks
        history.append(tasks)
    assert load / tasks <= REQUESTS.target * (1 + 1e-9)
    spare = load / max(tasks - 1, 1)
    assert tasks == 2 or load / tasks >= REQUESTS.target * 0.9 or spare > REQUESTS.target * 0.999
    assert len(set(history[-30:])) == 1, "it neither grows nor shrinks any more"


@given(first=st.floats(601, 1e5), more=st.floats(0, 1e5))
def test_more_load_never_leads_to_fewer_tasks(first: float, more: float) -> None:
    calm = feed(requests(), [first] * 3, bounds=(2, 100_000))[-1]
    assert feed(requests(), [first + more] * 3, bounds=(2, 100_000))[-1] >= calm
