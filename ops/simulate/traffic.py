"""Traffic: made up, for what people are afraid of, or read from a file (`csv_file.py`)."""

import math
import random
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["BEFORE", "SCENARIOS", "Traffic", "arrivals", "flash_crowd", "launch"]

HOUR = 3600
DAY = 24 * HOUR
BEFORE = 2 * HOUR
"""How long it is as usual before a crowd comes."""

_FLASH_SECONDS = 300
_LAUNCH_SECONDS = 60
_MANY = 30
_NIGHT_SHARE = 0.2
_BUSY_HOUR = 20


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """How much comes.

    Attributes:
        name: What it is, in words.
        rates: Requests a second, by the second.
        focus: The seconds that a picture shows.
    """

    name: str
    rates: Sequence[float]
    focus: tuple[int, int]


def flash_crowd(base: float, peak: float) -> Traffic:
    """Return a day on which, two hours after its begin, a crowd comes within five minutes.

    It stays for half an hour and is gone after another half.
    """
    steps = [(0, base), (_FLASH_SECONDS, peak), (HOUR // 2, peak), (HOUR // 2, base)]
    return Traffic(
        name=f"flash crowd: {base:,.0f} to {peak:,.0f} req/s within five minutes",
        rates=_joined(base, steps),
        focus=(BEFORE - 600, BEFORE + 2400),
    )


def launch(base: float, peak: float) -> Traffic:
    """Return a day on which, two hours after its begin, everybody comes within a minute.

    They stay for two hours, and fewer do for the next two.
    """
    steps = [(0, base), (_LAUNCH_SECONDS, peak), (2 * HOUR, peak), (2 * HOUR, base)]
    return Traffic(
        name=f"launch: {base:,.0f} to {peak:,.0f} req/s within a minute",
        rates=_joined(base, steps),
        focus=(BEFORE - 1200, BEFORE + 2400),
    )


def ordinary_day(base: float, peak: float) -> Traffic:  # noqa: ARG001 - like the others
    """Return a day without a crowd: a fifth of the busy hour's traffic in the small hours."""
    middle, swing = (1 + _NIGHT_SHARE) / 2, (1 - _NIGHT_SHARE) / 2
    turn = 2 * math.pi / DAY
    rates = (
        base * (middle + swing * math.cos(turn * (second - _BUSY_HOUR * HOUR)))
        for second in range(DAY)
    )
    return Traffic(
        name=f"ordinary day: up to {base:,.0f} req/s at {_BUSY_HOUR}:00",
        rates=array("d", rates),
        focus=(0, DAY),
    )


SCENARIOS: dict[str, Callable[[float, float], Traffic]] = {
    "flash-crowd": flash_crowd,
    "launch": launch,
    "day": ordinary_day,
}


def _joined(base: float, steps: Sequence[tuple[int, float]]) -> Sequence[float]:
    """Join rates by straight lines: each step is its length, and the rate at its end."""
    rates = array("d", [base] * BEFORE)
    now = base
    for length, rate in steps:
        rates.extend(now + (rate - now) * second / length for second in range(1, length + 1))
        now = rate
    rates.extend([base] * (DAY - len(rates)))
    return rates


def arrivals(rates: Sequence[float], seed: int) -> Sequence[float]:
    """Return how many requests come in each second, by chance (Poisson) and seed."""
    chance = random.Random(seed)  # noqa: S311 - a simulation
    return array("d", (_drawn(chance, rate) for rate in rates))


def _drawn(chance: random.Random, rate: float) -> float:
    """Draw from Poisson's distribution; of many, the normal one is the same."""
    if rate >= _MANY:
        return max(0, round(chance.gauss(rate, math.sqrt(rate))))
    count, product, limit = 0, chance.random(), math.exp(-rate)
    while product > limit:
        count, product = count + 1, product * chance.random()
    return count
