"""A change of the plan in Markdown, for a pull request, and as text for a terminal."""

import textwrap
from collections.abc import Iterator, Sequence

from todo_infra.capacity import ASSUMPTIONS, CapacityPlan

from .effects import effects
from .figures import rows

__all__ = ["as_text", "describe"]


def describe(before: CapacityPlan, after: CapacityPlan) -> list[str]:
    """Return lines of Markdown: the figures, what a change does and when, and what to know.

    Args:
        before: The plan as it is; the same as `after` where nothing changes.
        after: The plan as it would be.
    """
    lines = [*_table(before, after)]
    if changes := effects(before, after):
        lines += ["", "| change | takes effect |", "|---|---|"]
        lines += [f"| {change.what} | {change.when} |" for change in changes]
    for title, items in _lists(after):
        lines += ["", f"**{title}**", "", *(f"- {item}" for item in items)]
    return lines


def _table(before: CapacityPlan, after: CapacityPlan) -> Iterator[str]:
    if before == after:
        yield from ("| capacity | |", "|---|---:|")
        for name, _, new in rows(before, after):
            yield f"| {name} | {new} |"
        return
    yield from ("| capacity | before | after |", "|---|---:|---:|")
    for name, old, new in rows(before, after):
        yield f"| {name} | {old} | {f'**{new}**' if old != new else new} |"


def _lists(plan: CapacityPlan) -> Iterator[tuple[str, Sequence[str]]]:
    scheduled = [
        f"{change.at:%Y-%m-%d %H:%M} UTC, {change.name}: {change.min_tasks} tasks at least"
        for change in plan.changes
    ]
    for title, items in (
        ("Warnings", plan.warnings),
        ("Scheduled", scheduled),
        ("To do", plan.actions),
        ("Worth knowing", plan.notes),
    ):
        if items:
            yield title, items


def as_text(before: CapacityPlan, after: CapacityPlan) -> str:
    """Return the same for a terminal, with the reasons and the costs in full."""
    changes = effects(before, after)
    lines = _columns(before, after)
    if before != after:
        what = [f"{change.what}: {change.when}" for change in changes]
        lines += _list("Takes effect", what or ["nothing that runs changes"])
    lines += _list("Why", after.reasons)
    for title, items in _lists(after):
        lines += _list(title, items)
    lines += _costs(before, after)
    return "\n".join(lines)


def _columns(before: CapacityPlan, after: CapacityPlan) -> list[str]:
    table = [("", "before", "after"), *rows(before, after)]
    if before == after:
        table = [(name, "", new) for name, _, new in rows(before, after)]
    return _aligned(table)


def _aligned(table: Sequence[tuple[str, str, str]]) -> list[str]:
    widths = [max(len(row[column]) for row in table) for column in range(3)]
    lines = []
    for name, old, new in table:
        columns = [name.ljust(widths[0]), *([old.rjust(widths[1])] if widths[1] else [])]
        mark = "  ←" if widths[1] and old != new and name else ""
        lines.append(f"  {'  '.join([*columns, new.rjust(widths[2])])}{mark}".rstrip())
    return lines


def _list(title: str, items: Sequence[str]) -> list[str]:
    return ["", f"{title}:", *(f"  - {item}" for item in items)]


def _costs(before: CapacityPlan, after: CapacityPlan) -> list[str]:
    if after.cost is None:
        return []
    old = {part.name: part.usd for part in before.cost.parts} if before.cost else {}
    new = {part.name: part.usd for part in after.cost.parts}
    table = [
        (name, f"{old.get(name, 0):,.0f}", f"{new.get(name, 0):,.0f}")
        for name in dict.fromkeys([*new, *old])
    ]
    if before == after:
        table = [(name, "", amount) for name, _, amount in table]
    return [
        "",
        "A month in USD:",
        *_aligned(table),
        "",
        *textwrap.wrap(ASSUMPTIONS, 98, initial_indent="  ", subsequent_indent="  "),
    ]
