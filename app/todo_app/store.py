"""Where to-dos are kept: the interface, and the SQL behind it."""

import asyncio
import hashlib
import random
import struct
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, NamedTuple, Protocol, TypeVar

import msgspec

from todo_app.database import DatabaseUnavailableError, DuplicateKeyError, LostRaceError
from todo_app.pool import ConnectionPool, PoolExhaustedError
from todo_app.replicas import Replicas
from todo_app.session import Result
from todo_app.todo import Changes, NewTodo, Todo

__all__ = [
    "Added",
    "ChangedSinceError",
    "Cursor",
    "KeyReusedError",
    "MySQLTodoStore",
    "TodoStore",
    "request_fingerprint",
]

_T = TypeVar("_T")

_COLUMNS: Final = "id, title, completed, position, version"
FIRST_PAGE: Final = f"SELECT {_COLUMNS} FROM todos WHERE list_id = ? ORDER BY position, id LIMIT ?"  # noqa: S608
# Not `(position, id) > (?, ?)`: MySQL would read the list from its start.
NEXT_PAGE: Final = (
    f"SELECT {_COLUMNS} FROM todos "  # noqa: S608
    "WHERE list_id = ? AND position >= ? AND (position > ? OR id > ?) "
    "ORDER BY position, id LIMIT ?"
)
GET: Final = f"SELECT {_COLUMNS} FROM todos WHERE id = ? AND list_id = ?"  # noqa: S608
ADD: Final = "INSERT INTO todos (list_id, position, title, completed) VALUES (?, ?, ?, ?)"
UPDATE: Final = (
    "UPDATE todos SET title = ?, completed = ?, position = ?, version = version + 1 "
    "WHERE id = ? AND list_id = ? AND version = ?"
)
COMPLETE_ALL: Final = (
    "UPDATE todos SET completed = ?, version = version + 1 WHERE list_id = ? AND completed <> ?"
)
DELETE: Final = "DELETE FROM todos WHERE id = ? AND list_id = ?"
DELETE_VERSION: Final = "DELETE FROM todos WHERE id = ? AND list_id = ? AND version = ?"
CLEAR: Final = "DELETE FROM todos WHERE list_id = ?"
CLEAR_COMPLETED: Final = "DELETE FROM todos WHERE list_id = ? AND completed"
REMEMBER: Final = (
    "INSERT INTO idempotency_keys (list_id, key_hash, request_hash, todo_id, position) "
    "VALUES (?, ?, ?, ?, ?)"
)
RECALL: Final = (
    "SELECT request_hash, todo_id, position FROM idempotency_keys "
    "WHERE list_id = ? AND key_hash = ?"
)
# In small portions, so that no statement holds many locks.
FORGET: Final = (
    "DELETE FROM idempotency_keys WHERE created_at < NOW() - INTERVAL 24 HOUR LIMIT 1000"
)

_TRIES: Final = 4
_FIRST_PAUSE_SECONDS: Final = 0.05
_RETRY_SECONDS: Final = 1.0
# What one statement takes at most: early failures, then waiting for a session, login, execution.
_STEPS_SECONDS: Final = 13.0


class ChangedSinceError(Exception):
    """The to-do is no longer in the version that the client saw."""


class KeyReusedError(Exception):
    """An idempotency key came back with another request."""


class Added(NamedTuple):
    """A to-do that was added, now or by an earlier request with the same key."""

    todo: Todo
    replayed: bool


class Cursor(NamedTuple):
    """A place between two to-dos: after the one with this order and id."""

    order: int
    id: int


class TodoStore(Protocol):
    """Keeps lists of to-dos. A list is named by 16 bytes and is empty until something is added.

    Every method may raise `todo_app.database.DatabaseError`.
    """

    async def page(self, list_id: bytes, *, after: Cursor | None, limit: int) -> Sequence[Todo]:
        """Return up to `limit` to-dos after a place, by order and id."""
        ...

    async def get(self, list_id: bytes, todo_id: int) -> Todo | None:
        """Return one to-do, or None."""
        ...

    async def add(self, list_id: bytes, new: NewTodo, *, key: str | None = None) -> Added:
        """Keep a new to-do; once only for each `key`.

        Raises:
            KeyReusedError: if the key was used for another to-do.
        """
        ...

    async def update(
        self, list_id: bytes, todo_id: int, changes: Changes, *, version: int | None = None
    ) -> Todo | None:
        """Change a to-do and return it as it is then, or None where there is none.

        Raises:
            ChangedSinceError: if a `version` is given and it is in another one.
        """
        ...

    async def delete(self, list_id: bytes, todo_id: int, *, version: int | None = None) -> bool:
        """Forget a to-do; False where there was none.

        Raises:
            ChangedSinceError: if a `version` is given and it is in another one.
        """
        ...

    async def complete_all(self, list_id: bytes, *, completed: bool) -> None:
        """Complete or reopen a whole list."""
        ...

    async def clear(self, list_id: bytes, *, only_completed: bool) -> None:
        """Forget a whole list, or what is completed of it."""
        ...


