"""The database schema, version by version, and the application's own account.

Rules for a new migration: append it, with the next version; one statement only, because MySQL
commits around every DDL statement; safe to run again, because a crash may fall between the
statement and its record; and usable by the previous release, which is still running when it lands.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from asyncmy.connection import Connection
from asyncmy.errors import MySQLError

from todo_app.database import DatabaseUnavailableError, connect, raise_explained
from todo_app.pool import ConnectionPool
from todo_app.settings import DatabaseSettings, MigrateSettings

__all__ = ["EXPECTED_VERSION", "MIGRATIONS", "Migration", "migrate", "schema_version"]

_log = logging.getLogger(__name__)

_LOCK: Final = "todo_app.migrations"
_RETRY_SECONDS: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class Migration:
    """One step of the schema. Never edit one that has been released."""

    version: int
    name: str
    statement: str


MIGRATIONS: Final = (
    Migration(
        version=1,
        name="create todos",
        # A binary collation exists under one name in MySQL and MariaDB, and titles are not sorted.
        statement="""
            CREATE TABLE IF NOT EXISTS todos (
                id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
                title VARCHAR(255) NOT NULL,
                completed BOOLEAN NOT NULL DEFAULT FALSE
            ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
        """,
    ),
)

EXPECTED_VERSION: Final = MIGRATIONS[-1].version
"""The oldest schema this release of the application works with."""

_VERSION_TABLE: Final = """
    CREATE TABLE IF NOT EXISTS schema_version (
        version INT UNSIGNED NOT NULL PRIMARY KEY,
        name VARCHAR(100) NOT NULL,
        applied_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
    ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
"""
_CURRENT_VERSION: Final = "SELECT COALESCE(MAX(version), 0) FROM schema_version"


async def schema_version(pool: ConnectionPool) -> int:
    """Return the version the schema has now, as the application's account sees it.

    Raises:
        SchemaMissingError: if no migration has run.
        DatabaseError: if the database cannot be used.
    """
    async with pool.connection() as connection:
        return await _number(connection, _CURRENT_VERSION)


async def migrate(settings: MigrateSettings) -> int:
    """Bring the schema and the application's account up to date; return the schema's version.

    Waits for the database to accept connections, and for migrations that others are running, until
    the deadline. Doing it again changes nothing.

    Raises:
        DatabaseError: if the deadline passes, or at once if one side refuses the other.
    """
    server = f"{settings.database.host}:{settings.database.port}"
    try:
        async with asyncio.timeout(settings.deadline_seconds) as deadline:
            async with (
                await _connect_patiently(settings) as connection,
                _exclusively(connection, settings.deadline_seconds),
            ):
                await _use_schema(connection, settings.database.name)
                version = await _apply_pending(connection)
                await _ensure_account(connection, settings.database)
                return version
    except TimeoutError as error:
        if not deadline.expired():
            raise
        raise DatabaseUnavailableError(
            f"{server}: not migrated within {settings.deadline_seconds} s "
            "(MIGRATE_DEADLINE_SECONDS)"
        ) from error
    except (MySQLError, OSError) as error:
        raise_explained(error, server)


async def _connect_patiently(settings: MigrateSettings) -> Connection:
    while True:
        try:
            return await connect(settings.database, settings.admin, schema=None)
        except DatabaseUnavailableError as error:
            _log.info("waiting for the database: %s", error)
            await asyncio.sleep(_RETRY_SECONDS)


async def _use_schema(connection: Connection, name: str) -> None:
    # "Exists already" is what we expect, not worth a warning in the log each time.
    await _run(connection, "SET SESSION sql_notes = 0")
    await _run(
        connection,
        f"CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    )
    await connection.select_db(name)


@contextlib.asynccontextmanager
async def _exclusively(connection: Connection, seconds: int) -> AsyncIterator[None]:
    """Hold the server-wide lock; the server also frees it when the connection ends."""
    if await _number(connection, "SELECT GET_LOCK(%s, %s)", _LOCK, seconds) != 1:
        raise DatabaseUnavailableError("another migration is still running")
    yield
    await _run(connection, "DO RELEASE_LOCK(%s)", _LOCK)


async def _apply_pending(connection: Connection) -> int:
    await _run(connection, _VERSION_TABLE)
    current = await _number(connection, _CURRENT_VERSION)
    for migration in MIGRATIONS:
        if migration.version > current:
            _log.info("applying migration %d: %s", migration.version, migration.name)
            await _run(connection, migration.statement)
            await _run(
                connection,
                "INSERT INTO schema_version (version, name) VALUES (%s, %s)",
                migration.version,
                migration.name,
            )
            current = migration.version
    return current


async def _ensure_account(connection: Connection, settings: DatabaseSettings) -> None:
    """Give the application an account that must use TLS and can only read and write rows."""
    account = f"`{settings.app.user}`@`%%`"
    await _run(
        connection,
        f"CREATE USER IF NOT EXISTS {account} IDENTIFIED BY %s REQUIRE SSL",
        settings.app.password,
    )
    # An account that was already there gets today's password and the requirement too.
    await _run(
        connection, f"ALTER USER {account} IDENTIFIED BY %s REQUIRE SSL", settings.app.password
    )
    schema = settings.name.replace("_", r"\_")  # in GRANT, a bare _ matches any character
    await _run(
        connection,
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON `{schema}`.* TO `{settings.app.user}`@`%`",
    )


async def _run(connection: Connection, statement: str, *values: object) -> None:
    async with connection.cursor() as cursor:
        await cursor.execute(statement, values or None)


async def _number(connection: Connection, query: str, *values: object) -> int:
    async with connection.cursor() as cursor:
        await cursor.execute(query, values or None)
        row = await cursor.fetchone()
        return int(row[0] or 0)
