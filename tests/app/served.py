"""The real application behind the real server, on to-dos in memory."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Self

import httpx2
import msgspec
import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from todo_app.access_log import AccessLog
from todo_app.door import Door
from todo_app.health import Health
from todo_app.metrics import Metrics
from todo_app.settings import HTTPSettings
from todo_app.store import Added, ChangedSinceError, Cursor, KeyReusedError
from todo_app.todo import Changes, NewTodo, Todo
from todo_app.web import Application

__all__ = ["HTTP", "InMemoryTodoStore", "Served", "raw_exchange"]

HTTP = HTTPSettings(
    host="127.0.0.1",
    port=0,
    metrics_port=0,
    rate_limit_per_second=0,
    forwarded_hops=0,
    access_log=True,
    lame_duck_seconds=0,
)


class InMemoryTodoStore:
    """A `TodoStore` in a dictionary; `failure` makes every call fail."""

    def __init__(self) -> None:
        self.lists: dict[bytes, dict[int, Todo]] = {}
        self.failure: Exception | None = None
        self._keys: dict[tuple[bytes, str], tuple[NewTodo, Todo]] = {}
        self._ids = itertools.count(1)

    def _list(self, list_id: bytes) -> dict[int, Todo]:
        if self.failure:
            raise self.failure
        return self.lists.setdefault(list_id, {})

    async def page(self, list_id: bytes, *, after: Cursor | None, limit: int) -> Sequence[Todo]:
        todos = sorted(self._list(list_id).values(), key=lambda todo: (todo.order, todo.id))
        return [todo for todo in todos if after is None or (todo.order, todo.id) > after][:limit]

    async def get(self, list_id: bytes, todo_id: int) -> Todo | None:
        return self._list(list_id).get(todo_id)

    async def add(self, list_id: bytes, new: NewTodo, *, key: str | None = None) -> Added:
        todos = self._list(list_id)
        if key is not None and (list_id, key) in self._keys:
            before, todo = self._keys[list_id, key]
            if before != new:
                raise KeyReusedError
            return Added(todo, replayed=True)
        order = time.time_ns() // 1_000_000 if new.order is None else new.order
        todo = Todo(next(self._ids), new.title, new.completed, order, 1)
        todos[todo.id] = todo
        if key is not None:
            self._keys[list_id, key] = new, todo
        return Added(todo, replayed=False)

    async def update(
        self, list_id: bytes, todo_id: int, changes: Changes, *, version: int | None = None
    ) -> Todo | None:
        old = await self.get(list_id, todo_id)
        if old is None:
            return None
        if version not in (None, old.version):
            raise ChangedSinceError
        new = Todo(
            old.id,
            old.title if changes.title is None else changes.title,
            old.completed if changes.completed is None else changes.completed,
            old.order if changes.order is None else changes.order,
            old.version,
        )
        if new != old:
            self.lists[list_id][todo_id] = new = msgspec.structs.replace(
                new, version=old.version + 1
            )
        return new

    async def delete(self, list_id: bytes, todo_id: int, *, version: int | None = None) -> bool:
        old = await self.get(list_id, todo_id)
        if old is not None and version not in (None, old.version):
            raise ChangedSinceError
        return self.lists[list_id].pop(todo_id, None) is not None

    async def complete_all(self, list_id: bytes, *, completed: bool) -> None:
        for todo_id in list(self._list(list_id)):
            await self.update(list_id, todo_id, Changes(completed=completed))

    async def clear(self, list_id: bytes, *, only_completed: bool) -> None:
        todos = self._list(list_id)
        self.lists[list_id] = {
            id_: todo for id_, todo in todos.items() if only_completed and not todo.completed
        }


class Served:
    """An application that is served from a thread of its own, on a port of its own.

    Attributes:
        store: what it keeps.
        health: what it tells load balancers.
        metrics: what it counts.
        database: what its readiness check raises.
        shut: whether its door is shut.
    """

    def __init__(self, settings: HTTPSettings = HTTP) -> None:
        self.store = InMemoryTodoStore()
        self.database: Exception | None = None
        self.shut = False
        self.metrics = Metrics()
        self.health = Health(self._check)
        self._door = Door(lambda: self.shut, self.metrics.count_refused)
        self._log_file = tempfile.TemporaryFile()  # noqa: SIM115 - closed in __exit__
        self._log = AccessLog(enabled=settings.access_log, file=self._log_file.fileno())
        with socket.socket() as probe:
            probe.bind((settings.host, 0))
            self._settings = replace(settings, port=probe.getsockname()[1])
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: uvloop.run(self._serve()))

    async def _check(self) -> None:
        if self.database:
            raise self.database

    @property
    def url(self) -> str:
        return f"http://{self._settings.host}:{self._settings.port}"

    @property
    def port(self) -> int:
        return self._settings.port

    def client(self) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, timeout=10)

    def log(self) -> str:
        """What has been logged so far."""
        flushed = threading.Event()
        self._loop.call_soon_threadsafe(self._log.flush)
        self._loop.call_soon_threadsafe(self._door.tell)
        self._loop.call_soon_threadsafe(flushed.set)
        assert flushed.wait(10)
        return os.pread(self._log_file.fileno(), 1 << 24, 0).decode()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._server.stop)
        self._thread.join(10)
        self._log_file.close()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.application = Application(
            store=self.store,
            health=self.health,
            settings=self._settings,
            metrics=self.metrics,
            access_log=self._log,
            door=self._door,
        )
        self._server = Server(
            self.application,
            address=self._settings.host,
            port=self._settings.port,
            interface=Interfaces.RSGI,
            http=HTTPModes.http1,
            websockets=False,
            log_enabled=False,
        )
        serving = asyncio.create_task(self._server.serve())
        while True:
            with socket.socket() as probe:
                if probe.connect_ex((self._settings.host, self._settings.port)) == 0:
                    break
            await asyncio.sleep(0.005)
        self._ready.set()
        await serving
        self._log.flush()


def raw_exchange(served: Served, request: bytes) -> bytes:
    """Send bytes as they are and return all that comes back, until the other side hangs up."""
    with socket.create_connection((HTTP.host, served.port), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer
