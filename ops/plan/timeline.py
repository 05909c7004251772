"""The floor of tasks over time, where events change it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from todo_infra.capacity import CapacityPlan

from . import svg

__all__ = ["timeline"]

_AROUND = timedelta(hours=6)


def timeline(
    plan: CapacityPlan, *, left: float, right: float, top: float, bottom: float
) -> Iterator[str]:
    """Yield the least number of tasks from before the first change until after the last."""
    first, last = plan.changes[0].at - _AROUND, plan.changes[-1].at + _AROUND
    most = max(plan.min_tasks, *(change.min_tasks for change in plan.changes))

    def at(moment: datetime, tasks: int) -> svg.Point:
        share = (moment - first) / (last - first)
        return left + share * (right - left), bottom - tasks / most * (bottom - top)

    points, tasks = [at(first, plan.min_tasks)], plan.min_tasks
    for change in plan.changes:
        points += [at(change.at, tasks), at(change.at, change.min_tasks)]
        tasks = change.min_tasks
    points.append(at(last, tasks))
    yield svg.text(left, top - 22, "tasks at least, over time (UTC)")
    yield svg.area([*points, (right, bottom), (left, bottom)], svg.BLUE)
    yield svg.line(points, svg.BLUE, width=2)
    yield svg.line([(left, bottom), (right, bottom)], svg.GREY, width=1)
    yield from _labels(plan, at, bottom)
    yield svg.text(left - 8, points[0][1] + 4, str(plan.min_tasks), color=svg.GREY, anchor="end")


def _labels(
    plan: CapacityPlan, at: Callable[[datetime, int], svg.Point], bottom: float
) -> Iterator[str]:
    """Name the changes, on two lines in turn, as they may be close to each other."""
    for number, change in enumerate(plan.changes):
        x, y = at(change.at, change.min_tasks)
        words = f"{change.name} {change.at:%d %b %H:%M}"
        yield svg.text(x, bottom + 18 + 16 * (number % 2), words, color=svg.GREY, anchor="middle")
        yield svg.text(x + 5, y - 5, str(change.min_tasks), color=svg.BLUE)
