"""A service under traffic, second by second: pure, and the same for the same arrivals.

A fluid model. Each second the tasks that serve take as many requests as they are rated for; what
is over waits, at most `PATIENCE_SECONDS` of the tasks' work, and the rest is dropped. A task that
has too much to do serves no less for it: real ones may, so that drops are at least as many.
"""

import math
from array import array
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from local.autoscaling_api.tracking import Tracker, Tracking

from .delays import PATIENCE_SECONDS, Delays
from .service import Service

__all__ = ["CPU", "REQUESTS", "Decision", "Run", "Setup", "run"]

REQUESTS, CPU = "requests", "cpu"
"""Names of policies by what they track: a task's requests in a minute, and its CPU in percent."""

_MINUTE = 60


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What scales, and how.

    Attributes:
        name: What people call it.
        rated: Requests a second that one task serves. It is fully busy then: where it is not in
            truth, policies that track CPU act even later than is shown here.
        minimum: Tasks at least, at the start.
        maximum: Tasks at most.
        policies: What is tracked, by `REQUESTS` and `CPU`.
        delays: How long everything takes.
        floors: Scheduled changes of the minimum: the second, and the number of tasks.
    """

    name: str
    rated: int
    minimum: int
    maximum: int
    policies: Mapping[str, Tracking]
    delays: Delays
    floors: tuple[tuple[float, int], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A change of the number of tasks.

    Attributes:
        second: When.
        tasks: To how many.
        reason: Why, in figures.
    """

    second: int
    tasks: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Run:
    """What happened.

    Attributes:
        offered: Requests that came.
        served: Of these, those that were answered.
        dropped: Those that were not.
        waiting: Those that waited when time was up.
        short_seconds: How long more was asked for than the tasks are rated to serve.
        task_seconds: Of all tasks together, as AWS charges for them.
        tasks: How many served, by the second.
        decisions: Changes, by time.
    """

    offered: float
    served: float
    dropped: float
    waiting: float
    short_seconds: int
    task_seconds: float
    tasks: Sequence[int]
    decisions: tuple[Decision, ...]


@dataclass
class _Period:
    """What is measured in a period."""

    arrived: float = 0
    served: float = 0
    serving: int = 0
    seconds: int = 0

    def add(self, arrived: float, served: float, serving: int) -> None:
        self.arrived += arrived
        self.served += served
        self.serving += serving
        self.seconds += 1

    def metrics(self, rated: int) -> dict[str, float]:
        if not self.serving:
            return {}  # no target, no datapoint
        per_task = self.arrived / self.serving
        return {REQUESTS: per_task * _MINUTE, CPU: 100 * self.served / (self.serving * rated)}


@dataclass
class _Scaling:
    """Application Auto Scaling: bounds, schedule, metrics on their way, and what it decided."""

    setup: Setup
    minimum: int
    tracker: Tracker
    schedule: deque[tuple[float, int]]
    coming: deque[tuple[float, dict[str, float]]] = field(default_factory=deque)
    decisions: list[Decision] = field(default_factory=list)

    def measured(self, now: int, metrics: dict[str, float]) -> None:
        self.coming.append((now + self.setup.delays.publication, metrics))

    def decide(self, now: int, service: Service) -> None:
        while self.schedule and self.schedule[0][0] <= now:
            self.minimum = self.schedule.popleft()[1]
            if service.desired < self.minimum:
                self._want(service, now, self.minimum, "scheduled: the minimum is raised")
        while self.coming and self.coming[0][0] <= now:
            change = self.tracker.minute(
                now,
                self.coming.popleft()[1],
                service.desired,
                self.minimum,
                self.setup.maximum,
                running=service.serving,
            )
            if change:
                self._want(service, now, change.capacity, change.reason)

    def _want(self, service: Service, now: int, tasks: int, reason: str) -> None:
        service.want(tasks, now)
        self.decisions.append(Decision(second=now, tasks=tasks, reason=reason))


def run(
    setup: Setup,
    rates: Sequence[float],
    arrivals: Sequence[float] | None = None,
    *,
    phase: float = 0,
) -> Run:
    """Run a service under traffic; before it, the first rate has been there for long.

    Args:
        setup: What scales, and how.
        rates: Requests a second that are to be served, by the second.
        arrivals: How many come in truth, by the second; as many, if None.
        phase: How much of a metric's period is over at the start, in seconds.
    """
    service = Service(_at_rest(setup, rates[0]), setup.delays)
    tracker = Tracker(setup.policies)
    scaling = _Scaling(setup, setup.minimum, tracker, deque(setup.floors))
    period, ends = _Period(), setup.delays.metric - phase
    tasks = array("H")
    served = dropped = waiting = 0.0
    short = paid = 0
    for second, rate in enumerate(rates):
        if second >= ends:
            scaling.measured(second, period.metrics(setup.rated))
            period, ends = _Period(), ends + setup.delays.metric
        service.advance(second)
        scaling.decide(second, service)
        arrived = rate if arrivals is None else arrivals[second]
        capacity = service.serving * setup.rated
        now_served = min(waiting + arrived, capacity)
        left = waiting + arrived - now_served
        waiting = min(left, capacity * PATIENCE_SECONDS)
        served, dropped = served + now_served, dropped + left - waiting
        short += rate > capacity
        paid += service.paid
        period.add(arrived, now_served, service.serving)
        tasks.append(service.serving)
    return Run(
        offered=sum(rates if arrivals is None else arrivals),
        served=served,
        dropped=dropped,
        waiting=waiting,
        short_seconds=short,
        task_seconds=paid,
        tasks=tasks,
        decisions=tuple(scaling.decisions),
    )


def _at_rest(setup: Setup, rate: float) -> int:
    """How many tasks run after a long time with one rate."""
    wanted = [setup.minimum]
    if policy := setup.policies.get(REQUESTS):
        wanted.append(math.ceil(rate * _MINUTE / policy.target))
    if policy := setup.policies.get(CPU):
        wanted.append(math.ceil(rate * 100 / (setup.rated * policy.target)))
    return min(max(wanted), setup.maximum)
