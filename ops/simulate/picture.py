"""What comes, over what each set-up's tasks serve, in SVG."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ops.plan import svg

from .compare import Outcome
from .traffic import Traffic

__all__ = ["picture"]

_WIDTH, _HEIGHT = 900, 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 20, 76, 84
_POINTS = 400
_COLORS = (svg.RED, svg.BLUE, svg.GREEN)
_LINES, _MARKS = 5, 12
_LETTER = 6.4  # pixels of a letter of the legend, about


@dataclass(frozen=True, kw_only=True)
class _Axes:
    """Where a second and a rate are on the page."""

    first: int
    last: int
    most: float

    def at(self, second: float, rate: float) -> svg.Point:
        width, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
        share = (second - self.first) / (self.last - self.first)
        return _LEFT + share * width, _HEIGHT - _BOTTOM - rate / self.most * height

    def seconds(self) -> Sequence[int]:
        step = max(1, (self.last - self.first) // _POINTS)
        return range(self.first, self.last, step)


def picture(title: str, traffic: Traffic, outcomes: Sequence[Outcome]) -> str:
    """Return the picture of the time that matters."""
    first, last = traffic.focus
    served = [max(one.run.tasks[first:last]) * one.setup.rated for one in outcomes]
    highest = max([*served, *traffic.rates[first:last]])
    axes = _Axes(first=first, last=last, most=max(1.0, highest * 1.06))
    body = [
        svg.text(_LEFT, 28, title, size=18, weight="600"),
        svg.text(
            _LEFT, 50, "requests per second: what comes, and what the tasks serve", color=svg.GREY
        ),
        *_grid(axes),
        *_curves(axes, traffic, outcomes),
        *_legend(outcomes),
    ]
    return svg.document(_WIDTH, _HEIGHT, title, body)


def _curves(axes: _Axes, traffic: Traffic, outcomes: Sequence[Outcome]) -> Iterator[str]:
    comes = [axes.at(second, traffic.rates[second]) for second in axes.seconds()]
    (left, bottom), (right, _) = axes.at(axes.first, 0), axes.at(axes.last, 0)
    yield svg.area([*comes, (right, bottom), (left, bottom)], svg.GREY)
    for one, color in zip(outcomes, _COLORS, strict=False):
        yield svg.line(_steps(axes, one), color, width=2)
    yield svg.line(comes, svg.INK, width=2, dash="6 4")


def _steps(axes: _Axes, one: Outcome) -> list[svg.Point]:
    """What a set-up's tasks serve: upright where their number changes."""
    points: list[svg.Point] = []
    before = None
    for second in axes.seconds():
        served = float(one.run.tasks[second] * one.setup.rated)
        if before is not None and before != served:
            points.append(axes.at(second, before))
        points.append(axes.at(second, served))
        before = served
    return points


def _grid(axes: _Axes) -> Iterator[str]:
    step = _round_step(axes.most)
    for rate in range(0, int(axes.most) + 1, step):
        x, y = axes.at(axes.first, rate)
        yield svg.line([(x, y), (_WIDTH - _RIGHT, y)], "#e6e8eb", width=1)
        yield svg.text(x - 8, y + 4, f"{rate:,}", color=svg.GREY, anchor="end")
    for second in _moments(axes):
        x, y = axes.at(second, 0)
        words = f"{second // 3600}:{second % 3600 // 60:02}"
        yield svg.text(x, y + 18, words, color=svg.GREY, anchor="middle")
    yield svg.text(
        _WIDTH - _RIGHT, _HEIGHT - _BOTTOM + 38, "hours and minutes", color=svg.GREY, anchor="end"
    )


def _moments(axes: _Axes) -> Iterator[int]:
    """Yield round times, a dozen at most."""
    length = axes.last - axes.first
    steps = (60, 300, 600, 1800, 3600, 7200, 14_400, 43_200, 86_400)
    step = next(step for step in steps if length / step <= _MARKS)
    yield from range(-(-axes.first // step) * step, axes.last, step)


def _round_step(most: float) -> int:
    """Return a round number, about `_LINES` of which make up the height."""
    power = 1
    while most / power > _LINES * 10:
        power *= 10
    return next(step * power for step in (1, 2, 5, 10) if most / (step * power) <= _LINES * 2)


def _legend(outcomes: Sequence[Outcome]) -> Iterator[str]:
    x, y = float(_LEFT), float(_HEIGHT - 20)
    entries: list[tuple[str, str | None, str]] = [(svg.INK, "6 4", "what comes")]
    for one, color in zip(outcomes, _COLORS, strict=False):
        entries.append((color, None, f"{one.setup.name}, {one.short_minutes:.1f} minutes short"))
    for color, dash, words in entries:
        yield svg.line([(x, y - 4), (x + 24, y - 4)], color, width=3, dash=dash)
        yield svg.text(x + 30, y, words, size=12)
        x += 30 + _LETTER * len(words) + 18
