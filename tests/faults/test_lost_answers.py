"""A statement that the database carried out, or not, while its answer was lost on the way."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Literal

import pytest

from tests.faults.servers import APP_USER, Database
from tests.faults.stage import APP_PASSWORD
from todo_app.credentials import Credentials
from todo_app.errors import DatabaseUnavailableError
from todo_app.pool import ConnectionPool
from todo_app.session import Result
from todo_app.settings import load_serve_settings
from todo_app.store import (
    CLEAR,
    COMPLETE_ALL,
    DELETE,
    DELETE_VERSION,
    UPDATE,
    ChangedSinceError,
    MySQLTodoStore,
)
from todo_app.todo import Changes, NewTodo

pytestmark = pytest.mark.faults

LIST = secrets.token_bytes(16)


When = Literal["before", "after"]


@dataclass
class Fault:
    """What becomes of statements; each fault happens once.

    Attributes:
        before: statements that get lost on their way to the database.
        after: statements whose answer gets lost.
        meanwhile: a statement of somebody else, right after one whose answer got lost.
        stuck: statements that never end.
    """

    before: set[str] = field(default_factory=set)
    after: set[str] = field(default_factory=set)
    meanwhile: tuple[str, tuple[object, ...]] | None = None
    stuck: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, when: When, *statements: str) -> Fault:
        return cls(before=set(statements)) if when == "before" else cls(after=set(statements))


class LossyPool(ConnectionPool):
    fault = Fault()

    async def execute(self, statement: str, values: tuple[object, ...] = ()) -> Result:
        if statement in self.fault.stuck:
            await asyncio.Event().wait()
        if statement in self.fault.before:
            self.fault.before.remove(statement)
            raise DatabaseUnavailableError("lost on its way")
        result = await super().execute(statement, values)
        if statement in self.fault.after:
            self.fault.after.remove(statement)
            if self.fault.meanwhile:
                await super().execute(*self.fault.meanwhile)
            raise DatabaseUnavailableError("the answer was lost")
        return result


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[LossyPool]:
    settings = load_serve_settings(
        {
            "DATABASE_HOST": database.ip,
            "DATABASE_CA_PEM": database.ca_pem,
            "DATABASE_USER": APP_USER,
            "DATABASE_PASSWORD": APP_PASSWORD,
        }
    )
    pool = LossyPool(settings.database, settings.credentials, settings.pool)
    yield pool
    await pool.close()


@pytest.fixture
def store(pool: LossyPool) -> MySQLTodoStore:
    return MySQLTodoStore(pool)


@pytest.fixture
async def todo_id(store: MySQLTodoStore) -> int:
    return (await store.add(LIST, NewTodo(title="before"))).todo.id


@pytest.mark.parametrize("version", [None, 1])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_change_is_made_once_and_reported(
    pool: LossyPool, store: MySQLTodoStore, todo_id: int, when: When, version: int | None
) -> None:
    pool.fault = Fault.of(when, UPDATE)
    changed = await store.update(LIST, todo_id, Changes(title="after"), version=version)
    assert changed
    assert (changed.title, changed.version) == ("after", 2)
    assert await store.get(LIST, todo_id) == changed


@pytest.mark.parametrize("version", [None, 1])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_deletion_is_reported_as_done(
    pool: LossyPool, store: MySQLTodoStore, todo_id: int, when: When, version: int | None
) -> None:
    pool.fault = Fault.of(when, DELETE, DELETE_VERSION)
    assert await store.delete(LIST, todo_id, version=version)
    assert await store.get(LIST, todo_id) is None


@pytest.mark.parametrize("when", ["before", "after"])
async def test_what_was_never_there_is_not_changed_or_reported_as_deleted(
    pool: LossyPool, store: MySQLTodoStore, todo_id: int, when: When
) -> None:
    assert await store.delete(LIST, todo_id)
    pool.fault = Fault.of(when, UPDATE)
    assert await store.update(LIST, todo_id, Changes(title="after")) is None
    assert not await store.delete(LIST, todo_id)


async def test_somebody_elses_change_in_between_is_not_overwritten_unseen(
    pool: LossyPool, store: MySQLTodoStore, todo_id: int
) -> None:
    others = (UPDATE, ("of others", False, 1, todo_id, LIST, 2))
    pool.fault = Fault(after={UPDATE}, meanwhile=others)
    with pytest.raises(ChangedSinceError):
        await store.update(LIST, todo_id, Changes(title="after"), version=1)
    todo = await store.get(LIST, todo_id)
    assert todo
    assert (todo.title, todo.version) == ("of others", 3)


async def test_a_whole_list_is_completed_and_cleared(
    pool: LossyPool, store: MySQLTodoStore, todo_id: int
) -> None:
    pool.fault = Fault(before={COMPLETE_ALL}, after={CLEAR})
    await store.complete_all(LIST, completed=True)
    todo = await store.get(LIST, todo_id)
    assert todo
    assert todo.completed
    await store.clear(LIST, only_completed=False)
    assert await store.page(LIST, after=None, limit=10) == []


async def test_several_statements_have_one_limit_together(
    pool: LossyPool, store: MySQLTodoStore, todo_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("todo_app.store._STEPS_SECONDS", 0.1)
    pool.fault = Fault(stuck={UPDATE, DELETE})
    with pytest.raises(DatabaseUnavailableError, match="too slow"):
        await store.update(LIST, todo_id, Changes(title="after"))
    with pytest.raises(DatabaseUnavailableError, match="too slow"):
        await store.delete(LIST, todo_id)


async def test_a_login_has_one_limit_whatever_its_credentials_come_from(
    pool: LossyPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(_: object) -> Credentials:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(type(pool._credentials), "current", silent)
    monkeypatch.setattr(pool, "_database", replace(pool._database, connect_seconds=1))
    with pytest.raises(DatabaseUnavailableError, match="no login"):
        await pool.execute("SELECT 1")
