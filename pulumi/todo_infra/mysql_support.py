"""How long AWS supports a MySQL line without a surcharge.

RDS calls it standard support; after it, extended support costs extra by the hour and
virtual CPU. The dates, as of November 2026:
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/MySQL.Concepts.VersionMgmt.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

__all__ = ["WARN_DAYS", "Support", "mysql_line", "support_of", "warning"]

WARN_DAYS = 365
"""A new line has to be tried on a copy, with the application, before it is taken."""


@dataclass(frozen=True, kw_only=True)
class _Line:
    """One long-term support line of MySQL.

    Attributes:
        ends: The last day of standard support.
        announced: Whether AWS has named that day; without, it is three months after the
            end of five years of MySQL's own support, as it was for the lines before.
        successor: The next long-term support line that RDS has.
    """

    ends: date
    announced: bool
    successor: str | None


_LINES: Mapping[str, _Line] = {
    "8.4": _Line(ends=date(2029, 7, 31), announced=True, successor="9.7"),
    "9.7": _Line(ends=date(2031, 7, 31), announced=False, successor=None),
}


@dataclass(frozen=True, kw_only=True)
class Support:
    """What a day means for a MySQL line.

    Attributes:
        line: Such as 8.4.
        ends: The last day of standard support.
        announced: Whether AWS has named that day.
        successor: The next long-term support line, if there is one.
        has_ended: Whether that day is announced, and over.
        ends_soon: Whether it is near, or over.
    """

    line: str
    ends: date
    announced: bool
    successor: str | None
    has_ended: bool
    ends_soon: bool


def mysql_line(engine_version: str) -> str:
    """Return the line of a MySQL version: 8.4.6 is of 8.4."""
    return ".".join(engine_version.split(".")[:2])


def support_of(engine_version: str, today: date) -> Support:
    """Return how a MySQL version is supported on a day."""
    name = mysql_line(engine_version)
    line = _LINES[name]
    return Support(
        line=name,
        ends=line.ends,
        announced=line.announced,
        successor=line.successor,
        has_ended=line.announced and today > line.ends,
        ends_soon=today >= line.ends - timedelta(days=WARN_DAYS),
    )


def warning(engine_version: str, today: date) -> str | None:
    """Return what to tell whoever deploys a MySQL version on a day, if anything."""
    support = support_of(engine_version, today)
    if not support.ends_soon:
        return None
    when = f"on {support.ends}" if support.announced else f"about {support.ends}"
    verb = "ended" if support.has_ended else "ends"
    return (
        f"AWS's standard support of MySQL {support.line} {verb} {when}; after that day RDS "
        f"charges for extended support. Upgrade to {support.successor or 'a newer line'}: "
        "docs/runbook.md says how."
    )
