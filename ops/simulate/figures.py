"""The figures of docs/growth.md: `make figures` writes them anew, and a test holds them.

They follow from prod's config, from what was measured and from AWS's prices: where one of these
changes, so does the page.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ops.plan.stack import changed, read_stack
from todo_infra import config
from todo_infra.capacity import CapacityPlan, plan_capacity

from .compare import Outcome, compare, with_event
from .traffic import flash_crowd, launch

__all__ = ["PAGE", "STEPS", "blocks", "filled", "main"]

PAGE = Path("docs/growth.md")
_STACK = "prod"
_SEED = 1
# No event of a stack is as old: a figure must not depend on the day on which it is made.
_NOW = datetime(2026, 12, 1, tzinfo=UTC)

_EVENT = (
    'events=[{"name":"sale","from":"2026-12-10T08:00Z","until":"2026-12-10T12:00Z",'
    '"peakRequestsPerSecond":9000}]'
)

_OF_PLATFORM = "databaseOperations."
STEPS: tuple[tuple[str, str, str], ...] = (
    ("half as much again at the peak", "peakRequestsPerSecond=9000", "at once"),
    ("a launch of four hours, half as much again", _EVENT, "10 minutes before it"),
    ("twice the storage", "storageGiB=200", "maintenance window, no pause"),
    ("a larger database", "size=xlarge", "maintenance window, a minute's pause"),
    ("RDS Proxy", "databaseOperations.proxy=true", "15 minutes, no pause"),
    (
        "a copy for reads",
        "readReplicas=1 databaseOperations.managedMasterPassword=false",
        "half an hour, no pause",
    ),
)
"""The ladder: what, the change that is tried, and how long until it helps."""


def blocks(root: Path) -> dict[str, list[str]]:
    """Return each block's lines of Markdown, by its name on the page."""
    stated = read_stack(root, _STACK)
    return {"worth": list(_worth(stated)), "ladder": list(_ladder(stated))}


def _settings(stated: Mapping[str, object], wish: str = "") -> config.Settings:
    return config.parse(changed(stated, wish))


def _worth(stated: Mapping[str, object]) -> Iterator[str]:
    usual, few = _settings(stated), _settings(stated, "minTasks=2")
    base = usual.capacity.expected_requests_per_second
    peak = usual.capacity.peak_requests_per_second
    yield "| | short of tasks | requests dropped | that day, everything | tasks alone |"
    yield "|---|---:|---:|---:|---:|"
    crowd, start = flash_crowd(base, peak), launch(base, peak)
    plain, planned = compare(usual, crowd, _NOW, _SEED)
    two = compare(few, crowd, _NOW, _SEED)[1]
    yield from _rows("crowd", plain, two, planned)
    known = with_event(usual, _NOW, peak)
    plain, planned, announced = compare(usual, start, _NOW, _SEED, announced=known)
    two = compare(few, start, _NOW, _SEED)[1]
    yield from _rows("launch", plain, two, planned, announced)


def _rows(what: str, *outcomes: Outcome) -> Iterator[str]:
    names = ("plain defaults", "your plan with `minTasks: 2`", "your plan", "your plan, announced")
    for name, one in zip(names, outcomes, strict=False):
        yield (
            f"| {what}: {name} | {one.short_minutes:.1f} min | {one.run.dropped:,.0f} | "
            f"{one.usd or 0:,.2f} USD | {one.tasks_usd or 0:,.2f} USD |"
        )


def _ladder(stated: Mapping[str, object]) -> Iterator[str]:
    yield "| step | `SET=` | whose | helps after | USD a month |"
    yield "|---|---|---|---|---:|"
    before = _usd(plan_capacity(_settings(stated), _NOW))
    for what, wish, when in STEPS:
        shown = "see *Prepare a launch*" if wish == _EVENT else f"`{wish}`"
        whose = "platform team" if _OF_PLATFORM in wish else "product team"
        more = _usd(plan_capacity(_settings(stated, wish), _NOW)) - before
        yield f"| {what} | {shown} | {whose} | {when} | {more:+,.0f} |"


def _usd(plan: CapacityPlan) -> float:
    return plan.cost.usd if plan.cost else 0.0


def filled(page: str, written: Mapping[str, Sequence[str]]) -> str:
    """Return the page with each block between its two marks."""
    for name, lines in written.items():
        begin, end = f"<!-- {name}: make figures -->", f"<!-- {name}: end -->"
        block = "\n".join([begin, *lines, end])
        marks = f"{re.escape(begin)}.*?{re.escape(end)}"
        page, found = re.subn(marks, block.replace("\\", r"\\"), page, flags=re.DOTALL)
        if found != 1:
            raise ValueError(f"{begin} is on the page {found} times, and should be once")
    return page


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="python -m ops.simulate.figures", description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(), help="the project's directory")
    root = parser.parse_args(arguments).root
    page = root / PAGE
    page.write_text(filled(page.read_text(), blocks(root)))
    print(f"  {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
