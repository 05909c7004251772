"""What tasks are measured in: a database without limits, and containers of Fargate's sizes."""

from __future__ import annotations

import http.client
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from bench.app.containers import Container, Containers
from bench.app.contestants import Contestant, build_image
from bench.app.database import Database, start_database
from bench.app.load import build_vegeta
from bench.app.servers import Server, check_answers, start_server, todos_path
from bench.capacity.load import Attack, Mix
from local.images import ensure_database_image, ensure_python_image
from local.workspace import Workspace
from todo_infra.sizes import TASK_SIZES, TaskSize

__all__ = ["CLIENTS", "Arena", "Say", "Task", "opened"]

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
CLIENTS = 32
"""Who wait for their answers, and so never ask for more than a task serves."""

_CPU_UNITS = 1024

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Task:
    """A task of one size, and what may be asked of it."""

    size: str
    cpus: float
    mix: Mix
    container: Container


@dataclass(frozen=True, kw_only=True)
class Arena:
    """What tasks need.

    Attributes:
        rows: to-dos in the database at the beginning.
        image: the application's.
        base_image: what it is built on.
        under: options that give a container its parent.
    """

    rows: int
    attack: Attack
    containers: Containers
    database: Database
    image: str
    base_image: str
    under: tuple[str, ...]

    def task(self, size: str, image: str | None = None) -> Task:
        """Start a task, of the application as it is or from another image."""
        limits = TASK_SIZES[size]
        server, _ = start_server(
            self.containers,
            image or self.image,
            _TASK,
            self.database,
            _SCHEMA,
            cpu=None,
            options=(*_limits(limits), *self.under),
        )
        check_answers(server, size)
        lists = self.rows // _LIST
        changeable = {one: _todo_ids(server, one) for one in range(min(lists, _CHANGEABLE))}
        return Task(
            size=size,
            cpus=limits.cpu / _CPU_UNITS,
            mix=Mix(server.port, lists, changeable),
            container=server.container,
        )

    def saturated(self, task: Task, *, seconds: float) -> int:
        """Requests a second that clients get served who wait for their answers."""
        answers = self.attack.saturate(task.mix, workers=CLIENTS, seconds=seconds)
        return round(answers.in_time / seconds)


@contextmanager
def opened(
    rows: int, workspace: Workspace, say: Say, *, cgroup: str | None = None
) -> Iterator[Arena]:
    """Start a database; it and all tasks are gone afterwards, however it ends.

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
    ):
        database = start_database(containers, workspace, cpu=None, options=under)
        containers.run(image, "migrate", cpu=None, environment=database.admin_environment(_SCHEMA))
        database.seed(_SCHEMA, rows)
        yield Arena(
            rows=rows,
            attack=Attack(vegeta, Path(folder)),
            containers=containers,
            database=database,
            image=image,
            base_image=base_image,
            under=under,
        )


def _unwatched(_line: str) -> None:
    """Logs are enough."""


def _limits(size: TaskSize) -> tuple[str, ...]:
    """What a task gets, and what its definition takes from it."""
    return (
        *("--cpus", str(size.cpu / _CPU_UNITS), "--memory", f"{size.memory}m"),
        *("--memory-swap", f"{size.memory}m", "--user", _USER, "--read-only"),
        *("--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--init"),
    )


def _todo_ids(server: Server, number: int) -> list[int]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    try:
        headers = {"X-Forwarded-For": f"10.1.0.{number}"}
        connection.request("GET", todos_path(number), headers=headers)
        return [todo["id"] for todo in json.loads(connection.getresponse().read())]
    finally:
        connection.close()
