"""Servers of a run: started the same way, held to the same answers."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from typing import Any

from bench.app.containers import Container, Containers, free_port
from bench.app.contestants import Contestant
from bench.app.database import LIST_SIZE, Database, list_id
from local.commands import last_lines
from local.containers import docker
from local.errors import LocalError

__all__ = ["Server", "Start", "check_answers", "start_server", "todos_path"]

_HOST = "127.0.0.1"
_DEADLINE_SECONDS = 30
_FIELDS = {"id", "title", "completed", "order", "url"}
_UNUSED_LIST = 2 * 10**9


@dataclass(frozen=True, kw_only=True)
class Server:
    """A contestant that answers requests.

    Attributes:
        port: on the loopback address.
        container: what it runs in.
    """

    port: int
    container: Container

    @property
    def url(self) -> str:
        """Where it is, without a path."""
        return f"http://{_HOST}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class Start:
    """How long a container took to its first answer from the database.

    Attributes:
        seconds: since the command to start it.
        process_seconds: since Docker had its process running.
    """

    seconds: float
    process_seconds: float


def todos_path(list_number: int) -> str:
    """Path of a list's to-dos."""
    return f"/api/lists/{list_id(list_number)}/todos"


def start_server(
    containers: Containers,
    image: str,
    contestant: Contestant,
    database: Database,
    schema: str,
    *,
    cpu: int | None,
    options: Sequence[str] = (),
) -> tuple[Server, Start]:
    """Start a contestant, wait for its first answer from the database, and say how long it took.

    Raises:
        LocalError: if there is no such answer in time.
    """
    port = free_port()
    name = containers.create(
        image,
        cpu=cpu,
        environment={
            **database.environment(schema),
            "HTTP_HOST": _HOST,
            "HTTP_PORT": str(port),
            "METRICS_PORT": str(free_port()),
            **contestant.settings,
        },
        options=options,
    )
    began = time.time()
    container = containers.start(name)
    answered = _first_answer(port, contestant.title, name)
    started = datetime.fromisoformat(
        docker("inspect", "--format", "{{.State.StartedAt}}", name).strip()
    ).timestamp()
    start = Start(seconds=answered - began, process_seconds=answered - started)
    return Server(port=port, container=container), start


def _first_answer(port: int, title: str, container: str) -> float:
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while time.monotonic() < deadline:
        try:
            status, _, _ = _ask(port, "GET", todos_path(0))
        except OSError:
            status = 0
        if status == http.client.OK:
            return time.time()
        time.sleep(0.002)
    raise LocalError(
        f"{title} gave no answer in {_DEADLINE_SECONDS} seconds.",
        fix=f"It printed:\n{last_lines(docker('logs', container))}",
    )


def check_answers(server: Server, title: str) -> None:
    """Hold a contestant to the answers that all have to give, so that all do the same work.

    Raises:
        LocalError: naming the first one that is not as it should be.
    """
    lists, unused = todos_path(0), todos_path(_UNUSED_LIST)
    _, _, todos = _ask(server.port, "GET", lists)
    titles = [f"To-do number {number}" for number in range(LIST_SIZE)]
    _hold(title, "GET", [todo["title"] for todo in todos] == titles and set(todos[0]) >= _FIELDS)
    status, headers, todo = _ask(server.port, "POST", unused, {"title": " Milk ", "order": 7})
    _hold(title, "POST", (status, todo["title"], todo["order"]) == (201, "Milk", 7))
    _hold(title, "POST's Location", headers["Location"] == todo["url"])
    _hold(title, "POST's url", todo["url"] == f"{server.url}{unused}/{todo['id']}")
    wrong: list[dict[str, object]] = [
        {"title": " "},
        {"title": "x" * 256},
        {"title": "x", "completed": 1},
        {"order": 1},
    ]
    for body in [*wrong, {"title": "x", "order": 2**53}]:
        status, headers, _ = _ask(server.port, "POST", unused, body)
        answer = (status, headers["Content-Type"])
        _hold(title, f"POST of {body}", answer == (422, "application/problem+json"))
    status, _, _ = _ask(server.port, "GET", "/api/lists/no-list/todos")
    _hold(title, "GET of no list", status == http.client.NOT_FOUND)


def _hold(title: str, what: str, right: bool) -> None:
    if not right:
        raise LocalError(
            f"{title} does not answer {what} as all contestants have to.",
            fix="Mend it, or bench/app/servers.py if the API has changed.",
        )


def _ask(
    port: int, method: str, path: str, body: Mapping[str, object] | None = None
) -> tuple[int, Message, Any]:
    connection = http.client.HTTPConnection(_HOST, port, timeout=5)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.headers, json.loads(answer.read())
    finally:
        connection.close()
