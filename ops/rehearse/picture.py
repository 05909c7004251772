"""A rehearsal as a picture: requests, times of answers and tasks over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ops.plan import svg
from ops.rehearse.figures import Result, Slice, slices

__all__ = ["picture"]

_WIDTH: Final = 900
_LEFT, _RIGHT, _TOP = 70, 30, 70
_PANEL, _GAP = 150, 56
_MINUTES_PER_LINE: Final = 5
_HEADROOM: Final = 1.12


@dataclass(frozen=True, kw_only=True)
class _Panel:
    """A part of the picture: its place, and what its height stands for."""

    number: int
    most: float
    minutes: float

    @property
    def bottom(self) -> float:
        return _TOP + (self.number + 1) * _PANEL + self.number * _GAP

    def at(self, minute: float, value: float) -> svg.Point:
        x = _LEFT + minute / self.minutes * (_WIDTH - _LEFT - _RIGHT)
        return x, self.bottom - min(value, self.most) / self.most * _PANEL

    def grid(self, title: str, unit: str) -> Iterator[str]:
        """Title, frame, both axes."""
        yield svg.text(_LEFT, self.bottom - _PANEL - 10, title, weight="600")
        for value in (0, self.most / _HEADROOM):
            left, y = self.at(0, value)
            yield svg.line([(left, y), (_WIDTH - _RIGHT, y)], "#d0d7de", width=1)
            yield svg.text(left - 8, y + 4, f"{value:,.0f}{unit}", size=11, anchor="end")
        for minute in range(0, int(self.minutes) + 1, _MINUTES_PER_LINE):
            x, _ = self.at(minute, 0)
            yield svg.text(x, self.bottom + 16, f"{minute}", size=11, anchor="middle")

    def steps(self, points: Sequence[tuple[float, float]]) -> list[svg.Point]:
        """Points of a line that stays until it changes."""
        found: list[svg.Point] = []
        for minute, value in points:
            x, y = self.at(minute, value)
            if found:
                found.append((x, found[-1][1]))
            found.append((x, y))
        return found


def picture(result: Result) -> str:
    """Return the picture, with minutes of autoscaling along it."""
    profile = result.profile
    length = profile.seconds_per_minute / 2
    cut = list(slices(result.answers, begin=result.begin, seconds=profile.seconds, length=length))
    lapse = f"a minute of autoscaling lasted {profile.seconds_per_minute:g} s"
    body = [
        svg.text(_LEFT, 30, f"Rehearsal on the local system: {lapse}", size=18, weight="600"),
        *_requests(result, cut),
        *_times(result, cut),
        *_tasks(result),
        svg.text(_WIDTH - _RIGHT, 56, "along: minutes of autoscaling", size=11, anchor="end"),
    ]
    height = _TOP + 3 * _PANEL + 2 * _GAP + 40
    return svg.document(_WIDTH, height, "Rehearsal", body)


def _minutes(result: Result) -> float:
    return sum(phase.minutes for phase in result.profile.phases)


def _requests(result: Result, cut: Sequence[Slice]) -> Iterator[str]:
    most = max((each.offered for each in cut), default=1) or 1
    panel = _Panel(number=0, most=most * _HEADROOM, minutes=_minutes(result))
    yield from panel.grid("Requests a second: offered (grey), served (blue), failed (red)", "")
    offered = [(result.minute(each.at), each.offered) for each in cut]
    served = [(result.minute(each.at), each.served) for each in cut]
    yield svg.line(panel.steps(offered), svg.GREY, width=4)
    yield svg.line(panel.steps(served), svg.BLUE, width=2)
    for each in cut:
        if each.failed:
            x, y = panel.at(result.minute(each.at), each.offered - each.served)
            yield svg.line([(x, panel.bottom), (x, y)], svg.RED, width=3)


def _times(result: Result, cut: Sequence[Slice]) -> Iterator[str]:
    most = max((each.p99_ms for each in cut), default=1) or 1
    panel = _Panel(number=1, most=most * _HEADROOM, minutes=_minutes(result))
    yield from panel.grid("Time to an answer: p99 (grey), p50 (blue)", " ms")
    for points, color in (
        ([(result.minute(each.at), each.p99_ms) for each in cut], svg.GREY),
        ([(result.minute(each.at), each.p50_ms) for each in cut], svg.BLUE),
    ):
        yield svg.line(panel.steps(points), color, width=2)


def _tasks(result: Result) -> Iterator[str]:
    panel = _Panel(number=2, most=result.maximum * _HEADROOM, minutes=_minutes(result))
    title = "Tasks: desired (grey), serving (green), predicted by the simulator (dashed)"
    yield from panel.grid(f"{title}; decisions numbered as below", "")
    within = [(at, counts) for at, counts in result.tasks if 0 <= at <= result.profile.seconds]
    desired = [(result.minute(at), float(counts.desired)) for at, counts in within]
    serving = [(result.minute(at), float(counts.serving)) for at, counts in within]
    predicted = [(second / 60, float(tasks)) for second, tasks in result.predicted]
    yield svg.line(panel.steps(desired), svg.GREY, width=4)
    yield svg.line(panel.steps(serving), svg.GREEN, width=2)
    if predicted:
        yield svg.line(panel.steps(predicted), svg.INK, width=1, dash="5 4")
    for number, decision in enumerate(result.decisions, start=1):
        if decision.minute <= panel.minutes:
            x, _ = panel.at(decision.minute, 0)
            top = panel.bottom - _PANEL
            yield svg.line([(x, panel.bottom), (x, top)], svg.GREY, width=1, dash="2 3")
            yield svg.text(x + 3, top + 10, str(number), size=11, color=svg.GREY)
