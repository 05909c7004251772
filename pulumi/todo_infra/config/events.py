"""Announced traffic: events for which more tasks run than usual."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from .rules import WholeNumber

__all__ = ["EVENT_NAME", "MOMENT", "MOST_REQUESTS", "Event", "EventList"]

MOST_REQUESTS = 10_000_000
# Without seconds YAML reads a text, and no timestamp of its own.
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d(Z|[+-]\d\d:\d\d)"
EVENT_NAME = r"[a-z][a-z0-9-]{0,39}"
_KEYS = {"name", "from", "until", "peakRequestsPerSecond"}


@dataclass(frozen=True, kw_only=True)
class Event:
    """A time with more traffic than usual.

    Attributes:
        name: What people call it; its scheduled actions are named after it.
        begins: When the tasks have to be there, in UTC.
        ends: From when on they are not needed any more, in UTC.
        peak_requests_per_second: The highest minute in between.
    """

    name: str
    begins: datetime
    ends: datetime
    peak_requests_per_second: int


@dataclass(frozen=True)
class EventList:
    """A list of events, each with all of its four keys."""

    allowed: str = (
        "a list of events {name, from, until, peakRequestsPerSecond}, with times to the minute and "
        "their zone, Z for UTC or such as +01:00: {name: sale, from: 2027-01-02T06:00Z, until: "
        "2027-01-02T18:00Z, peakRequestsPerSecond: 3000}, and names of lower-case letters, digits "
        "and hyphens"
    )

    def parse(self, value: object) -> tuple[Event, ...]:
        """Accept events that can be read; `capacity.contradictions` says what disagrees."""
        if not isinstance(value, list):
            raise ValueError(value)  # noqa: TRY004 - one kind of refusal for every rule
        return tuple(_event(item) for item in value)


def _event(value: object) -> Event:
    if not isinstance(value, Mapping) or set(value) != _KEYS:
        raise ValueError(value)
    if not isinstance(value["name"], str) or not re.fullmatch(EVENT_NAME, value["name"]):
        raise ValueError(value)
    return Event(
        name=value["name"],
        begins=_moment(value["from"]),
        ends=_moment(value["until"]),
        peak_requests_per_second=WholeNumber(1, MOST_REQUESTS).parse(
            value["peakRequestsPerSecond"]
        ),
    )


def _moment(value: object) -> datetime:
    if not isinstance(value, str) or not re.fullmatch(MOMENT, value):
        raise ValueError(value)
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except OverflowError:  # of the first and the last day that there is
        raise ValueError(value) from None
