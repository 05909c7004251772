"""Several set-ups under the same traffic: what each loses, and what it costs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from todo_infra import config
from todo_infra.capacity import (
    CapacityPlan,
    Reservation,
    plan_capacity,
    task_hour_usd,
    unit_hour_usd,
)
from todo_infra.config.events import Event

from .engine import Run, Setup, run
from .setups import plain, planned
from .traffic import BEFORE, Traffic, arrivals

__all__ = ["Outcome", "compare", "with_event", "without_event"]

_HOURS_A_MONTH = 730
_TASKS = "tasks"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a set-up made of the traffic.

    Attributes:
        setup: Which.
        run: What happened.
        tasks_usd: What its tasks cost meanwhile; None where the region's prices are not known.
        usd: What everything cost: tasks, load balancer capacity reserved for events, and of the
            rest, which is the same for all, the share of the month's estimate.
    """

    setup: Setup
    run: Run
    tasks_usd: float | None
    usd: float | None

    @property
    def short_minutes(self) -> float:
        """How long more was asked for than the tasks are rated to serve."""
        return self.run.short_seconds / 60

    @property
    def task_hours(self) -> float:
        """Of all tasks together."""
        return self.run.task_seconds / 3600


def compare(
    settings: config.Settings,
    traffic: Traffic,
    begins: datetime,
    seed: int,
    *,
    announced: config.Settings | None = None,
) -> list[Outcome]:
    """Return what happens with plain defaults, with the stack's plan, and with an event.

    Args:
        settings: The stack's config.
        traffic: What comes.
        begins: When the traffic does.
        seed: Of what is by chance.
        announced: The same config with the event that the traffic is; None for no such column.
    """
    plan = plan_capacity(settings, begins)
    known = plan_capacity(announced, begins) if announced else plan
    day = _Day(
        settings=settings,
        plan=plan,
        traffic=traffic,
        begins=begins,
        arrivals=arrivals(traffic.rates, seed),
    )
    name = "unannounced" if announced else "your plan"
    outcomes = [
        _outcome(day, plain(known), ()),
        _outcome(day, planned(plan, begins, name), plan.reservations),
    ]
    if announced:
        setup = planned(known, begins, "announced")
        outcomes.append(_outcome(day, setup, known.reservations))
    return outcomes


@dataclass(frozen=True, kw_only=True)
class _Day:
    """What is the same for all set-ups."""

    settings: config.Settings
    plan: CapacityPlan
    traffic: Traffic
    begins: datetime
    arrivals: Sequence[float]

    @property
    def ends(self) -> datetime:
        return self.begins + timedelta(seconds=len(self.traffic.rates))


def _outcome(day: _Day, setup: Setup, reserved: Sequence[Reservation]) -> Outcome:
    happened = run(setup, day.traffic.rates, day.arrivals)
    task_hour, unit_hour = task_hour_usd(day.settings), unit_hour_usd(day.settings)
    if task_hour is None or unit_hour is None or day.plan.cost is None:
        return Outcome(setup=setup, run=happened, tasks_usd=None, usd=None)
    tasks = happened.task_seconds / 3600 * task_hour
    others = sum(part.usd for part in day.plan.cost.parts if part.name != _TASKS)
    rest = others * len(day.traffic.rates) / 3600 / _HOURS_A_MONTH
    units = sum(one.units * _shared_hours(one, day) for one in reserved)
    return Outcome(setup=setup, run=happened, tasks_usd=tasks, usd=tasks + rest + units * unit_hour)


def _shared_hours(reservation: Reservation, day: _Day) -> float:
    """How long load balancer capacity is reserved meanwhile."""
    begins, ends = max(reservation.begins, day.begins), min(reservation.ends, day.ends)
    return max(0.0, (ends - begins).total_seconds() / 3600)


def with_event(settings: config.Settings, begins: datetime, peak: int) -> config.Settings:
    """Return the config with the crowd of a scenario as an event: four hours, from its begin."""
    event = Event(
        name="simulated",
        begins=begins + timedelta(seconds=BEFORE),
        ends=begins + timedelta(seconds=BEFORE, hours=4),
        peak_requests_per_second=peak,
    )
    return _with(settings, (*settings.capacity.events, event))


def without_event(settings: config.Settings, event: Event) -> config.Settings:
    """Return the config as if nobody had announced an event."""
    return _with(settings, tuple(one for one in settings.capacity.events if one != event))


def _with(settings: config.Settings, events: tuple[Event, ...]) -> config.Settings:
    return replace(settings, capacity=replace(settings.capacity, events=events))