def request_fingerprint(new: NewTodo) -> bytes:
    """Return 32 bytes that are equal for equal to-dos."""
    fields = (new.title.encode(), str(new.completed).encode(), str(new.order).encode())
    return hashlib.sha256(b"".join(struct.pack(">I", len(f)) + f for f in fields)).digest()


async def retried(attempt: Callable[[], Awaitable[_T]]) -> _T:
    """Run something that may safely run twice, again if the database was lost meanwhile.

    Bounded: 4 tries, the last of which begins within about a second. What took longer to fail has
    met a deadline, and would meet the next one. A full pool is no reason to come back either: that
    would make it fuller.

    Raises:
        DatabaseError: what the last try ended with.
    """
    pause, started = _FIRST_PAUSE_SECONDS, time.monotonic()
    for _ in range(_TRIES - 1):
        try:
            return await attempt()
        except PoolExhaustedError:
            raise
        except DatabaseUnavailableError:
            if time.monotonic() - started > _RETRY_SECONDS:
                raise
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - not a secret
            pause *= 2
    return await attempt()


async def _in_time(steps: Awaitable[_T]) -> _T:
    """Do something of several statements, each of which has limits of its own, within one limit."""
    try:
        async with asyncio.timeout(_STEPS_SECONDS):
            return await steps
    except TimeoutError as error:
        raise DatabaseUnavailableError("the database is too slow") from error


async def _undeadlocked(attempt: Callable[[], Awaitable[_T]]) -> _T:
    """Run something again that the server rolled back because of others: nothing had happened."""
    for _ in range(_TRIES - 1):
        try:
            return await attempt()
        except LostRaceError:
            continue
    return await attempt()


