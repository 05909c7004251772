"""A comparison in words and figures: for a terminal, for programs, and for a page."""

from collections.abc import Callable, Sequence
from typing import Any

from .compare import Outcome
from .traffic import Traffic

__all__ = ["ROWS", "as_json", "as_text", "clock"]

_DECISIONS = 12
_UNKNOWN = "not known"

ROWS: dict[str, Callable[[Outcome], str]] = {
    "minutes short of tasks": lambda one: f"{one.short_minutes:.1f}",
    "requests dropped": lambda one: f"{one.run.dropped:,.0f} ({_percent(one):.2f} %)",
    "tasks, from and to": lambda one: f"{min(one.run.tasks)} to {max(one.run.tasks)}",
    "task hours": lambda one: f"{one.task_hours:.1f}",
    "tasks, USD": lambda one: _usd(one.tasks_usd),
    "everything, USD": lambda one: _usd(one.usd),
}


def _percent(one: Outcome) -> float:
    return 100 * one.run.dropped / one.run.offered if one.run.offered else 0.0


def _usd(usd: float | None) -> str:
    return _UNKNOWN if usd is None else f"{usd:,.2f}"


def as_text(title: str, traffic: Traffic, outcomes: Sequence[Outcome]) -> str:
    """Return the table, what it means, and why the last set-up did what it did."""
    table = [["", *(one.setup.name for one in outcomes)]]
    table += [[name, *(figure(one) for one in outcomes)] for name, figure in ROWS.items()]
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    lines = [title, "", f"  {traffic.name}, {len(traffic.rates) / 3600:g} hours in all", ""]
    for name, *cells in table:
        columns = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        lines.append(f"  {name.ljust(widths[0])}  {'  '.join(columns)}".rstrip())
    lines += ["", *(_verdict(outcomes[0], one) for one in outcomes[1:])]
    lines += _decisions(outcomes[-1])
    return "\n".join(lines)


def _verdict(default: Outcome, one: Outcome) -> str:
    name = one.setup.name
    if not default.run.short_seconds:
        words = f"{name}: {one.short_minutes:.1f} minutes short, {default.setup.name} none"
    else:
        share = 100 * one.run.short_seconds / default.run.short_seconds
        words = f"{name}: {share:.0f} % of the minutes that {default.setup.name} are short"
    if one.usd and default.usd:
        words += f", at {one.usd / default.usd:.2f} times their cost"
    if one.tasks_usd and default.tasks_usd:
        words += f" (tasks alone: {one.tasks_usd / default.tasks_usd:.1f})"
    return f"{words}."


def _decisions(one: Outcome) -> list[str]:
    found = one.run.decisions
    if not found:
        return ["", f"What {one.setup.name} decided: nothing."]
    lines = ["", f"What {one.setup.name} decided:"]
    lines += [
        f"  {clock(decision.second)}  {decision.tasks} tasks: {decision.reason}"
        for decision in found[:_DECISIONS]
    ]
    if len(found) > _DECISIONS:
        lines.append(f"  and {len(found) - _DECISIONS} more (JSON=1 has all)")
    return lines


def clock(second: int) -> str:
    """Return hours, minutes and seconds since the beginning."""
    minutes, seconds = divmod(second, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


def as_json(traffic: Traffic, outcomes: Sequence[Outcome], seed: int) -> dict[str, Any]:
    """Return all of it for programs."""
    return {
        "traffic": traffic.name,
        "seconds": len(traffic.rates),
        "seed": seed,
        "outcomes": [_outcome(one) for one in outcomes],
    }


def _outcome(one: Outcome) -> dict[str, Any]:
    happened = one.run
    return {
        "name": one.setup.name,
        "minimumTasks": one.setup.minimum,
        "maximumTasks": one.setup.maximum,
        "shortMinutes": round(one.short_minutes, 2),
        "offered": round(happened.offered),
        "served": round(happened.served),
        "dropped": round(happened.dropped),
        "waiting": round(happened.waiting),
        "taskHours": round(one.task_hours, 2),
        "tasksUsd": None if one.tasks_usd is None else round(one.tasks_usd, 2),
        "usd": None if one.usd is None else round(one.usd, 2),
        "tasksEachMinute": list(happened.tasks[::60]),
        "decisions": [
            {"second": decision.second, "tasks": decision.tasks, "reason": decision.reason}
            for decision in happened.decisions
        ],
    }
