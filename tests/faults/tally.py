"""How requests ended, counted."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.faults.http1 import Answer

__all__ = ["COME_BACK", "Tally", "failure_of"]

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
    """

    requests: int = 0
    acknowledged: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    given_up: int = 0
    surprises: list[str] = field(default_factory=list)
    seconds: array[float] = field(default_factory=lambda: array("d"))

    @property
    def failed(self) -> int:
        """How many requests failed."""
        return self.failures.total()

    def figures(self) -> Mapping[str, object]:
        """Everything for a report."""
        ordered = sorted(self.seconds)
        return {
            "requests": self.requests,
            "acknowledged writes": self.acknowledged,
            "failed": self.failed,
            "failures": dict(self.failures),
            "given up": self.given_up,
            "contradictions": len(self.surprises),
            "p99 ms": round(1000 * ordered[len(ordered) * 99 // 100], 1) if ordered else None,
            "slowest ms": round(1000 * ordered[-1], 1) if ordered else None,
        }
