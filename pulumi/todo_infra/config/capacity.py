"""How much traffic the service is there for. Owned by the product team."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from todo_infra.errors import ConfigError
from todo_infra.sizes import TASK_SIZES

from .events import Event, EventList
from .rules import OneOf, WholeNumber

__all__ = ["Capacity", "contradictions"]


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """How much traffic the service is there for.

    Attributes:
        task_size: T-shirt size of one task; see `sizes.TASK_SIZES`.
        min_tasks: Tasks that always run. Two survive the loss of a zone.
        max_tasks: Tasks that autoscaling may start.
        requests_per_task_per_second: The load of one task that autoscaling aims at.
        events: Times for which more tasks than `min_tasks` run. They may overlap: the
            highest number counts.
    """

    task_size: Annotated[str, OneOf(tuple(TASK_SIZES))] = "small"
    min_tasks: Annotated[int, WholeNumber(1, 1000)] = 2
    max_tasks: Annotated[int, WholeNumber(1, 1000)] = 10
    requests_per_task_per_second: Annotated[int, WholeNumber(1, 100_000)] = 100
    events: Annotated[tuple[Event, ...], EventList()] = ()


def contradictions(capacity: Capacity, key: str) -> Iterator[ConfigError]:
    """Yield what no single value shows.

    Args:
        capacity: What the stack says.
        key: The full key of the object, such as `todo:capacity`.
    """
    low, high = capacity.min_tasks, capacity.max_tasks
    if high < low:
        fix = "Raise maxTasks or lower minTasks."
        yield ConfigError(f"{key}.maxTasks", high, f"minTasks ({low}) or more", fix)
        return
    for name, times in Counter(event.name for event in capacity.events).items():
        if times > 1:
            fix = "Rename all but one."
            yield ConfigError(f"{key}.events", name, "each name once", fix)
    for event in capacity.events:
        where = f"{key}.events[{event.name}]"
        if event.ends <= event.begins:
            found, allowed = _written(event.ends), f"a time after from ({_written(event.begins)})"
            yield ConfigError(f"{where}.until", found, allowed, "Swap the two, or correct one.")
        if not low <= event.min_tasks <= high:
            allowed = f"minTasks ({low}) to maxTasks ({high}) of {key}"
            fix = f"Raise {key}.maxTasks." if event.min_tasks > high else "Remove the event."
            yield ConfigError(f"{where}.minTasks", event.min_tasks, allowed, fix)


def _written(moment: object) -> str:
    return f"{moment:%Y-%m-%dT%H:%MZ}"
