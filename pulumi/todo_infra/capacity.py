"""From the team's settings to the numbers that autoscaling is given. No resources here."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from . import config
from .config.events import Event

__all__ = ["CapacityPlan", "FloorChange", "plan_capacity"]

# Leaves room for what arrives while new tasks start.
_CPU_TARGET_PERCENT = 60
# Above what a task needs at rest, at every size: else memory would hold the count up for ever.
_MEMORY_TARGET_PERCENT = 75
_SECONDS_PER_MINUTE = 60
# Tasks serve a minute after they are asked for; the load balancer takes longer to grow.
_LEAD = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class FloorChange:
    """A change of the least number of tasks, at a time that is still to come.

    Attributes:
        name: Unique among the changes.
        at: When, in UTC.
        min_tasks: The least number from then on.
    """

    name: str
    at: datetime
    min_tasks: int


@dataclass(frozen=True, kw_only=True)
class CapacityPlan:
    """How far the service scales, and by what.

    Attributes:
        min_tasks: The least number now: that of an event, while there is one.
        max_tasks: The highest number.
        requests_per_task_per_minute: Load of one task to aim at, as the metric counts it.
        cpu_percent: CPU use to aim at.
        memory_percent: Memory use to aim at.
        changes: What events change from now on, by time.
        past_events: Names of events that are over.
    """

    min_tasks: int
    max_tasks: int
    requests_per_task_per_minute: int
    cpu_percent: int
    memory_percent: int
    changes: tuple[FloorChange, ...]
    past_events: tuple[str, ...]


def plan_capacity(settings: config.Settings, now: datetime) -> CapacityPlan:
    """Return the plan of a stack.

    A deployment in the middle of an event must not take its tasks away, so that the floor is
    the event's while it lasts; what lies behind is no scheduled action any more, as AWS refuses
    one in the past.

    Args:
        settings: The stack's config.
        now: Decides which events are past, and which are going on.
    """
    capacity = settings.capacity
    moments = [
        (f"{event.name}-{what}", at)
        for event in capacity.events
        for what, at in (("begins", event.begins - _LEAD), ("ends", event.ends))
    ]
    changes = (
        FloorChange(name=name, at=at, min_tasks=_floor(capacity, at))
        for name, at in moments
        if at > now
    )
    return CapacityPlan(
        min_tasks=_floor(capacity, now),
        max_tasks=capacity.max_tasks,
        requests_per_task_per_minute=capacity.requests_per_task_per_second * _SECONDS_PER_MINUTE,
        cpu_percent=_CPU_TARGET_PERCENT,
        memory_percent=_MEMORY_TARGET_PERCENT,
        changes=tuple(sorted(changes, key=lambda change: (change.at, change.name))),
        past_events=tuple(event.name for event in capacity.events if event.ends <= now),
    )


def _floor(capacity: config.Capacity, at: datetime) -> int:
    """Return the least number at a time: where events overlap, the highest of theirs."""
    return max([capacity.min_tasks, *(e.min_tasks for e in capacity.events if _is_on(e, at))])


def _is_on(event: Event, at: datetime) -> bool:
    return event.begins - _LEAD <= at < event.ends
