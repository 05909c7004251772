"""What a task serves, by a definition, and a law of its CPU use that never flatters it.

A task's **rating** is the highest rate at which, and at every lower one that was tried,

- every request was answered with success,
- 99 of 100 were answered within 100 ms of when they were due, and
- the task used at most 85 % of its CPU.

The law: CPUs in use = `idle` + `factor` · rate ^ `exponent`, where the exponent is 1 or less, since
requests that come together share what wakes the task up. Of all laws that no point up to the
rating lies above, it is the one that lies least above any of them, in percent: it never promises
more requests of a CPU than were served. What is planned with is the lower of the rating and of the
rate at which the law reaches 85 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from statistics import median

__all__ = [
    "MOST_CPU",
    "OBJECTIVE_MS",
    "Law",
    "Point",
    "fit",
    "holds",
    "rated_points",
    "rating",
    "typical",
]

OBJECTIVE_MS = 100.0
MOST_CPU = 0.85

_EXPONENTS = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7)
_STEPS = 100


@dataclass(frozen=True, kw_only=True)
class Point:
    """One load of one size.

    Attributes:
        round: from 1; 0 for the middle of all rounds.
        size: of the task.
        cpus: what it may use.
        offered: requests a second that were sent.
        served: requests a second that were answered well, while they were sent.
        failed: how many were not answered well.
        p50_ms: half of the requests waited no longer, from when they were due.
        p99_ms: 99 of 100 waited no longer.
        used_cpus: CPU time of the task for each second.
        database_cpus: CPU time of the database for each second.
    """

    round: int
    size: str
    cpus: float
    offered: int
    served: float
    failed: int
    p50_ms: float
    p99_ms: float
    used_cpus: float
    database_cpus: float

    @property
    def cpu(self) -> float:
        """Which part of its CPU the task used."""
        return self.used_cpus / self.cpus


@dataclass(frozen=True, kw_only=True)
class Law:
    """CPU use as a function of the rate.

    Attributes:
        idle: CPUs in use for whatever does not depend on it.
        factor: CPUs in use for one request a second.
        exponent: 1 if each request takes as much as if it were alone.
    """

    idle: float
    factor: float
    exponent: float

    def used_cpus(self, rate: float) -> float:
        """CPUs in use at a rate."""
        return float(self.idle + self.factor * rate**self.exponent)

    def rate(self, cpus: float) -> float:
        """The rate at which so many CPUs are in use."""
        return float((max(0.0, cpus - self.idle) / self.factor) ** (1 / self.exponent))

    def excess(self, points: Iterable[Point]) -> list[float]:
        """By which part of what was measured it lies above each point."""
        return [self.used_cpus(one.offered) / one.used_cpus - 1 for one in points]


def typical(points: Sequence[Point]) -> list[Point]:
    """One point for each rate of one size: medians of its rounds, and every failure."""
    rates = sorted({point.offered for point in points})
    return [_middle([point for point in points if point.offered == rate]) for rate in rates]


def _middle(rounds: Sequence[Point]) -> Point:
    first = rounds[0]
    return Point(
        round=0,
        size=first.size,
        cpus=first.cpus,
        offered=first.offered,
        served=median(one.served for one in rounds),
        failed=sum(one.failed for one in rounds),
        p50_ms=median(one.p50_ms for one in rounds),
        p99_ms=median(one.p99_ms for one in rounds),
        used_cpus=median(one.used_cpus for one in rounds),
        database_cpus=median(one.database_cpus for one in rounds),
    )


def holds(point: Point) -> bool:
    """Whether a rate is one that a task may be rated at."""
    return point.failed == 0 and point.p99_ms <= OBJECTIVE_MS and point.cpu <= MOST_CPU


def rated_points(points: Sequence[Point]) -> list[Point]:
    """Those up to the rating, the last of which is the rating; by rate, one for each."""
    return list(takewhile(holds, points))


def fit(points: Sequence[Point]) -> Law:
    """The lowest law of some points; two of different rates at least."""
    laws = [_lowest(points, exponent) for exponent in _EXPONENTS]
    return min(laws, key=lambda law: max(law.excess(points)))


def _lowest(points: Sequence[Point], exponent: float) -> Law:
    """The lowest law of one exponent.

    Each factor has its least `idle`. How far the law then lies above the points is convex in the
    factor, so that two trials a third apart tell which third can be left out.
    """

    def law(factor: float) -> Law:
        above = (point.used_cpus - factor * point.offered**exponent for point in points)
        return Law(idle=max(0.0, *above), factor=factor, exponent=exponent)

    low, high = 0.0, max(point.used_cpus / point.offered**exponent for point in points)
    for _ in range(_STEPS):
        one, other = low + (high - low) / 3, high - (high - low) / 3
        if max(law(one).excess(points)) < max(law(other).excess(points)):
            high = other
        else:
            low = one
    return law(high)


def rating(points: Sequence[Point]) -> float:
    """What to plan with; 0 if no rate holds."""
    rated = rated_points(points)
    if len(rated) < 2:  # noqa: PLR2004 - a line has two points
        return 0.0
    last = rated[-1]
    return min(float(last.offered), last.served, fit(rated).rate(MOST_CPU * last.cpus))
