"""Announced traffic: events for which more tasks run than usual."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from .rules import WholeNumber

__all__ = ["Event", "EventList"]

# Without seconds YAML reads a text, and no timestamp of its own.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\dZ")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_KEYS = {"name", "from", "until", "minTasks"}


@dataclass(frozen=True, kw_only=True)
class Event:
    """A time with more traffic than usual.

    Attributes:
        name: What people call it; its scheduled actions are named after it.
        begins: When the tasks have to be there.
        ends: From when on they are not needed any more.
        min_tasks: How many always run in between.
    """

    name: str
    begins: datetime
    ends: datetime
    min_tasks: int


@dataclass(frozen=True)
class EventList:
    """A list of events, each with all of its four keys."""

    allowed: str = (
        "a list of events {name, from, until, minTasks}, with times in UTC to the minute, such as "
        "{name: sale, from: 2027-01-02T06:00Z, until: 2027-01-02T18:00Z, minTasks: 8}, "
        "and names of lower-case letters, digits and hyphens"
    )

    def parse(self, value: object) -> tuple[Event, ...]:
        """Accept events that can be read; `capacity.contradictions` says what disagrees."""
        if not isinstance(value, list):
            raise ValueError(value)  # noqa: TRY004 - one kind of refusal for every rule
        return tuple(_event(item) for item in value)


def _event(value: object) -> Event:
    if not isinstance(value, Mapping) or set(value) != _KEYS:
        raise ValueError(value)
    if not isinstance(value["name"], str) or not _NAME.fullmatch(value["name"]):
        raise ValueError(value)
    return Event(
        name=value["name"],
        begins=_moment(value["from"]),
        ends=_moment(value["until"]),
        min_tasks=WholeNumber(1, 1000).parse(value["minTasks"]),
    )


def _moment(value: object) -> datetime:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise ValueError(value)
    return datetime.strptime(value, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
