"""What announced events change, and when: the floor of tasks, and the load balancer's."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from todo_infra import config
from todo_infra.config.events import Event

from .sizing import Sizing, tasks_for

__all__ = [
    "LEAD",
    "FloorChange",
    "Reservation",
    "event_tasks",
    "floor_at",
    "floor_changes",
    "reservations",
]

LEAD = timedelta(minutes=10)
"""Tasks serve a minute after they are asked for; the load balancer takes longer to grow."""

# A load balancer grows with its traffic, and is to be prepared for more than twice of it at once:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/capacity-unit-reservation.html
_STEEP = 2
_RESERVATION_LEAD = timedelta(hours=24)  # AWS: minutes mostly, and up to a few hours
_LEAST_UNITS = 100
# One unit is 25 new connections a second, or 1 GB an hour. Who comes for the first time opens one
# and asks for the page, its script, a list and what is in it: a hundred requests; and answers of
# 3 kB make it 93. Reserved units are paid for whether they are used or not, so that four times as
# many, one for each 25 requests, would cost more than all the tasks of the event.
# https://aws.amazon.com/elasticloadbalancing/pricing/
REQUESTS_PER_UNIT = 90


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
class Reservation:
    """Capacity of the load balancer that is there before the crowd.

    Attributes:
        event: Whose crowd it is.
        units: Load balancer capacity units.
        begins: From when on a deployment reserves them.
        crowd: When they have to be there.
        ends: From when on a deployment gives them back.
    """

    event: str
    units: int
    begins: datetime
    crowd: datetime
    ends: datetime


def event_tasks(event: Event, sizing: Sizing) -> int:
    """Return the least number of tasks during an event."""
    wanted = tasks_for(event.peak_requests_per_second, sizing.target)
    return max(sizing.floor, min(wanted, sizing.ceiling))


def floor_at(at: datetime, capacity: config.Capacity, sizing: Sizing) -> int:
    """Return the least number at a time: where events overlap, the highest of theirs."""
    on = (event for event in capacity.events if event.begins - LEAD <= at < event.ends)
    return max([sizing.floor, *(event_tasks(event, sizing) for event in on)])


def floor_changes(
    capacity: config.Capacity, sizing: Sizing, now: datetime
) -> tuple[FloorChange, ...]:
    """Return what is still to come, by time; AWS refuses an action in the past."""
    moments = [
        (f"{event.name}-{what}", at)
        for event in capacity.events
        for what, at in (("begins", event.begins - LEAD), ("ends", event.ends))
    ]
    changes = (
        FloorChange(name=name, at=at, min_tasks=floor_at(at, capacity, sizing))
        for name, at in moments
        if at > now
    )
    return tuple(sorted(changes, key=lambda change: (change.at, change.name)))


def reservations(capacity: config.Capacity, now: datetime) -> Iterator[Reservation]:
    """Yield what events reserve that are not over and come all at once."""
    for event in sorted(capacity.events, key=lambda one: (one.begins, one.name)):
        peak = event.peak_requests_per_second
        if event.ends > now and peak > _STEEP * capacity.expected_requests_per_second:
            yield Reservation(
                event=event.name,
                units=max(_LEAST_UNITS, -(-peak // REQUESTS_PER_UNIT)),
                begins=event.begins - _RESERVATION_LEAD,
                crowd=event.begins,
                ends=event.ends,
            )
