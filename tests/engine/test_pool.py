"""The pool of database sessions against a real server."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from asyncmy.errors import ProgrammingError

from tests.engine.deployment import open_pool
from todo_app.database import DatabaseUnavailableError, DuplicateKeyError
from todo_app.pool import ConnectionPool, PoolExhaustedError
from todo_app.schema import EXPECTED_REVISION, schema_revision
from todo_app.session import Session
from todo_app.settings import PoolSettings, ServeSettings
from todo_app.store import ADD

if TYPE_CHECKING:
    from tests.engine.deployment import Admin

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("closed_transports")]

LIST = bytes(16)
COUNT = "SELECT COUNT(*) FROM todos"
INSERT_AS = "INSERT INTO todos (id, list_id, position, title) VALUES (?, ?, 1, 'x')"
NARROW = PoolSettings(size=1, wait_seconds=1, query_seconds=1, queue=2)


@pytest.fixture
async def small_pool(migrated: None, serving: ServeSettings) -> AsyncIterator[ConnectionPool]:  # noqa: ARG001
    """One session, and little patience."""
    async with open_pool(serving, NARROW) as pool:
        yield pool


async def rows(session: Session, statement: str) -> list[tuple[Any, ...]]:
    return list((await session.execute(statement)).rows)


async def connection_id(pool: ConnectionPool) -> int:
    ((number,),) = (await pool.execute("SELECT CONNECTION_ID()")).rows
    return int(number)


async def is_usable(pool: ConnectionPool) -> bool:
    return await schema_revision(pool) == EXPECTED_REVISION


async def test_reuses_its_connection(pool: ConnectionPool) -> None:
    assert await connection_id(pool) == await connection_id(pool)


async def test_says_once_what_its_sessions_go_over(
    migrated: None,  # noqa: ARG001
    serving: ServeSettings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "todo_app.pool")
    wide = replace(NARROW, size=2)
    async with open_pool(serving, wide) as pool, pool.session() as one, pool.session():
        status = dict(await rows(one, "SHOW SESSION STATUS LIKE 'Ssl_%'"))
    expected = f"database session over {status['Ssl_version']} {status['Ssl_cipher']}"
    assert [record.getMessage() for record in caplog.records] == [expected]
    assert status["Ssl_version"] in {"TLSv1.2", "TLSv1.3"}


async def test_replaces_a_connection_that_was_killed(pool: ConnectionPool, admin: Admin) -> None:
    killed = await connection_id(pool)
    admin(f"KILL {killed}")
    await asyncio.sleep(0.1)  # for the server's goodbye to arrive
    assert await connection_id(pool) != killed


async def test_a_connection_killed_in_use_fails_that_request_only(
    pool: ConnectionPool, admin: Admin
) -> None:
    async def die() -> None:
        async with pool.session() as session:
            ((number,),) = await rows(session, "SELECT CONNECTION_ID()")
            admin(f"KILL {number}")
            await rows(session, "SELECT 1")

    with pytest.raises(DatabaseUnavailableError, match="cannot talk to"):
        await die()
    assert await is_usable(pool)


async def test_a_request_that_gave_up_leaves_nothing_to_the_next(pool: ConnectionPool) -> None:
    async def slow() -> None:
        async with pool.session() as session:
            running.set()
            await rows(session, "SELECT 'not yours', SLEEP(30)")

    running = asyncio.Event()
    task = asyncio.create_task(slow())
    await running.wait()
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await is_usable(pool)


async def test_a_request_that_failed_leaves_no_open_transaction(small_pool: ConnectionPool) -> None:
    async def fail() -> None:
        async with small_pool.session() as session:
            await session.connection.begin()
            await session.execute(ADD, (LIST, 1, "half done", False))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert (await small_pool.execute(COUNT)).rows == ((0,),)


async def test_a_transaction_keeps_all_or_nothing_and_its_session(
    small_pool: ConnectionPool,
) -> None:
    async def add_twice(session: Session) -> None:
        async with session.transaction():
            await session.execute(ADD, (LIST, 1, "with itself", False))
            await session.execute(INSERT_AS, (1, LIST))
            await session.execute(INSERT_AS, (1, LIST))

    async with small_pool.session() as session:
        with pytest.raises(DuplicateKeyError):
            await add_twice(session)
        before = await rows(session, "SELECT CONNECTION_ID()")
    assert (await small_pool.execute(COUNT)).rows == ((0,),)
    assert [(await connection_id(small_pool),)] == before


async def test_a_slow_statement_ends_at_the_deadline(small_pool: ConnectionPool) -> None:
    with pytest.raises(DatabaseUnavailableError, match="did not answer in time"):
        async with small_pool.session() as session:
            await rows(session, "SELECT SLEEP(30)")
    assert await is_usable(small_pool)


async def test_a_fault_of_ours_is_not_taken_for_the_database_being_away(
    small_pool: ConnectionPool,
) -> None:
    with pytest.raises(ProgrammingError):
        async with small_pool.session() as session:
            await rows(session, "SELEKT 1")
    assert await is_usable(small_pool)


@contextlib.asynccontextmanager
async def held(pool: ConnectionPool) -> AsyncIterator[None]:
    """All sessions of a pool of one are lent to somebody else."""
    taken, done = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with pool.session():
            taken.set()
            await done.wait()

    holder = asyncio.create_task(hold())
    await taken.wait()
    yield
    done.set()
    await holder


async def test_waiting_for_a_session_ends(small_pool: ConnectionPool) -> None:
    async with held(small_pool):
        with pytest.raises(PoolExhaustedError, match="all 1 database connections are busy"):
            await is_usable(small_pool)
    assert await is_usable(small_pool)


async def test_a_long_queue_is_refused_at_once(small_pool: ConnectionPool) -> None:
    async with held(small_pool):
        waiting = [asyncio.create_task(is_usable(small_pool)) for _ in range(NARROW.queue)]
        await asyncio.sleep(0)
        assert small_pool.waiting == NARROW.queue
        with pytest.raises(PoolExhaustedError, match="2 requests wait"):
            await is_usable(small_pool)
    assert all(await asyncio.gather(*waiting))
    assert (small_pool.waiting, small_pool.in_use) == (0, 0)


async def test_the_door_shuts_while_there_is_room_for_those_inside(
    migrated: None,  # noqa: ARG001
    serving: ServeSettings,
) -> None:
    async with open_pool(serving, replace(NARROW, queue=4, wait_seconds=30)) as pool:
        assert not pool.is_crowded()
        async with held(pool):
            waiting = []
            for _ in range(4):
                waiting.append((pool.is_crowded(), asyncio.create_task(is_usable(pool))))
                await asyncio.sleep(0)
        assert [crowded for crowded, _ in waiting] == [False, False, False, True]
        assert all(await asyncio.gather(*(task for _, task in waiting)))
        assert not pool.is_crowded()


async def test_a_pool_without_a_queue_is_crowded_when_all_of_it_is_lent(
    migrated: None,  # noqa: ARG001
    serving: ServeSettings,
) -> None:
    async with open_pool(serving, replace(NARROW, queue=0)) as pool:
        assert not pool.is_crowded()
        async with held(pool):
            assert pool.is_crowded()


async def test_first_come_first_served(migrated: None, serving: ServeSettings) -> None:  # noqa: ARG001
    order: list[int] = []

    async def ask(pool: ConnectionPool, number: int) -> None:
        async with pool.session() as session:
            order.append(number)
            await rows(session, "SELECT 1")

    limits = PoolSettings(size=1, wait_seconds=30, query_seconds=30, queue=50)
    async with open_pool(serving, limits) as narrow:
        await asyncio.gather(*(ask(narrow, number) for number in range(50)))
    assert order == list(range(50))


async def test_a_quiet_session_is_asked_before_it_is_lent(
    pool: ConnectionPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await connection_id(pool)
    monkeypatch.setattr("todo_app.pool._QUIET_SECONDS", 0.0)
    assert await connection_id(pool) == before
    (session,) = pool._idle
    session._transport.pause_reading()  # what a firewall does that forgets a connection
    monkeypatch.setattr(pool, "_database", replace(pool._database, connect_seconds=1))
    assert await connection_id(pool) != before
