"""How requests ended, counted."""

from __future__ import annotations

import time
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.faults.http1 import Answer

__all__ = ["COME_BACK", "Tally", "failure_of", "percentile_ms"]

COME_BACK = "503 with Retry-After"
"""The one failure that an overloaded or cut-off application may answer with."""


def failure_of(answer: Answer) -> str | None:
    """Name the failure that an answer is, if it is one."""
    if answer.status < 429:
        return None
    kind = answer.headers.get("content-type")
    explained = kind == "application/problem+json" and b'"request_id"' in answer.body
    if answer.status == 503 and explained and "retry-after" in answer.headers:
        return COME_BACK
    return str(answer.status) if explained else f"{answer.status}, not from the application"


@dataclass
class Tally:
    """Requests as they were sent, each repetition counted.

    Attributes:
        ended: answers by status, and requests without one.
        failures: failed requests by kind; see `failure_of` and `NoAnswerError.kind`.
        given_up: changes that failed however often they were repeated.
        surprises: answers that contradict what was acknowledged before.
        seconds: how long each request took.
        failed_seconds: how long each took that failed.
        first_write: when a write was acknowledged first since `begin_again`, by `time.monotonic`.
        last_failure: when a request failed last.
    """

    requests: int = 0
    acknowledged: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    given_up: int = 0
    surprises: list[str] = field(default_factory=list)
    seconds: array[float] = field(default_factory=lambda: array("d"))
    failed_seconds: array[float] = field(default_factory=lambda: array("d"))
    first_write: float | None = None
    last_failure: float = 0.0

    @property
    def failed(self) -> int:
        """How many requests failed."""
        return self.failures.total()

    def acknowledge(self) -> None:
        """Count a write that the server says has happened."""
        self.acknowledged += 1
        if self.first_write is None:
            self.first_write = time.monotonic()

    def end(self, seconds: float, failure: str | None) -> None:
        """Count a request that has ended, well or with a failure."""
        self.seconds.append(seconds)
        if failure is not None:
            self.failures[failure] += 1
            self.failed_seconds.append(seconds)
            self.last_failure = time.monotonic()

    def begin_again(self) -> None:
        """Look for the first write from now on."""
        self.first_write = None

    def figures(self) -> Mapping[str, object]:
        """Everything for a report."""
        return {
            "requests": self.requests,
            "acknowledged writes": self.acknowledged,
            "failed": self.failed,
            "failures": dict(self.failures),
            "given up": self.given_up,
            "contradictions": len(self.surprises),
            "p50 ms": percentile_ms(self.seconds, 50),
            "p99 ms": percentile_ms(self.seconds, 99),
            "slowest ms": percentile_ms(self.seconds, 100),
        }


def percentile_ms(seconds: Sequence[float], percent: int) -> float | None:
    """How long so many percent of requests took at most, in milliseconds."""
    if not seconds:
        return None
    place = min(len(seconds) * percent // 100, len(seconds) - 1)
    return round(1000 * sorted(seconds)[place], 1)
