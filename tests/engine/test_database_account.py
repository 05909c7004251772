"""What `migrate` does to the application's account in a real server."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

import pymysql
import pytest
from asyncmy.connection import Connection
from asyncmy.errors import MySQLError

from tests.engine.deployment import PASSWORD, Admin
from todo_app.credentials import Credentials, FixedCredentials
from todo_app.database import DatabaseRefusedError, connect
from todo_app.migrations import migrate
from todo_app.settings import MigrateSettings

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("closed_transports")]


@pytest.fixture
def account(environment: dict[str, str]) -> Credentials:
    """The application's."""
    return Credentials(user=environment["DATABASE_USER"], password=environment["DATABASE_PASSWORD"])


@pytest.fixture
def source(account: Credentials) -> FixedCredentials:
    return FixedCredentials(account)


async def log_in(migration: MigrateSettings, credentials: Credentials) -> Connection:
    return await connect(migration.database, credentials, schema=migration.database.name)


class Rotation:
    """A source of credentials in the middle of a rotation."""

    def __init__(self, current: Credentials, *renewed: Credentials) -> None:
        self._current = current
        self._renewed = renewed

    async def current(self) -> Credentials:
        return self._current

    async def renewed(self) -> Sequence[Credentials]:
        return self._renewed

    def accepted(self, credentials: Credentials) -> None:
        self._current = credentials


async def works(migration: MigrateSettings, credentials: Credentials) -> bool:
    try:
        async with await log_in(migration, credentials):
            return True
    except DatabaseRefusedError:
        return False


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """What the log has about the account; each call starts anew."""
    caplog.set_level(logging.INFO, "todo_app")

    def lines() -> list[str]:
        found = [r.getMessage() for r in caplog.records if "account" in r.getMessage()]
        caplog.clear()
        assert PASSWORD not in caplog.text
        return found

    return lines


async def test_creates_the_account_and_then_keeps_it(
    migration: MigrateSettings,
    source: FixedCredentials,
    account: Credentials,
    said: Callable[[], list[str]],
) -> None:
    await migrate(migration, source)
    assert said() == [f"the application's account {account.user}: created"]
    assert await works(migration, account)
    await migrate(migration, source)
    assert said() == [f"the application's account {account.user}: its password is the current one"]
    assert await works(migration, account)


async def test_a_rotation_under_way_keeps_the_password_it_has_set(
    migration: MigrateSettings,
    source: FixedCredentials,
    account: Credentials,
    said: Callable[[], list[str]],
) -> None:
    await migrate(migration, source)
    said()
    current = replace(account, password="what the secret says until the rotation is done")
    rotation = Rotation(current, replace(account, password="neither"), account)
    await migrate(migration, rotation)
    assert await works(migration, account)
    assert not await works(migration, current)
    assert await rotation.current() == account
    (line,) = said()
    assert line.endswith("is that of a rotation under way, and stays")


@pytest.mark.parametrize("others", [[], ["neither"]])
async def test_a_password_that_the_source_does_not_know_is_replaced(
    migration: MigrateSettings,
    source: FixedCredentials,
    account: Credentials,
    said: Callable[[], list[str]],
    others: list[str],
) -> None:
    await migrate(migration, source)
    said()
    current = replace(account, password="today's %s \\' password")
    await migrate(
        migration, Rotation(current, *(replace(account, password=other) for other in others))
    )
    assert await works(migration, current)
    assert not await works(migration, account)
    (line,) = said()
    assert line.endswith("was none of ours; it has the current one now")


async def test_the_masters_account_is_not_the_applications(
    migration: MigrateSettings, admin: Admin
) -> None:
    before = admin("SHOW GRANTS")
    with pytest.raises(DatabaseRefusedError, match="it needs one of its own"):
        await migrate(migration, FixedCredentials(migration.admin))
    assert admin("SHOW GRANTS") == before


def plaintext(migration: MigrateSettings, credentials: Credentials) -> None:
    pymysql.connect(
        host=migration.database.host,
        port=migration.database.port,
        user=credentials.user,
        password=credentials.password.encode(),
        ssl_disabled=True,
    ).close()


@pytest.mark.parametrize("existed", [False, True])
async def test_the_account_refuses_plaintext_even_where_the_server_would_not(
    migration: MigrateSettings,
    source: FixedCredentials,
    account: Credentials,
    admin: Admin,
    existed: bool,
) -> None:
    if existed:
        admin(f"CREATE USER {account.user} IDENTIFIED BY %s", account.password)
    admin("SET GLOBAL require_secure_transport = 0")
    try:
        if existed:
            plaintext(migration, account)
        await migrate(migration, source)
        assert await works(migration, account)
        with pytest.raises(pymysql.OperationalError, match="Access denied"):
            plaintext(migration, account)
    finally:
        admin("SET GLOBAL require_secure_transport = 1")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE other (id INT)",
        "DROP TABLE todos",
        "ALTER TABLE todos ADD COLUMN x INT",
        "TRUNCATE TABLE todos",
        "CREATE INDEX i ON todos (title)",
        "CREATE DATABASE other_schema",
        "SELECT * FROM mysql.user",
        "GRANT SELECT ON *.* TO CURRENT_USER()",
    ],
)
async def test_the_account_can_only_handle_rows(
    migration: MigrateSettings, source: FixedCredentials, account: Credentials, statement: str
) -> None:
    await migrate(migration, source)
    async with await log_in(migration, account) as connection, connection.cursor() as cursor:
        with pytest.raises(MySQLError, match=r"(?i)denied"):
            await cursor.execute(statement)


async def test_the_account_reaches_only_its_own_schema(
    migration: MigrateSettings, source: FixedCredentials, account: Credentials, admin: Admin
) -> None:
    # In GRANT a bare underscore matches any character: such a neighbour must stay closed.
    name = migration.database.name
    neighbour = name.replace("_", "x")
    await migrate(migration, source)
    admin(f"CREATE DATABASE {neighbour}")
    try:
        async with await log_in(migration, account) as connection, connection.cursor() as cursor:
            await cursor.execute("SHOW DATABASES")
            visible = {row[0] for row in await cursor.fetchall()}
    finally:
        admin(f"DROP DATABASE {neighbour}")
    assert name in visible
    assert not visible & {neighbour, "mysql"}
