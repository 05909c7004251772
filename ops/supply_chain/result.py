"""What a check of the supply chain says, and all of them as a table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

__all__ = ["Outcome", "Result", "clean_or_found", "exit_code", "not_checked", "table", "today"]


class Outcome(Enum):
    """How a check ended."""

    CLEAN = "nothing found"
    FOUND = "FOUND"
    NOT_CHECKED = "NOT CHECKED"


@dataclass(frozen=True, kw_only=True)
class Result:
    """One check.

    Attributes:
        what: What was looked at.
        data: What it was held against; empty if it was not.
        date: Of which day that is; empty likewise.
        outcome: How it ended.
        details: What was found, or why nothing could be.
    """

    what: str
    outcome: Outcome
    data: str = ""
    date: str = ""
    details: tuple[str, ...] = ()


def clean_or_found(what: str, data: str, date: str, found: Iterable[str]) -> Result:
    """Return the result of a check that was made."""
    details = tuple(found)
    outcome = Outcome.FOUND if details else Outcome.CLEAN
    return Result(what=what, data=data, date=date, outcome=outcome, details=details)


def not_checked(what: str, *reasons: str) -> Result:
    """Return the result of one that could not be made. It is never taken for a good one."""
    return Result(what=what, outcome=Outcome.NOT_CHECKED, details=reasons)


def today() -> str:
    """The date of data that a service answers with now."""
    return datetime.now(UTC).date().isoformat()


def table(results: Sequence[Result]) -> str:
    """Return the results in columns, and below them what was found and what is not known."""
    rows = [("checked", "against", "of", "result")]
    rows += [
        (one.what, one.data or "-", one.date or "-", f"{_count(one)}{one.outcome.value}")
        for one in results
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        "  ".join([*(f"{cell:{width}}" for cell, width in zip(row, widths, strict=False)), row[3]])
        for row in rows
    ]
    for one in results:
        if one.details:
            lines += ["", f"{one.what}, {one.outcome.value.lower()}:"]
            lines += [f"  {detail}" for detail in one.details]
    return "\n".join(lines)


def _count(result: Result) -> str:
    return f"{len(result.details)} " if result.outcome is Outcome.FOUND else ""


def exit_code(results: Iterable[Result]) -> int:
    """0 for nothing found, 1 for something, 2 where nothing was but not all could be checked."""
    outcomes = {one.outcome for one in results}
    if Outcome.FOUND in outcomes:
        return 1
    return 2 if Outcome.NOT_CHECKED in outcomes else 0
