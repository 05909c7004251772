"""How much traffic the service is there for. Owned by the product team."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from todo_infra.errors import ConfigError
from todo_infra.sizes import TASK_SIZES

from .events import MOST_REQUESTS, Event, EventList
from .rules import OneOf, WholeNumber

__all__ = ["MOST_TASKS", "Capacity", "contradictions"]

# A target group takes 1000 targets, and a deployment runs old and new tasks side by side:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
MOST_TASKS = 500


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """How much traffic the service is there for.

    Attributes:
        expected_requests_per_second: Of an ordinary busy hour. So many tasks always run, with
            headroom.
        peak_requests_per_second: The highest minute to survive. So many tasks may run; and as
            many always do as bear it without headroom, since nobody may announce it.
        task_size: T-shirt size of one task; see `sizes.TASK_SIZES`.
        read_percent: Of a hundred requests, those that only read. Replicas take these.
        events: Known dates with more traffic: the tasks are there before the crowd. They
            may overlap: the highest traffic counts.
        min_tasks: Tasks that always run, in place of what the traffic leads to.
        max_tasks: Tasks that may run, in place of what the highest traffic leads to.
    """

    expected_requests_per_second: Annotated[int, WholeNumber(1, MOST_REQUESTS)] = 60
    peak_requests_per_second: Annotated[int, WholeNumber(1, MOST_REQUESTS)] = 600
    task_size: Annotated[str, OneOf(tuple(TASK_SIZES))] = "small"
    read_percent: Annotated[int, WholeNumber(0, 100)] = 80
    events: Annotated[tuple[Event, ...], EventList()] = ()
    min_tasks: Annotated[int | None, WholeNumber(1, MOST_TASKS)] = None
    max_tasks: Annotated[int | None, WholeNumber(1, MOST_TASKS)] = None


def contradictions(capacity: Capacity, key: str) -> Iterator[ConfigError]:
    """Yield what no single value shows.

    Args:
        capacity: What the stack says.
        key: The full key of the object, such as `todo:capacity`.
    """
    low, high = capacity.min_tasks, capacity.max_tasks
    expected, peak = capacity.expected_requests_per_second, capacity.peak_requests_per_second
    if low and high and high < low:
        fix = "Raise maxTasks or lower minTasks."
        yield ConfigError(f"{key}.maxTasks", high, f"minTasks ({low}) or more", fix)
    if peak < expected:
        yield ConfigError(
            f"{key}.peakRequestsPerSecond",
            peak,
            f"expectedRequestsPerSecond ({expected}) or more",
            "The peak is the highest minute, and the busy hour is part of it: raise it.",
        )
    for name, times in Counter(event.name for event in capacity.events).items():
        if times > 1:
            fix = "Rename all but one."
            yield ConfigError(f"{key}.events", name, "each name once", fix)
    for event in capacity.events:
        where = f"{key}.events[{event.name}]"
        if event.ends <= event.begins:
            found, allowed = _written(event.ends), f"a time after from ({_written(event.begins)})"
            yield ConfigError(f"{where}.until", found, allowed, "Swap the two, or correct one.")
        if event.peak_requests_per_second < expected:
            yield ConfigError(
                f"{where}.peakRequestsPerSecond",
                event.peak_requests_per_second,
                f"expectedRequestsPerSecond ({expected}) or more",
                "Remove the event: the tasks that always run are enough for it.",
            )


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%MZ}"
