from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from starlette.testclient import TestClient

from todo_app.database import DatabaseUnavailableError
from todo_app.migrations import EXPECTED_VERSION
from todo_app.settings import Credentials, DatabaseSettings
from todo_app.tls import verifying_context
from todo_app.todo import NewTodo, Todo, TodoChanges
from todo_app.web import create_app

USER, PASSWORD = "todo_app", "correct horse"


class InMemoryTodoStore:
    """A `TodoStore` in a dictionary; `failure` makes every call fail."""

    def __init__(self) -> None:
        self.todos: dict[int, Todo] = {}
        self.failure: Exception | None = None
        self._ids = itertools.count(1)

    def _check(self) -> None:
        if self.failure:
            raise self.failure

    async def page(self, *, after: int, limit: int) -> list[Todo]:
        self._check()
        return [todo for id_, todo in sorted(self.todos.items()) if id_ > after][:limit]

    async def get(self, todo_id: int) -> Todo | None:
        self._check()
        return self.todos.get(todo_id)

    async def add(self, new: NewTodo) -> Todo:
        self._check()
        todo = Todo(id=next(self._ids), title=new.title, completed=new.completed)
        self.todos[todo.id] = todo
        return todo

    async def update(self, todo_id: int, changes: TodoChanges) -> Todo | None:
        self._check()
        todo = self.todos.get(todo_id)
        if todo is None:
            return None
        if changes.title is not None:
            todo = replace(todo, title=changes.title)
        if changes.completed is not None:
            todo = replace(todo, completed=changes.completed)
        self.todos[todo_id] = todo
        return todo

    async def delete(self, todo_id: int) -> bool:
        self._check()
        return self.todos.pop(todo_id, None) is not None


class Schema:
    """What readiness finds when it asks the database; None: no database."""

    def __init__(self) -> None:
        self.version: int | None = EXPECTED_VERSION

    async def __call__(self) -> int:
        if self.version is None:
            raise DatabaseUnavailableError("db.internal:3306 did not answer in time")
        return self.version


@pytest.fixture
def store() -> InMemoryTodoStore:
    return InMemoryTodoStore()


@pytest.fixture
def schema() -> Schema:
    return Schema()


@pytest.fixture
def client(store: InMemoryTodoStore, schema: Schema) -> Iterator[TestClient]:
    with TestClient(create_app(store=store, schema_version=schema)) as client:
        yield client


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_pem(authority: trustme.CA) -> str:
    return authority.cert_pem.bytes().decode()


@pytest.fixture
def ca_file(tmp_path: Path, ca_pem: str) -> Path:
    path = tmp_path / "ca.pem"
    path.write_text(ca_pem)
    return path


@pytest.fixture
def environment(ca_file: Path) -> dict[str, str]:
    """Enough for both commands; nothing listens on port 1."""
    return {
        "PATH": os.environ["PATH"],
        "DATABASE_HOST": "127.0.0.1",
        "DATABASE_PORT": "1",
        "DATABASE_USER": USER,
        "DATABASE_PASSWORD": PASSWORD,
        "DATABASE_CA_FILE": str(ca_file),
        "DATABASE_ADMIN_USER": "admin",
        "DATABASE_ADMIN_PASSWORD": "master secret",
    }


@pytest.fixture
def database_settings(ca_pem: str) -> DatabaseSettings:
    return DatabaseSettings(
        host="127.0.0.1",
        port=1,
        name="todo",
        tls=verifying_context(ca_pem),
        app=Credentials(user=USER, password=PASSWORD),
        connect_seconds=10,
    )
