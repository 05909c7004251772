"""A service under traffic, held to what AWS publishes, to queueing theory and to arithmetic."""

import math
from dataclasses import replace
from itertools import pairwise
from statistics import mean

import pytest

from local.autoscaling_api.tracking import Tracking
from ops.simulate.delays import PATIENCE_SECONDS, PUBLICATION_SECONDS, Delays
from ops.simulate.engine import CPU, REQUESTS, Setup, run
from ops.simulate.service import Service
from ops.simulate.traffic import Traffic, arrivals, flash_crowd, launch

RATED = 100
AT_ONCE = Delays(publication=0, task_start=0, health_check=0, deregistration=0)


def setup(
    policies: dict[str, Tracking] | None = None,
    *,
    minimum: int = 2,
    maximum: int = 40,
    delays: Delays = AT_ONCE,
    floors: tuple[tuple[float, int], ...] = (),
) -> Setup:
    return Setup(
        name="tried",
        rated=RATED,
        minimum=minimum,
        maximum=maximum,
        policies=policies or {},
        delays=delays,
        floors=floors,
    )


def planned_like() -> Setup:
    """Reacts as the program's policies do."""
    policies = {
        REQUESTS: Tracking(target=RATED * 60 * 0.38, scale_out_cooldown=30),
        CPU: Tracking(target=60, scale_out_cooldown=30),
    }
    return setup(policies, delays=Delays(health_check=5, deregistration=15))


# What AWS publishes: from a step of the load to the decision, and until tasks run


@pytest.mark.parametrize("busy", [70, 85, 100], ids=lambda percent: f"to {percent} % CPU")
@pytest.mark.parametrize(("period", "decided", "running"), [(60, 363, 386), (20, 86, 109)])
def test_reaction_times_are_within_a_tenth_of_those_that_aws_published(
    period: int, decided: int, running: int, busy: int
) -> None:
    """On average over where in a period the step falls; AWS says neither that nor the load."""
    tried = setup(
        {CPU: Tracking(target=50)},
        delays=Delays(
            metric=period,
            publication=PUBLICATION_SECONDS[period],
            health_check=0,
            deregistration=0,
        ),
    )
    rates = [0.2 * 2 * RATED] * period + [busy / 100 * 2 * RATED] * 600
    decisions, starts = [], []
    for phase in range(period):
        happened = run(tried, rates, phase=phase)
        decisions.append(happened.decisions[0].second - period)
        starts.append(next(s for s, tasks in enumerate(happened.tasks) if tasks > 2) - period)
    assert mean(decisions) == pytest.approx(decided, rel=0.1)
    assert mean(starts) == pytest.approx(running, rel=0.1)


# Queues


@pytest.mark.parametrize(("rate", "lost"), [(150, 0), (200, 0), (250, 50), (1000, 800)])
def test_what_is_dropped_in_the_long_run_is_what_is_above_the_capacity(
    rate: float, lost: float
) -> None:
    """The fluid limit of a queue whose guests leave."""
    seconds = 1000
    happened = run(setup(maximum=2), [rate] * seconds)
    waiting = 2 * RATED * PATIENCE_SECONDS if lost else 0
    assert happened.waiting == waiting
    assert happened.dropped == pytest.approx(lost * seconds - waiting, abs=1e-6)
    assert happened.short_seconds == (seconds if lost else 0)


def test_below_the_capacity_as_many_wait_as_queueing_theory_says() -> None:
    """The mean of a reflected Gaussian walk, to which Poisson arrivals are close here.

    J. T. Chang and Y. Peres, Ladder heights, Gaussian random walks and the Riemann zeta function,
    Annals of Probability 25 (1997).
    """
    rate, capacity = 990.0, 1000.0
    tried, rates = setup(minimum=10, maximum=10), [rate] * 120
    waiting = mean(run(tried, rates, arrivals(rates, seed)).waiting for seed in range(1500))
    free, spread = capacity - rate, math.sqrt(rate)
    expected = spread**2 / (2 * free) - 0.5826 * spread + free / 4
    assert waiting == pytest.approx(expected, rel=0.1)


# Arithmetic


@pytest.mark.parametrize(
    "traffic", [flash_crowd(100, 1000), launch(60, 3000)], ids=["flash crowd", "launch"]
)
def test_whatever_comes_is_served_or_dropped_or_waits(traffic: Traffic) -> None:
    come = arrivals(traffic.rates, 1)
    happened = run(planned_like(), traffic.rates, come)
    assert happened.offered == sum(come)
    total = happened.served + happened.dropped + happened.waiting
    assert total == pytest.approx(happened.offered, rel=1e-9)


