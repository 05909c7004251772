"""The plan as a picture: what is served over what comes, and the floor over time, in SVG."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from todo_infra.capacity import ZONES, CapacityPlan

from . import svg
from .timeline import timeline

__all__ = ["picture"]

_WIDTH, _HEIGHT = 900, 460
_LEFT, _RIGHT, _TOP, _BOTTOM = 90, 30, 84, 96
_BEYOND_PEAK = 1.25
_STEPS = 400
_TIMELINE = 210


@dataclass(frozen=True, kw_only=True)
class _Axes:
    """Where a value is on the page."""

    most_x: float
    most_y: float

    def at(self, x: float, y: float) -> svg.Point:
        width, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
        return _LEFT + x / self.most_x * width, _HEIGHT - _BOTTOM - y / self.most_y * height


def picture(stack: str, before: CapacityPlan, after: CapacityPlan) -> str:
    """Return the picture of a plan, with the one before in grey where it is another."""
    most_x = max(before.peak_requests_per_second, after.peak_requests_per_second) * _BEYOND_PEAK
    most_y = max(_served(plan, most_x) for plan in (before, after)) * 1.08
    axes = _Axes(most_x=most_x, most_y=most_y)
    title = f"{stack}: {_headline(after)}"
    body = [
        svg.text(_LEFT, 30, title, size=18, weight="600"),
        *_grid(axes),
        *_curves(axes, before, after),
        *_marks(axes, after),
        *_legend(changes=before != after),
    ]
    height = _HEIGHT
    if after.changes:
        height += _TIMELINE
        bottom = height - 56
        body += timeline(after, left=_LEFT, right=_WIDTH - _RIGHT, top=_HEIGHT + 40, bottom=bottom)
    return svg.document(_WIDTH, height, title, body)


def _headline(plan: CapacityPlan) -> str:
    words = f"{plan.floor_tasks} to {plan.max_tasks} {plan.task_size} tasks, {plan.database_class}"
    return f"{words}, about {plan.cost.usd:,.0f} USD a month" if plan.cost else words


def _tasks(plan: CapacityPlan, traffic: float) -> int:
    """Return how many tasks autoscaling runs for a traffic."""
    wanted = -int(-traffic * 60 // plan.requests_per_task_per_minute)
    return min(max(wanted, plan.floor_tasks), plan.max_tasks)


def _served(plan: CapacityPlan, traffic: float) -> float:
    return _tasks(plan, traffic) * plan.rated_requests_per_task_per_second


def _without_zone(plan: CapacityPlan, traffic: float) -> float:
    tasks = _tasks(plan, traffic)
    return (tasks - -(-tasks // ZONES)) * plan.rated_requests_per_task_per_second


def _curves(axes: _Axes, before: CapacityPlan, after: CapacityPlan) -> Iterator[str]:
    def points(value: Callable[[float], float]) -> list[svg.Point]:
        traffic = [axes.most_x * step / _STEPS for step in range(_STEPS + 1)]
        return [axes.at(one, value(one)) for one in traffic]

    left = points(lambda traffic: _without_zone(after, traffic))
    comes = points(lambda traffic: traffic)
    yield svg.area([*left, *reversed(comes)], svg.GREEN)
    if before != after:
        old = points(lambda traffic: _without_zone(before, traffic))
        yield svg.line(old, svg.GREY, width=2, dash="2 4")
    yield svg.line(points(lambda traffic: _served(after, traffic)), svg.BLUE, width=2)
    yield svg.line(left, svg.GREEN, width=2)
    yield svg.line(comes, svg.INK, width=2, dash="6 4")


def _marks(axes: _Axes, plan: CapacityPlan) -> Iterator[str]:
    """Name the two traffics that the team stated, and the tasks that run for them."""
    for name, traffic in (
        ("busy hour", plan.expected_requests_per_second),
        ("peak", plan.peak_requests_per_second),
    ):
        x, bottom = axes.at(traffic, 0)
        yield svg.line([(x, _TOP), (x, bottom)], svg.RED, width=1)
        words = f"{name}: {traffic:,} req/s, {_tasks(plan, traffic)} tasks"
        near_end = x > _WIDTH * 2 / 3
        yield svg.text(
            x - 6 if near_end else x + 6,
            _TOP + (14 if name == "peak" else 32),
            words,
            color=svg.RED,
            anchor="end" if near_end else "start",
        )


def _grid(axes: _Axes) -> Iterator[str]:
    for value in _ticks(axes.most_y):
        x, y = axes.at(0, value)
        yield svg.line([(x, y), (_WIDTH - _RIGHT, y)], "#e6e8eb", width=1)
        yield svg.text(x - 8, y + 4, f"{value:,}", color=svg.GREY, anchor="end")
    for value in _ticks(axes.most_x):
        x, y = axes.at(value, 0)
        yield svg.text(x, y + 18, f"{value:,}", color=svg.GREY, anchor="middle")
    x, y = axes.at(0, 0)
    yield svg.line([(x, y), (_WIDTH - _RIGHT, y)], svg.GREY, width=1)
    yield svg.text(_WIDTH - _RIGHT, y + 36, "requests that come, per second", anchor="end")
    yield svg.text(_LEFT, _TOP - 14, "requests that are served, per second")


def _ticks(most: float) -> Sequence[int]:
    """Return four to ten round numbers."""
    step = 1
    while most / step > 10:  # noqa: PLR2004 - lines that are still readable
        step *= 5 if str(step)[0] in "25" and most / step > 20 else 2  # noqa: PLR2004
    return range(0, int(most) + 1, step)


def _legend(*, changes: bool) -> Iterator[str]:
    entries = [
        (svg.BLUE, None, "all tasks"),
        (svg.GREEN, None, "one zone lost"),
        (svg.INK, "6 4", "what comes"),
        *([(svg.GREY, "2 4", "one zone lost, before")] if changes else []),
    ]
    x, y = float(_LEFT), _HEIGHT - 22
    for color, dash, words in entries:
        yield svg.line([(x, y - 4), (x + 28, y - 4)], color, width=3, dash=dash)
        yield svg.text(x + 36, y, words)
        x += 36 + 7.2 * len(words) + 28
