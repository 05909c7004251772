"""What a rehearsal came to, in figures; pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ops.rehearse.load import Answer
from ops.rehearse.profile import Profile
from ops.rehearse.stage import Counts

__all__ = [
    "ALLOWED_SECONDS",
    "Decision",
    "Result",
    "Slice",
    "agreement",
    "as_json",
    "percentile",
    "slices",
    "verdict",
]

ALLOWED_SECONDS: Final = 10.0
"""After the load has risen a request may fail for so long, in real seconds."""

_MINUTE: Final = 60


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Some seconds of the load.

    Attributes:
        at: when they begin, in real seconds from the beginning.
        offered: requests sent a second.
        served: of these, those that were answered well.
        p50_ms: half of the answers took no longer; 0 if there were none.
        p99_ms: 99 of 100 answers took no longer.
        failed: requests that were not served.
    """

    at: float
    offered: float
    served: float
    p50_ms: float
    p99_ms: float
    failed: int


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A change of the desired count: when, in minutes of autoscaling, to what, and why."""

    minute: float
    what: str
    cause: str
    details: str
    status: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """A whole rehearsal.

    Attributes:
        profile: the load.
        begin: when it began, in seconds since the epoch.
        answers: what became of each request.
        tasks: seconds from the beginning, and the tasks then.
        decisions: in order.
        predicted: the simulator's tasks, by the second of autoscaling's minutes.
        requests_per_task: the target of the rehearsal, in requests a second.
        usual_requests_per_task: the stack's own.
        minimum: tasks at least.
        maximum: tasks at most.
        load_average: processes that ran or wanted to on this machine before the load began.
    """

    profile: Profile
    begin: float
    answers: Sequence[Answer]
    tasks: Sequence[tuple[float, Counts]]
    decisions: Sequence[Decision]
    predicted: Sequence[tuple[float, int]]
    requests_per_task: float
    usual_requests_per_task: float
    minimum: int
    maximum: int
    load_average: float

    def minute(self, seconds: float) -> float:
        """Real seconds from the beginning as minutes of autoscaling."""
        return seconds / self.profile.seconds_per_minute

    def failures(self) -> list[Answer]:
        """Requests that were not served, by time."""
        found = (answer for answer in self.answers if not answer.is_good)
        return sorted(found, key=lambda answer: answer.at)

    def late_failures(self) -> list[Answer]:
        """Those that nothing excuses: not sent within the first seconds after the rise."""
        rise = self.begin + self.profile.steps_at
        return [
            answer for answer in self.failures() if not rise <= answer.at < rise + ALLOWED_SECONDS
        ]

    def agreement(self) -> float | None:
        """The share of the time in which the prediction is within one task; None without one."""
        seen = [
            (self.minute(at) * _MINUTE, counts.serving)
            for at, counts in self.tasks
            if 0 <= at < self.profile.seconds
        ]
        return agreement(self.predicted, seen) if self.predicted and seen else None


def percentile(values: Sequence[float], share: float) -> float:
    """The value that so many are not above; 0 if there are none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


def slices(
    answers: Iterable[Answer], *, begin: float, seconds: float, length: float
) -> Iterator[Slice]:
    """Count the answers by when their requests were sent."""
    found: dict[int, list[Answer]] = {}
    for answer in answers:
        found.setdefault(int((answer.at - begin) // length), []).append(answer)
    for number in range(math.ceil(seconds / length)):
        here = found.get(number, [])
        good = [answer.seconds * 1000 for answer in here if answer.is_good]
        yield Slice(
            at=number * length,
            offered=len(here) / length,
            served=len(good) / length,
            p50_ms=percentile(good, 0.5),
            p99_ms=percentile(good, 0.99),
            failed=len(here) - len(good),
        )


def agreement(predicted: Sequence[tuple[float, int]], seen: Sequence[tuple[float, int]]) -> float:
    """The share of samples that the prediction for their time is within one task of."""
    near, ahead = 0, 0
    for at, tasks in seen:
        while ahead + 1 < len(predicted) and predicted[ahead + 1][0] <= at:
            ahead += 1
        near += abs(predicted[ahead][1] - tasks) <= 1
    return near / len(seen)


def verdict(result: Result) -> list[str]:
    """What is wrong with a rehearsal, in plain words; nothing if it went well."""
    problems = []
    if late := result.late_failures():
        kinds = Counter(answer.error or str(answer.status) for answer in late)
        words = ", ".join(f"{count} x {kind}" for kind, count in kinds.most_common(3))
        problems.append(
            f"{len(late)} requests failed outside of the first {ALLOWED_SECONDS:g} s after the "
            f"rise: {words}."
        )
    most = max((counts.serving for _, counts in result.tasks), default=0)
    if most <= result.minimum:
        problems.append(f"No task was added: there were never more than {most}.")
    last = result.tasks[-1][1].desired if result.tasks else 0
    if last > result.minimum:
        problems.append(f"{last} tasks are left at the end, not {result.minimum}.")
    if unexplained := [each for each in result.decisions if not each.cause]:
        problems.append(f"{len(unexplained)} decisions have no cause.")
    return problems


def as_json(result: Result) -> dict[str, Any]:
    """The figures for other programs."""
    profile, failures = result.profile, result.failures()
    cut = slices(
        result.answers,
        begin=result.begin,
        seconds=profile.seconds,
        length=profile.seconds_per_minute,
    )
    share = result.agreement()
    return {
        "secondsPerMinute": profile.seconds_per_minute,
        "phases": [vars(phase) for phase in profile.phases],
        "requestsPerSecondOfOneTask": result.requests_per_task,
        "usualRequestsPerSecondOfOneTask": result.usual_requests_per_task,
        "minTasks": result.minimum,
        "maxTasks": result.maximum,
        "loadAverageBefore": round(result.load_average, 1),
        "requests": len(result.answers),
        "failed": len(failures),
        "failedAfterAllowance": len(result.late_failures()),
        "allowedSeconds": ALLOWED_SECONDS,
        "p50Ms": percentile([a.seconds * 1000 for a in result.answers if a.is_good], 0.5),
        "p99Ms": percentile([a.seconds * 1000 for a in result.answers if a.is_good], 0.99),
        "predictionWithinOneTask": share,
        "minutes": [vars(each) for each in cut],
        "tasks": [
            {"second": round(at, 2), "desired": counts.desired, "serving": counts.serving}
            for at, counts in result.tasks
        ],
        "predicted": _changes(result.predicted),
        "decisions": [vars(decision) for decision in result.decisions],
        "problems": verdict(result),
    }


def _changes(predicted: Sequence[tuple[float, int]]) -> list[dict[str, float]]:
    found: list[dict[str, float]] = []
    for second, tasks in predicted:
        if not found or found[-1]["serving"] != tasks:
            found.append({"scalingSecond": second, "serving": tasks})
    return found
