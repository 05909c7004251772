"""One run: a database, a task of each size, and their loads."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.capacity.arena import CLIENTS, Arena, Say, Task, opened
from bench.capacity.load import Answers
from bench.capacity.model import Point
from local.errors import LocalError
from local.workspace import Workspace
from todo_infra.sizes import TASK_SIZES

__all__ = ["SIZES", "Finished", "Plan", "run"]

SIZES = tuple(name for name, size in TASK_SIZES.items() if size.cpu <= 1024)  # noqa: PLR2004
"""Larger ones serve no more: the application is one process, and uses one CPU."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much is measured.

    Attributes:
        rounds: how often each load.
        seconds: how long each.
        rows: to-dos in the database at the beginning, 20 in each list.
        shares: the loads, as parts of what 32 clients that wait for their answers get served.
    """

    rounds: int
    seconds: int
    rows: int
    shares: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A run that came to its end.

    Attributes:
        points: every load of every round.
        saturated: by size, what 32 clients got served that wait for their answers.
    """

    plan: Plan
    points: Sequence[Point]
    saturated: Mapping[str, int]
    base_image: str
    database_version: str


def run(plan: Plan, workspace: Workspace, say: Say, *, cgroup: str | None = None) -> Finished:
    """Measure every size; what was started for it is gone afterwards, however it ends.

    Args:
        plan: how much.
        workspace: where images and programs are.
        say: is told what happens.
        cgroup: the containers' parent, for those who give it a priority.

    Raises:
        LocalError: if anything fails.
    """
    with opened(plan.rows, workspace, say, cgroup=cgroup) as arena:
        tasks = [arena.task(size) for size in SIZES]
        saturated = {}
        for task in tasks:
            saturated[task.size] = arena.saturated(task, seconds=plan.seconds)
            say(f"{task.size}: {saturated[task.size]} requests/s for {CLIENTS} clients")
        points = [*_told(_points(plan, arena, tasks, saturated), say)]
        return Finished(
            plan=plan,
            points=points,
            saturated=saturated,
            base_image=arena.base_image,
            database_version=arena.database.version(),
        )


def _points(
    plan: Plan, arena: Arena, tasks: Sequence[Task], saturated: Mapping[str, int]
) -> Iterator[Point]:
    database = arena.database
    if database.container is None:
        raise LocalError("The database has not been started.", fix="Start it with start_database.")
    # In another order each time: what else the machine does for a while falls on all of them.
    loads = [(task, share) for task in tasks for share in plan.shares]
    for number in range(1, plan.rounds + 1):
        random.Random(number).shuffle(loads)  # noqa: S311 - no secret
        for task, share in loads:
            rate = max(1, round(share * saturated[task.size]))
            before = task.container.cpu_seconds(), database.container.cpu_seconds()
            answers = arena.attack.at_rate(task.mix, rate=rate, seconds=plan.seconds)
            used = task.container.cpu_seconds() - before[0]
            database_used = database.container.cpu_seconds() - before[1]
            yield _point(task, number, rate, answers, plan, (used, database_used))


def _point(
    task: Task,
    number: int,
    rate: int,
    answers: Answers,
    plan: Plan,
    cpu_seconds: tuple[float, float],
) -> Point:
    # Until the last answer: what it had not done in time, it did then.
    seconds = max(answers.seconds, float(plan.seconds))
    return Point(
        round=number,
        size=task.size,
        cpus=task.cpus,
        offered=rate,
        served=answers.in_time / plan.seconds,
        failed=answers.failed,
        p50_ms=answers.percentile_ms(50),
        p99_ms=answers.percentile_ms(99),
        used_cpus=cpu_seconds[0] / seconds,
        database_cpus=cpu_seconds[1] / seconds,
    )


def _told(points: Iterator[Point], say: Say) -> Iterator[Point]:
    for point in points:
        say(
            f"round {point.round}, {point.size}, {point.offered}/s: {point.served:.0f} served, "
            f"{point.failed} failed, p99 {point.p99_ms:.0f} ms, CPU {point.cpu:.0%}"
        )
        yield point
