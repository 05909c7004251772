"""How the pool begins a session, and which it keeps, on a server that says what it is told to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import trustme

from tests.app.certificates import server_tls
from tests.app.logins import ACCOUNT
from tests.app.mysql_greeter import OK, MySQLGreeter, overheard
from todo_app.credentials import FixedCredentials
from todo_app.database import DatabaseUnavailableError, LostRaceError, NoRoomError
from todo_app.pool import ConnectionPool
from todo_app.settings import DatabaseSettings, PoolSettings

LIMITS = PoolSettings(size=1, wait_seconds=1, query_seconds=5, queue=1)
LOGGED_IN = (OK, OK)  # the login, and autocommit
UNKNOWN = b"\xff" + (1193).to_bytes(2, "little") + b"#HY000Unknown system variable"
DEADLOCK = b"\xff" + (1213).to_bytes(2, "little") + b"#40001Deadlock found"
FULL = b"\xff" + (1114).to_bytes(2, "little") + b"#HY000The table 'todos' is full"


@asynccontextmanager
async def pool_at(
    settings: DatabaseSettings, authority: trustme.CA, answers: Sequence[bytes]
) -> AsyncIterator[tuple[ConnectionPool, MySQLGreeter]]:
    """A pool on a server that takes one connection only."""
    server = MySQLGreeter(server_tls(authority.issue_cert("127.0.0.1")), answers=answers)
    async with overheard(server) as wire:
        database = replace(settings, port=wire.port, connect_seconds=2)
        pool = ConnectionPool(database, FixedCredentials(ACCOUNT), LIMITS)
        yield pool, server
        await pool.close()


async def begin_session(
    settings: DatabaseSettings, authority: trustme.CA, answers: Sequence[bytes]
) -> MySQLGreeter:
    async with pool_at(settings, authority, answers) as (pool, server), pool.session():
        assert pool.in_use == 1
    return server


async def test_a_session_that_falls_silent_is_ended_by_the_server(
    database_settings: DatabaseSettings, authority: trustme.CA
) -> None:
    """Else one that is cut off keeps its locks for as long as TCP, or longer."""
    server = await begin_session(database_settings, authority, (*LOGGED_IN, OK))
    assert server.encrypted[2] == b"\x03SET SESSION wait_timeout = 10"


@pytest.mark.parametrize(
    ("answers", "says"),
    [(LOGGED_IN, "no login at .* in time"), ((*LOGGED_IN, UNKNOWN), "cannot talk to .*Unknown")],
    ids=["silent", "refused"],
)
async def test_a_session_that_cannot_be_told_so_is_none(
    database_settings: DatabaseSettings, authority: trustme.CA, answers: Sequence[bytes], says: str
) -> None:
    with pytest.raises(DatabaseUnavailableError, match=says):
        await begin_session(database_settings, authority, answers)


@pytest.mark.parametrize(
    ("answer", "error"), [(FULL, NoRoomError), (DEADLOCK, LostRaceError)], ids=["full", "deadlock"]
)
async def test_a_server_in_trouble_is_spared_a_login_for_every_write(
    database_settings: DatabaseSettings,
    authority: trustme.CA,
    answer: bytes,
    error: type[Exception],
) -> None:
    answers = (*LOGGED_IN, OK, answer, answer)
    async with pool_at(database_settings, authority, answers) as (pool, _):
        for _ in range(2):
            with pytest.raises(error):
                await pool.execute("INSERT INTO todos VALUES (1)")
        assert pool.in_use == 0
