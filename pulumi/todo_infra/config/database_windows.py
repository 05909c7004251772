"""When a database is backed up and maintained: windows in UTC, as RDS writes them."""

import re
from dataclasses import dataclass

__all__ = ["DailyWindow", "WeeklyWindow", "windows_overlap"]

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = 24 * 60
_WEEK = 7 * _DAY
_SHORTEST = 30
_CLOCK = r"(?P<hours>[01]\d|2[0-3]):(?P<minutes>[0-5]\d)"
_MOMENT = re.compile(f"((?P<day>{'|'.join(_DAYS)}):)?{_CLOCK}")


@dataclass(frozen=True)
class DailyWindow:
    """A time of every day, such as 03:00-04:00."""

    allowed: str = 'hh:mm-hh:mm in UTC of at least 30 minutes, such as "03:00-04:00"'

    def parse(self, value: object) -> str:
        """Accept a window that is long enough for RDS; it may go on after midnight."""
        return _accepted(value, has_day=False, period=_DAY)


@dataclass(frozen=True)
class WeeklyWindow:
    """A time of one day a week, such as sun:05:00-sun:06:00."""

    allowed: str = (
        'ddd:hh:mm-ddd:hh:mm in UTC of 30 minutes to a day, such as "sun:05:00-sun:06:00"'
    )

    def parse(self, value: object) -> str:
        """Accept a window that is long enough for RDS; it may go on after Sunday."""
        return _accepted(value, has_day=True, period=_WEEK)


def windows_overlap(daily: str, weekly: str) -> bool:
    """Whether a daily window and a weekly one share a minute."""
    (start, length), (weekly_start, weekly_length) = _span(daily, _DAY), _span(weekly, _WEEK)
    # The first daily window that ends after the weekly one begins. It may have begun before.
    days = (weekly_start - start - length) // _DAY + 1
    return start + days * _DAY < weekly_start + weekly_length


def _accepted(value: object, *, has_day: bool, period: int) -> str:
    moments = value.split("-") if isinstance(value, str) else []
    matches = [_MOMENT.fullmatch(moment) for moment in moments]
    if len(matches) != 2 or any(m is None or bool(m["day"]) != has_day for m in matches):  # noqa: PLR2004
        raise ValueError(value)
    text = str(value)
    if not _SHORTEST <= _span(text, period)[1] <= _DAY:
        raise ValueError(value)
    return text


def _span(window: str, period: int) -> tuple[int, int]:
    """Return where a window begins, in minutes since Monday or midnight, and its length."""
    start, end = map(_minute, window.split("-"))
    return start, (end - start) % period


def _minute(moment: str) -> int:
    *day, hours, minutes = moment.split(":")
    return (_DAYS.index(day[0]) if day else 0) * _DAY + int(hours) * 60 + int(minutes)