class MySQLTodoStore:
    """A `TodoStore` in MySQL. Each statement commits by itself, but for those in a transaction.

    Args:
        pool: The server that takes the writes.
        reads: Answers what only reads; by default the same server.
    """

    def __init__(self, pool: ConnectionPool, reads: Replicas | None = None) -> None:
        self._pool = pool
        self._reads = reads or Replicas(pool, ())

    async def page(self, list_id: bytes, *, after: Cursor | None, limit: int) -> Sequence[Todo]:
        """See `TodoStore.page`."""
        if after is None:
            return await self._rows(FIRST_PAGE, (list_id, limit))
        order, todo_id = after
        return await self._rows(NEXT_PAGE, (list_id, order, order, todo_id, limit))

    async def get(self, list_id: bytes, todo_id: int) -> Todo | None:
        """See `TodoStore.get`."""
        rows = await self._rows(GET, (todo_id, list_id))
        return rows[0] if rows else None

    async def add(self, list_id: bytes, new: NewTodo, *, key: str | None = None) -> Added:
        """See `TodoStore.add`."""
        order = time.time_ns() // 1_000_000 if new.order is None else new.order
        if key is not None:
            key_hash = hashlib.sha256(key.encode()).digest()
            return await retried(
                lambda: _undeadlocked(lambda: self._add_once(list_id, new, order, key_hash))
            )
        values = (list_id, order, new.title, new.completed)
        result = await self._change(ADD, values)
        return Added(_added(result.insert_id, new, order), replayed=False)

    async def update(
        self, list_id: bytes, todo_id: int, changes: Changes, *, version: int | None = None
    ) -> Todo | None:
        """See `TodoStore.update`."""
        unsure: Todo | None = None

        async def attempt() -> Todo | None:
            nonlocal unsure
            # Somebody else may change it between our look and our change: then look again. Each
            # round that is lost was won by another, so this ends.
            while (old := await self._look(list_id, todo_id)) is not None:
                if old == unsure:
                    return old  # the change had happened, only the answer was lost
                if version is not None and old.version != version:
                    raise ChangedSinceError
                new = _changed(old, changes)
                if new == old:
                    return old
                done = msgspec.structs.replace(new, version=old.version + 1)
                values = (new.title, new.completed, new.order, todo_id, list_id, old.version)
                try:
                    if (await self._change(UPDATE, values)).affected_rows:
                        return done
                except DatabaseUnavailableError:
                    unsure = done
                    raise
            return None

        return await _in_time(retried(attempt))

    async def delete(self, list_id: bytes, todo_id: int, *, version: int | None = None) -> bool:
        """See `TodoStore.delete`."""
        unsure = False

        async def attempt() -> bool:
            nonlocal unsure
            try:
                if version is None:
                    result = await self._change(DELETE, (todo_id, list_id))
                else:
                    result = await self._change(DELETE_VERSION, (todo_id, list_id, version))
            except DatabaseUnavailableError:
                unsure = True
                raise
            if result.affected_rows:
                return True
            if version is not None and await self._look(list_id, todo_id) is not None:
                raise ChangedSinceError
            return unsure  # gone: by the attempt whose answer was lost, as far as we know

        return await _in_time(retried(attempt))

    async def complete_all(self, list_id: bytes, *, completed: bool) -> None:
        """See `TodoStore.complete_all`."""
        values = (completed, list_id, completed)
        await retried(lambda: self._change(COMPLETE_ALL, values))

    async def clear(self, list_id: bytes, *, only_completed: bool) -> None:
        """See `TodoStore.clear`."""
        statement = CLEAR_COMPLETED if only_completed else CLEAR
        await retried(lambda: self._change(statement, (list_id,)))

    async def forget_old_keys(self) -> int:
        """Forget idempotency keys that are older than a day; return how many."""
        return (await self._pool.execute(FORGET, ())).affected_rows

    async def _look(self, list_id: bytes, todo_id: int) -> Todo | None:
        """Return one to-do, or None, without a second try."""
        found = _todos(await self._pool.execute(GET, (todo_id, list_id)))
        return found[0] if found else None

    async def _rows(self, statement: str, values: tuple[object, ...]) -> list[Todo]:
        return _todos(await retried(lambda: self._reads.execute(statement, values)))

    async def _change(self, statement: str, values: tuple[object, ...]) -> Result:
        return await _undeadlocked(lambda: self._pool.execute(statement, values))

    async def _add_once(self, list_id: bytes, new: NewTodo, order: int, key_hash: bytes) -> Added:
        """Add the to-do and remember its key, both or neither."""
        fingerprint = request_fingerprint(new)
        async with self._pool.session() as session:
            try:
                async with session.transaction():
                    values = (list_id, order, new.title, new.completed)
                    todo_id = (await session.execute(ADD, values)).insert_id
                    # A request with the same key at the same time waits here for our commit.
                    remembered = (list_id, key_hash, fingerprint, todo_id, order)
                    await session.execute(REMEMBER, remembered)
            except DuplicateKeyError:
                rows = (await session.execute(RECALL, (list_id, key_hash))).rows
            else:
                return Added(_added(todo_id, new, order), replayed=False)
        # With the session given back: it is as good as before, whatever the client did.
        return _recalled(rows, new)


def _recalled(rows: Sequence[Any], new: NewTodo) -> Added:
    if not rows:
        raise LostRaceError("the key was forgotten meanwhile")
    ((fingerprint, todo_id, order),) = rows
    if bytes(fingerprint) != request_fingerprint(new):
        raise KeyReusedError
    return Added(_added(todo_id, new, order), replayed=True)


def _todos(result: Result) -> list[Todo]:
    return [
        Todo(todo_id, title, completed != 0, position, version)
        for todo_id, title, completed, position, version in result.rows
    ]


def _added(todo_id: int, new: NewTodo, order: int) -> Todo:
    return Todo(todo_id, new.title, new.completed, order, 1)


def _changed(old: Todo, changes: Changes) -> Todo:
    return Todo(
        old.id,
        old.title if changes.title is None else changes.title,
        old.completed if changes.completed is None else changes.completed,
        old.order if changes.order is None else changes.order,
        old.version,
    )
