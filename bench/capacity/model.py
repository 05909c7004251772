"""What a task serves, by a definition, and a law of its CPU use that never flatters it.

A task's **rating** is the highest rate at which, and at every lower one that was tried,

- every request was answered with success,
- 99 of 100 were answered within 100 ms of when they were due, and
- the task used at most 85 % of its CPU.

The law: CPUs in use = `factor` · rate ^ `exponent`. The exponent is below 1, since requests that
come together share what wakes the task up. It is fitted to the points up to the rating, each
weighing the same in percent, and then raised until no point lies above it: it never promises more
requests of a CPU than were served. What is planned with is the lower of the rating and of the rate
at which the law reaches 85 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from math import exp, log
from statistics import linear_regression, median

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
        factor: CPUs in use at one request a second.
        exponent: 1 if each request takes as much as if it were alone.
    """

    factor: float
    exponent: float

    def used_cpus(self, rate: float) -> float:
        """CPUs in use at a rate."""
        return float(self.factor * rate**self.exponent)

    def rate(self, cpus: float) -> float:
        """The rate at which so many CPUs are in use."""
        return float((cpus / self.factor) ** (1 / self.exponent))

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
    """The law of some points; two of different rates at least."""
    # A straight line through logarithms: an error counts in proportion to what was measured.
    line = linear_regression(
        [log(point.offered) for point in points], [log(point.used_cpus) for point in points]
    )
    law = Law(factor=exp(line.intercept), exponent=line.slope)
    highest = max(point.used_cpus / law.used_cpus(point.offered) for point in points)
    return Law(factor=law.factor * highest, exponent=law.exponent)


def rating(points: Sequence[Point]) -> float:
    """What to plan with; 0 if no rate holds."""
    rated = rated_points(points)
    if len(rated) < 2:  # noqa: PLR2004 - a line has two points
        return 0.0
    last = rated[-1]
    return min(float(last.offered), last.served, fit(rated).rate(MOST_CPU * last.cpus))
