"""What a check says: a line that passes, fails, or is skipped with the reason why."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

__all__ = ["Line", "Verdict", "as_json", "as_table", "failed", "passed", "skipped"]


class Verdict(StrEnum):
    """How a line ends."""

    PASS = "pass"  # noqa: S105 - the word
    FAIL = "fail"
    SKIP = "skip"


_MARKS = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.SKIP: "-"}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that was looked at.

    Attributes:
        name: What it is.
        verdict: How it is.
        reason: What was seen, or why nothing was.
    """

    name: str
    verdict: Verdict
    reason: str


def passed(name: str, reason: str) -> Line:
    """Return a line that is well."""
    return Line(name=name, verdict=Verdict.PASS, reason=reason)


def failed(name: str, reason: str) -> Line:
    """Return a line that is not."""
    return Line(name=name, verdict=Verdict.FAIL, reason=reason)


def skipped(name: str, reason: str) -> Line:
    """Return a line that could not be looked at from here, or does not apply."""
    return Line(name=name, verdict=Verdict.SKIP, reason=reason)


def as_table(lines: Sequence[Line]) -> str:
    """Return the lines in columns, and how many there are of each verdict."""
    width = max((len(line.name) for line in lines), default=0)
    rows = [f"  {_MARKS[line.verdict]} {line.name:{width}}  {line.reason}" for line in lines]
    counts = [f"{sum(line.verdict is each for line in lines)} {each}" for each in Verdict]
    return "\n".join([*rows, "", f"  {', '.join(counts)}"])


def as_json(stack: str, lines: Sequence[Line]) -> str:
    """Return the same for other programs."""
    well = all(line.verdict is not Verdict.FAIL for line in lines)
    return json.dumps({"stack": stack, "well": well, "lines": [asdict(x) for x in lines]}, indent=1)
