"""One run: a database, a task of each size, and their loads."""

from __future__ import annotations

import http.client
import json
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from bench.app.containers import Container, Containers
from bench.app.contestants import Contestant, build_image
from bench.app.database import Database, start_database
from bench.app.load import build_vegeta
from bench.app.servers import Server, check_answers, start_server, todos_path
from bench.capacity.load import Answers, Attack, Mix
from bench.capacity.model import Point
from local.errors import LocalError
from local.images import ensure_database_image, ensure_python_image
from local.workspace import Workspace
from todo_infra.sizes import TASK_SIZES, TaskSize

__all__ = ["SIZES", "Finished", "Plan", "run"]

SIZES = tuple(name for name, size in TASK_SIZES.items() if size.cpu <= 1024)  # noqa: PLR2004
"""Larger ones serve no more: the application is one process, and uses one CPU."""

_TASK = Contestant(
    key="ours",
    title="TODO",
    context=Path(__file__).resolve().parents[2] / "app",
    # As behind the load balancer, which tells clients apart for it.
    settings=MappingProxyType({"FORWARDED_HOPS": "1"}),
)
_USER = "65532:65532"
_SCHEMA = "todo"
_LIST = 20
_CHANGEABLE = 200
_CLIENTS = 32
_CPU_UNITS = 1024

Say = Callable[[str], None]


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


@dataclass(frozen=True, kw_only=True)
class _Task:
    size: str
    cpus: float
    mix: Mix
    container: Container


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
    say("images")
    base_image = ensure_python_image(workspace, _unwatched)
    ensure_database_image(workspace, _unwatched)
    vegeta = build_vegeta(workspace.cache)
    image = build_image(workspace, _TASK, _unwatched)
    under = ("--cgroup-parent", cgroup) if cgroup else ()
    with (
        tempfile.TemporaryDirectory() as folder,
        Containers().removed_at_the_end() as containers,
        _database(plan, workspace, containers, image, under) as database,
    ):
        attack = Attack(vegeta, Path(folder))
        tasks = [_task(plan, containers, image, database, size, under) for size in SIZES]
        saturated = {}
        for task in tasks:
            answers = attack.saturate(task.mix, workers=_CLIENTS, seconds=plan.seconds)
            saturated[task.size] = round(answers.in_time / plan.seconds)
            say(f"{task.size}: {saturated[task.size]} requests/s for {_CLIENTS} clients")
        points = [*_told(_points(plan, attack, database, tasks, saturated), say)]
        return Finished(
            plan=plan,
            points=points,
            saturated=saturated,
            base_image=base_image,
            database_version=database.version(),
        )


def _unwatched(_line: str) -> None:
    """Logs are enough."""


@contextmanager
def _database(
    plan: Plan, workspace: Workspace, containers: Containers, image: str, under: tuple[str, ...]
) -> Iterator[Database]:
    database = start_database(containers, workspace, cpu=None, options=under)
    containers.run(image, "migrate", cpu=None, environment=database.admin_environment(_SCHEMA))
    database.seed(_SCHEMA, plan.rows)
    yield database


def _limits(size: TaskSize) -> tuple[str, ...]:
    """What a task gets, and what its definition takes from it."""
    return (
        *("--cpus", str(size.cpu / _CPU_UNITS), "--memory", f"{size.memory}m"),
        *("--memory-swap", f"{size.memory}m", "--user", _USER, "--read-only"),
        *("--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--init"),
    )


def _task(
    plan: Plan,
    containers: Containers,
    image: str,
    database: Database,
    name: str,
    under: tuple[str, ...],
) -> _Task:
    size = TASK_SIZES[name]
    options = (*_limits(size), *under)
    server, _ = start_server(containers, image, _TASK, database, _SCHEMA, cpu=None, options=options)
    check_answers(server, name)
    lists = plan.rows // _LIST
    changeable = {number: _todo_ids(server, number) for number in range(min(lists, _CHANGEABLE))}
    return _Task(
        size=name,
        cpus=size.cpu / _CPU_UNITS,
        mix=Mix(server.port, lists, changeable),
        container=server.container,
    )


def _todo_ids(server: Server, number: int) -> list[int]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    try:
        headers = {"X-Forwarded-For": f"10.1.0.{number}"}
        connection.request("GET", todos_path(number), headers=headers)
        return [todo["id"] for todo in json.loads(connection.getresponse().read())]
    finally:
        connection.close()


def _points(
    plan: Plan,
    attack: Attack,
    database: Database,
    tasks: Sequence[_Task],
    saturated: Mapping[str, int],
) -> Iterator[Point]:
    if database.container is None:
        raise LocalError("The database has not been started.", fix="Start it with start_database.")
    # In another order each time: what else the machine does for a while falls on all of them.
    loads = [(task, share) for task in tasks for share in plan.shares]
    for number in range(1, plan.rounds + 1):
        random.Random(number).shuffle(loads)  # noqa: S311 - no secret
        for task, share in loads:
            rate = max(1, round(share * saturated[task.size]))
            before = task.container.cpu_seconds(), database.container.cpu_seconds()
            answers = attack.at_rate(task.mix, rate=rate, seconds=plan.seconds)
            used = task.container.cpu_seconds() - before[0]
            database_used = database.container.cpu_seconds() - before[1]
            yield _point(task, number, rate, answers, plan, (used, database_used))


def _point(
    task: _Task,
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
