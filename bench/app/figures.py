"""The arithmetic between measurements and the figures with a target."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.app.contestants import BASELINE, DRIVER, OURS, WITHOUT_BYTECODE
from bench.app.load import Measured
from bench.app.rounds import Plan, Sample
from bench.app.servers import Start

__all__ = ["Figure", "Results", "figures", "middle", "per_cpu_second"]

_MEGABYTE = 1_000_000

Quantity = Callable[[Measured], float]


@dataclass(frozen=True, kw_only=True)
class Results:
    """All that was measured.

    Attributes:
        plan: how much that is.
        samples: of every round.
        rate: requests per second at the fixed rate.
        starts: of every round, by contestant.
        images: packed size in bytes, by contestant.
    """

    plan: Plan
    samples: Sequence[Sample]
    rate: int
    starts: Mapping[str, Sequence[Start]]
    images: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure with a target.

    Attributes:
        name: what it is.
        rounds: its value in each round.
        target: what it should be.
        at_least: whether more is better.
        unit: after the number.
    """

    name: str
    rounds: Sequence[float]
    target: float
    at_least: bool = False
    unit: str = " times"

    @property
    def value(self) -> float:
        """The median of the rounds."""
        return median(self.rounds)

    @property
    def reached(self) -> bool:
        """Whether it is as it should be."""
        return self.value >= self.target if self.at_least else self.value <= self.target


def per_cpu_second(measured: Measured) -> float:
    """Requests for one second of the server's CPU."""
    return measured.requests / measured.cpu_seconds


def _time_per_request(measured: Measured) -> float:
    """At saturation, database and load generator included."""
    return measured.seconds / measured.requests


def in_rounds(samples: Iterable[Sample], work: str, contestant: str) -> list[Measured]:
    """One contestant's measurements of one work, in the order of rounds."""
    chosen = (one for one in samples if (one.work, one.contestant) == (work, contestant))
    return [one.measured for one in sorted(chosen, key=lambda one: one.round)]


def middle(samples: Iterable[Sample], work: str, contestant: str, quantity: Quantity) -> float:
    """The median of one contestant's rounds."""
    return median(quantity(measured) for measured in in_rounds(samples, work, contestant))


def figures(results: Results) -> list[Figure]:
    """Every figure with a target."""

    def ratio(quantity: Quantity, ours: tuple[str, str], theirs: tuple[str, str]) -> list[float]:
        pairs = zip(
            in_rounds(results.samples, *ours), in_rounds(results.samples, *theirs), strict=True
        )
        return [quantity(one) / quantity(other) for one, other in pairs]

    get, post, fixed = (("get", OURS.key), ("post", OURS.key), ("fixed-rate", OURS.key))
    smallest, *larger = (results.plan.ours(rows) for rows in results.plan.rows)
    growths = [ratio(_time_per_request, ("get", key), ("get", smallest)) for key in larger]
    return [
        Figure(
            name="GET of 20 per CPU-second, of the baseline's",
            rounds=ratio(per_cpu_second, get, ("get", BASELINE.key)),
            target=12,
            at_least=True,
        ),
        Figure(
            name="POST per CPU-second, of the baseline's",
            rounds=ratio(per_cpu_second, post, ("post", BASELINE.key)),
            target=18,
            at_least=True,
        ),
        Figure(
            name="GET of 20 per CPU-second, of the bare driver's",
            rounds=ratio(per_cpu_second, get, ("select", DRIVER.key)),
            target=0.5,
            at_least=True,
        ),
        Figure(
            name=f"p99 at {results.rate} requests/s, of the baseline's",
            rounds=ratio(lambda m: m.p99_ms, fixed, ("fixed-rate", BASELINE.key)),
            target=0.2,
        ),
        Figure(
            name=f"p99 at {results.rate} requests/s, of its own p50",
            rounds=[m.p99_ms / m.p50_ms for m in in_rounds(results.samples, *fixed)],
            target=2,
        ),
        Figure(
            name="time of a GET in a larger table, of the smallest's",
            rounds=max(growths, key=median),
            target=1.3,
        ),
        Figure(
            name="image, packed",
            rounds=[results.images[OURS.key] / _MEGABYTE],
            target=22,
            unit=" MB",
        ),
        Figure(
            name="start to first answer, of the same without bytecode",
            rounds=[
                one.seconds / other.seconds
                for one, other in zip(
                    results.starts[OURS.key], results.starts[WITHOUT_BYTECODE.key], strict=True
                )
            ],
            target=0.4,
        ),
    ]
