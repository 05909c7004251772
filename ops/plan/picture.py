"""The plan as a picture: what is served over what comes, and the floor over time, in SVG."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from todo_infra.capacity import ZONES, CapacityPlan

__all__ = ["picture"]

_WIDTH, _HEIGHT = 900, 460
_LEFT, _RIGHT, _TOP, _BOTTOM = 90, 30, 84, 96
_BEYOND_PEAK = 1.25
_STEPS = 400
_BLUE, _GREEN, _RED, _GREY, _INK = "#0b5cad", "#1a7f37", "#c62828", "#8a8f98", "#1f2328"

_Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class _Axes:
    """Where a value is on the page."""

    most_x: float
    most_y: float

    def at(self, x: float, y: float) -> _Point:
        width, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
        return _LEFT + x / self.most_x * width, _HEIGHT - _BOTTOM - y / self.most_y * height


def picture(stack: str, before: CapacityPlan, after: CapacityPlan) -> str:
    """Return the picture of a plan, with the one before in grey where it is another."""
    most_x = max(before.peak_requests_per_second, after.peak_requests_per_second) * _BEYOND_PEAK
    most_y = max(_served(plan, most_x) for plan in (before, after)) * 1.08
    axes = _Axes(most_x=most_x, most_y=most_y)
    body = [
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        _text(_LEFT, 30, f"{stack}: {_headline(after)}", size=18, weight="600"),
        *_grid(axes),
        *_curves(axes, before, after),
        *_marks(axes, after),
        *_legend(changes=before != after),
    ]
    label = escape(f"{stack}: {_headline(after)}", quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'width="{_WIDTH}" height="{_HEIGHT}" role="img" aria-label="{label}" '
        'font-family="system-ui, sans-serif">\n' + "\n".join(body) + "\n</svg>\n"
    )


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
    def points(value: Callable[[float], float]) -> list[_Point]:
        traffic = [axes.most_x * step / _STEPS for step in range(_STEPS + 1)]
        return [axes.at(one, value(one)) for one in traffic]

    left = points(lambda traffic: _without_zone(after, traffic))
    comes = points(lambda traffic: traffic)
    yield _area([*left, *reversed(comes)], _GREEN)
    if before != after:
        old = points(lambda traffic: _without_zone(before, traffic))
        yield _line(old, _GREY, width=2, dash="2 4")
    yield _line(points(lambda traffic: _served(after, traffic)), _BLUE, width=2)
    yield _line(left, _GREEN, width=2)
    yield _line(comes, _INK, width=2, dash="6 4")


def _marks(axes: _Axes, plan: CapacityPlan) -> Iterator[str]:
    """Name the two traffics that the team stated, and the tasks that run for them."""
    for name, traffic in (
        ("busy hour", plan.expected_requests_per_second),
        ("peak", plan.peak_requests_per_second),
    ):
        x, bottom = axes.at(traffic, 0)
        yield _line([(x, _TOP), (x, bottom)], _RED, width=1)
        words = f"{name}: {traffic:,} req/s, {_tasks(plan, traffic)} tasks"
        near_end = x > _WIDTH * 2 / 3
        yield _text(
            x - 6 if near_end else x + 6,
            _TOP + (14 if name == "peak" else 32),
            words,
            color=_RED,
            anchor="end" if near_end else "start",
        )


def _grid(axes: _Axes) -> Iterator[str]:
    for value in _ticks(axes.most_y):
        x, y = axes.at(0, value)
        yield _line([(x, y), (_WIDTH - _RIGHT, y)], "#e6e8eb", width=1)
        yield _text(x - 8, y + 4, f"{value:,}", color=_GREY, anchor="end")
    for value in _ticks(axes.most_x):
        x, y = axes.at(value, 0)
        yield _text(x, y + 18, f"{value:,}", color=_GREY, anchor="middle")
    x, y = axes.at(0, 0)
    yield _line([(x, y), (_WIDTH - _RIGHT, y)], _GREY, width=1)
    yield _text(_WIDTH - _RIGHT, y + 36, "requests that come, per second", anchor="end")
    yield _text(_LEFT, _TOP - 14, "requests that are served, per second")


def _ticks(most: float) -> Sequence[int]:
    """Return four to ten round numbers."""
    step = 1
    while most / step > 10:  # noqa: PLR2004 - lines that are still readable
        step *= 5 if str(step)[0] in "25" and most / step > 20 else 2  # noqa: PLR2004
    return range(0, int(most) + 1, step)


def _legend(*, changes: bool) -> Iterator[str]:
    entries = [
        (_BLUE, None, "all tasks"),
        (_GREEN, None, "one zone lost"),
        (_INK, "6 4", "what comes"),
        *([(_GREY, "2 4", "one zone lost, before")] if changes else []),
    ]
    x, y = float(_LEFT), _HEIGHT - 22
    for color, dash, words in entries:
        yield _line([(x, y - 4), (x + 28, y - 4)], color, width=3, dash=dash)
        yield _text(x + 36, y, words)
        x += 36 + 7.2 * len(words) + 28


def _line(points: Sequence[_Point], color: str, *, width: int, dash: str | None = None) -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<polyline points="{_written(points)}" fill="none" stroke="{color}" '
        f'stroke-width="{width}"{dashed}/>'
    )


def _area(points: Sequence[_Point], color: str) -> str:
    return f'<polygon points="{_written(points)}" fill="{color}" fill-opacity="0.10"/>'


def _written(points: Sequence[_Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _text(
    x: float,
    y: float,
    words: str,
    *,
    size: int = 13,
    color: str = _INK,
    anchor: str = "start",
    weight: str = "400",
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" fill="{color}" '
        f'text-anchor="{anchor}">{escape(words)}</text>'
    )
