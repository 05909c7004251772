from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.app.certificates import server_tls
from tests.app.impostors import NO_TLS
from tests.app.logins import ACCOUNT, assert_nothing_in_clear, log_in
from tests.app.mysql_greeter import (
    OK,
    MySQLGreeter,
    overheard,
    packet,
)
from tests.app.nonsense import answers, greetings
from todo_app.database import (
    DatabaseError,
    DatabaseRefusedError,
    DatabaseUnavailableError,
    connect,
)
from todo_app.settings import DatabaseSettings


@pytest.mark.parametrize("sequence", [2, 3], ids=["before the login", "after the login"])
async def test_an_answer_slipped_in_before_tls_does_not_count_inside_it(
    database_settings: DatabaseSettings, authority: trustme.CA, sequence: int
) -> None:
    server = MySQLGreeter(server_tls(authority.issue_cert("127.0.0.1")))
    slipped_in = packet(sequence, OK)
    async with overheard(server, change=lambda first: first + slipped_in) as wire:
        with pytest.raises(DatabaseRefusedError, match="refuses our account: Access denied"):
            await log_in(database_settings, wire)
    assert_nothing_in_clear(wire)


async def test_an_answer_slipped_in_while_tls_begins_ends_the_connection(
    database_settings: DatabaseSettings, authority: trustme.CA
) -> None:
    server = MySQLGreeter(server_tls(authority.issue_cert("127.0.0.1")), answers=(OK, OK))
    async with overheard(server, inject=packet(2, OK)) as wire:
        with pytest.raises(DatabaseRefusedError, match=NO_TLS):
            await log_in(database_settings, wire)
    assert server.encrypted == []
    assert_nothing_in_clear(wire)


@pytest.mark.parametrize("good_answers", [0, 1, 2], ids=["at login", "after it", "to a query"])
async def test_no_file_of_ours_is_sent_to_a_server_that_asks_for_it(
    database_settings: DatabaseSettings, authority: trustme.CA, tmp_path: Path, good_answers: int
) -> None:
    file = tmp_path / "file"
    file.write_text("only for this machine")
    server = MySQLGreeter(
        server_tls(authority.issue_cert("127.0.0.1")),
        answers=[OK] * good_answers + [b"\xfb" + str(file).encode()] * 2,
    )
    async with overheard(server) as wire:
        with pytest.raises((DatabaseError, RuntimeError)):
            await query(replace(database_settings, port=wire.port))
    assert b"this machine" not in b"".join(server.encrypted)
    assert not server.encrypted[0][0] & 0x80, "offers to send files (CLIENT_LOCAL_FILES)"


async def query(database: DatabaseSettings) -> None:
    connection = await connect(database, ACCOUNT, schema=database.name)
    try:
        await connection.cursor().execute("SELECT 1")
    finally:
        connection.close()


SILENCES: dict[str, tuple[int, bool]] = {
    "before its greeting": (0, True),
    "in the middle of its greeting": (20, True),
    "before the login": (1000, False),
    "after the login": (1000, True),
}


@pytest.mark.parametrize(("greets", "has_tls"), SILENCES.values(), ids=SILENCES.keys())
async def test_gives_up_on_a_server_that_falls_silent(
    database_settings: DatabaseSettings, authority: trustme.CA, greets: int, has_tls: bool
) -> None:
    tls = server_tls(authority.issue_cert("127.0.0.1")) if has_tls else None
    server = MySQLGreeter(tls, answers=())
    async with overheard(server, change=lambda first: first[:greets]) as wire:
        with pytest.raises(DatabaseUnavailableError, match="did not answer in time"):
            await log_in(replace(database_settings, connect_seconds=1), wire)


async def test_says_where_nobody_listens(database_settings: DatabaseSettings) -> None:
    with pytest.raises(DatabaseUnavailableError, match=r"cannot talk to 127\.0\.0\.1:1"):
        await connect(database_settings, ACCOUNT, schema=None)


async def test_says_where_something_else_listens(database_settings: DatabaseSettings) -> None:
    server = MySQLGreeter(None, first=b"SSH-2.0-OpenSSH_9.2", patience=1)
    async with overheard(server) as wire:
        with pytest.raises(DatabaseUnavailableError, match="does not answer like a MySQL server"):
            await log_in(database_settings, wire)


@pytest.mark.parametrize(
    "number", [15, 1040, 1062, 1064], ids=["internal", "busy", "duplicate", "syntax"]
)
async def test_any_error_in_answer_to_a_login_is_a_database_error(
    database_settings: DatabaseSettings, authority: trustme.CA, number: int
) -> None:
    error = b"\xff" + number.to_bytes(2, "little") + b"#HY000no more"
    server = MySQLGreeter(server_tls(authority.issue_cert("127.0.0.1")), answers=(error,))
    async with overheard(server) as wire:
        with pytest.raises(DatabaseUnavailableError, match=r"cannot talk to .*no more"):
            await log_in(database_settings, wire)


bounded = settings(
    max_examples=300,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


async def try_to_log_in(database: DatabaseSettings, server: MySQLGreeter, noise: bytes) -> None:
    """Log in or raise a `DatabaseError`; either way with nothing in clear."""
    async with asyncio.timeout(60), overheard(server, change=lambda first: first + noise) as wire:
        try:
            await log_in(replace(database, connect_seconds=5), wire)
        except DatabaseError as error:
            event(type(error.__cause__).__name__)
        else:
            event("logged in")
    if wire.heard:
        assert_nothing_in_clear(wire)


@bounded
@given(first=greetings, noise=st.just(b"") | st.binary(max_size=30))
async def test_no_greeting_makes_the_client_speak_in_clear_hang_or_fall_over(
    database_settings: DatabaseSettings, authority: trustme.CA, first: bytes, noise: bytes
) -> None:
    tls = server_tls(authority.issue_cert("127.0.0.1"))
    server = MySQLGreeter(tls, first=first, answers=(OK, OK), patience=0.1)
    await try_to_log_in(database_settings, server, noise)


@bounded
@given(replies=answers)
async def test_no_answer_to_a_login_makes_the_client_speak_in_clear_hang_or_fall_over(
    database_settings: DatabaseSettings, authority: trustme.CA, replies: list[bytes]
) -> None:
    tls = server_tls(authority.issue_cert("127.0.0.1"))
    server = MySQLGreeter(tls, answers=replies, stays=False, patience=0.1)
    await try_to_log_in(database_settings, server, b"")