@pytest.mark.parametrize("policies", [True, False], ids=["scaled", "fixed"])
def test_more_traffic_never_loses_less_and_never_costs_less(*, policies: bool) -> None:
    tried = planned_like() if policies else setup(maximum=2)
    happened = [
        run(tried, flash_crowd(50 * factor, 500 * factor).rates) for factor in (0.5, 1, 2, 4, 6)
    ]
    for less, more in pairwise(happened):
        assert less.dropped <= more.dropped
        assert less.served <= more.served
        assert less.task_seconds <= more.task_seconds
        # What scales may notice a bigger crowd a minute earlier.
        assert policies or less.short_seconds <= more.short_seconds


def test_the_same_seed_is_the_same_traffic_and_another_one_is_not() -> None:
    rates = [5.0] * 300 + [500.0] * 300
    assert list(arrivals(rates, 1)) == list(arrivals(rates, 1))
    assert list(arrivals(rates, 1)) != list(arrivals(rates, 2))
    assert run(planned_like(), rates, arrivals(rates, 3)) == run(
        planned_like(), rates, arrivals(rates, 3)
    )


@pytest.mark.parametrize("rate", [0.0, 0.5, 5.0, 29.9, 30.0, 800.0])
def test_as_many_come_on_average_as_the_rate_says(rate: float) -> None:
    drawn = arrivals([rate] * 20_000, 1)
    error = math.sqrt(max(rate, 1e-9) / 20_000)
    assert mean(drawn) == pytest.approx(rate, abs=4 * error)
    assert all(count >= 0 and count == int(count) for count in drawn)


# Scaling


def test_at_rest_as_many_tasks_run_as_the_first_rate_asks_for() -> None:
    requests = {REQUESTS: Tracking(target=30 * 60)}
    assert run(setup(requests), [300.0] * 10).tasks[0] == 10
    assert run(setup({CPU: Tracking(target=50)}), [300.0] * 10).tasks[0] == 6
    assert run(setup(requests, maximum=4), [300.0] * 10).tasks[0] == 4
    assert run(setup(requests, minimum=12), [300.0] * 10).tasks[0] == 12


def test_busy_tasks_do_not_show_how_much_more_is_asked_for_but_requests_do() -> None:
    rates = [50.0] * 600 + [2000.0] * 240
    by_cpu = run(setup({CPU: Tracking(target=50)}), rates)
    by_requests = run(setup({REQUESTS: Tracking(target=50 * 60)}), rates)
    assert max(by_cpu.tasks) == 4
    assert max(by_requests.tasks) == 40


def test_a_scheduled_minimum_starts_tasks_at_its_second() -> None:
    delays = replace(AT_ONCE, task_start=30, health_check=5)
    happened = run(setup(delays=delays, floors=((100, 6), (400, 2))), [10.0] * 500)
    assert list(happened.tasks[134:136]) == [2, 6]
    assert happened.tasks[-1] == 6  # a lower minimum takes nothing away by itself
    (decision,) = happened.decisions
    assert (decision.second, decision.tasks) == (100, 6)
    assert decision.reason == "scheduled: the minimum is raised"


def test_tasks_are_taken_away_after_fifteen_quiet_minutes() -> None:
    requests = {REQUESTS: Tracking(target=50 * 60, scale_in_cooldown=300)}
    happened = run(setup(requests), [500.0] * 60 + [50.0] * 1200)
    assert happened.tasks[60 + 14 * 60] == 10
    assert happened.tasks[-1] == 2


def test_without_a_task_everything_is_dropped_and_nothing_is_measured() -> None:
    happened = run(setup(minimum=0, maximum=0), [10.0] * 120)
    assert (happened.served, happened.dropped, happened.decisions) == (0, 1200, ())


# Tasks


def test_a_task_serves_when_it_has_started_and_passed_a_check_and_costs_from_the_start() -> None:
    service = Service(2, Delays(task_start=30, health_check=5, deregistration=15))
    service.want(5, 0)
    service.advance(34)
    assert (service.serving, service.paid) == (2, 5)
    service.advance(35)
    assert (service.serving, service.paid) == (5, 5)


def test_who_leaves_costs_until_its_requests_are_done() -> None:
    service = Service(5, Delays(task_start=30, health_check=5, deregistration=15))
    service.want(3, 100)
    service.advance(114)
    assert (service.serving, service.paid) == (3, 5)
    service.advance(115)
    assert service.paid == 3


def test_those_that_do_not_serve_yet_are_taken_away_first() -> None:
    service = Service(2, Delays(task_start=30, health_check=5, deregistration=15))
    service.want(6, 0)
    service.want(4, 10)
    assert (service.serving, service.paid) == (2, 4)
    service.want(1, 11)
    assert (service.serving, service.paid) == (1, 2)
    service.advance(60)
    assert (service.serving, service.paid) == (1, 1)
