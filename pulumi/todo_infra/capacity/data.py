"""What was measured, and what AWS asks for it: two dated files, which age visibly."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["Prices", "Throughput", "load_prices", "load_throughput", "months_between"]

DATA = Path(__file__).parent.parent / "data"
_THROUGHPUT_MONTHS = 12
_PRICE_MONTHS = 6


@dataclass(frozen=True, kw_only=True)
class Throughput:
    """What one task and one processor of the database serve; see `data/throughput.json`.

    Attributes:
        measured: When.
        confidence: How far to trust it, in words.
        per_task: By task size: requests a second at which its answers are still quick.
        per_database_cpu: Requests a second that one processor of the database bears.
    """

    measured: date
    confidence: str
    per_task: Mapping[str, int]
    per_database_cpu: int

    def warning(self, today: date) -> str | None:
        """Return what to do once the measurement is old."""
        months = months_between(self.measured, today)
        if months < _THROUGHPUT_MONTHS:
            return None
        return (
            f"What a task serves was measured {months} months ago ({self.measured}), on another "
            "version of the application: measure again into data/throughput.json."
        )


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What AWS asks in one region; see `data/prices.json`. A number is in US dollars.

    Attributes:
        checked: When they were compared with AWS's.
        uncertain: What could not be compared, and is right to about a tenth only; None for
            nothing.
        of: The region's prices and those that are the same everywhere, by their keys in the file.
    """

    checked: date
    uncertain: str | None
    of: Mapping[str, Any]

    def warning(self, today: date) -> str | None:
        """Return what to do once the prices are old."""
        months = months_between(self.checked, today)
        if months < _PRICE_MONTHS:
            return None
        return (
            f"Prices were checked {months} months ago ({self.checked}): compare data/prices.json "
            "with the pages that it names."
        )


def months_between(earlier: date, later: date) -> int:
    """Return how many whole months lie between two days."""
    months = (later.year - earlier.year) * 12 + later.month - earlier.month
    return months - (later.day < earlier.day)


@cache
def load_throughput(path: Path = DATA / "throughput.json") -> Throughput:
    """Read what was measured."""
    raw = json.loads(path.read_text())
    return Throughput(
        measured=date.fromisoformat(raw["measured"]),
        confidence=raw["confidence"],
        per_task=raw["requestsPerSecondOfOneTask"],
        per_database_cpu=raw["database"]["requestsPerSecondOfOneCpu"],
    )


@cache
def load_prices(region: str, path: Path = DATA / "prices.json") -> Prices | None:
    """Read a region's prices; None where there are none, as a guess would be a wrong figure."""
    raw = json.loads(path.read_text())
    if region not in raw["regions"]:
        return None
    prices = raw["everywhere"] | raw["regions"][region]
    return Prices(
        checked=date.fromisoformat(raw["checked"]), uncertain=prices.get("uncertain"), of=prices
    )
