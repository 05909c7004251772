"""Brings the database schema and the application's own account up to date."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, NoReturn

from asyncmy.connection import Connection
from asyncmy.errors import MySQLError
from sqlalchemy.exc import DBAPIError

from todo_app.credentials import CredentialsSource
from todo_app.database import DatabaseError, DatabaseUnavailableError, connect, raise_explained
from todo_app.migrations.account import ensure_account
from todo_app.migrations.upgrade import SCRIPTS, upgrade_schema
from todo_app.settings import MigrateSettings

__all__ = ["migrate"]

_log = logging.getLogger(__name__)

_LOCK: Final = "todo_app.migrations"
_RETRY_SECONDS: Final = 1.0
# While DDL waits for a table, everybody else's statements on it queue behind: give up and let them.
_LONGEST_WAIT_SECONDS: Final = 5

_CLIENT_ERRORS: Final = range(2000, 3000)  # the driver's: no connection any more
_PASSING: Final = {
    *(1053, 1927),  # the server is shutting down, or killed our connection
    *(1205, 1213),  # others hold what we want
    *(1290, 1792, 1836),  # it was the writer before a failover
}


async def migrate(
    settings: MigrateSettings, source: CredentialsSource, *, scripts: Path = SCRIPTS
) -> str:
    """Bring the schema and the application's account up to date; return the schema's revision.

    Waits for the database to accept connections, and for migrations that others are running, until
    the deadline; starts again when the database is lost meanwhile. Doing it again changes nothing.

    Args:
        settings: where the database is, and the master account.
        source: the application's account.
        scripts: the revisions; those of this release.

    Raises:
        DatabaseError: if the deadline passes, or at once if trying again would not help.
    """
    server = f"{settings.database.host}:{settings.database.port}"
    reason = ""
    try:
        async with asyncio.timeout(settings.deadline_seconds) as deadline:
            while True:
                try:
                    return await _attempt(settings, source, scripts)
                except DatabaseUnavailableError as error:
                    reason = f": {error}"
                    _log.info("trying again in a second: %s", error)
                    await asyncio.sleep(_RETRY_SECONDS)
    except TimeoutError as error:
        if not deadline.expired():
            raise
        raise DatabaseUnavailableError(
            f"{server}: not migrated within {settings.deadline_seconds} s "
            f"(MIGRATE_DEADLINE_SECONDS){reason}"
        ) from error


async def _attempt(settings: MigrateSettings, source: CredentialsSource, scripts: Path) -> str:
    server = f"{settings.database.host}:{settings.database.port}"
    try:
        async with (
            await connect(settings.database, settings.admin, schema=None) as connection,
            _exclusively(connection),
        ):
            await _use_schema(connection, settings.database.name)
            revision = await upgrade_schema(connection, scripts)
            await ensure_account(connection, settings, source)
            return revision
    except DBAPIError as error:
        if error.connection_invalidated or not isinstance(error.orig, MySQLError):
            raise DatabaseUnavailableError(f"{server} was lost: {error.orig}") from error
        _raise_explained(error.orig, server)
    except (MySQLError, OSError) as error:
        _raise_explained(error, server)


def _raise_explained(error: MySQLError | OSError, server: str) -> NoReturn:
    """Raise what an error means here, where a statement may be one that never succeeds."""
    try:
        raise_explained(error, server)
    except DatabaseUnavailableError:
        number = error.args[0] if error.args else 0
        if isinstance(error, OSError) or number in _PASSING or number in _CLIENT_ERRORS:
            raise
        raise DatabaseError(f"{server} refuses what we ask for: {error.args[-1]}") from error


@contextlib.asynccontextmanager
async def _exclusively(connection: Connection) -> AsyncIterator[None]:
    """Hold the server-wide lock; the server also frees it when the connection ends."""
    async with connection.cursor() as cursor:
        await cursor.execute("SELECT GET_LOCK(%s, %s)", (_LOCK, _LONGEST_WAIT_SECONDS))
        if await cursor.fetchone() != (1,):
            raise DatabaseUnavailableError("another migration is still running")
    yield
    async with connection.cursor() as cursor:
        await cursor.execute("DO RELEASE_LOCK(%s)", (_LOCK,))


async def _use_schema(connection: Connection, name: str) -> None:
    async with connection.cursor() as cursor:
        # "Exists already" is what we expect, not worth a warning in the log each time.
        await cursor.execute("SET SESSION sql_notes = 0")
        await cursor.execute(f"SET SESSION lock_wait_timeout = {_LONGEST_WAIT_SECONDS}")
        await cursor.execute(
            f"CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
        )
    await connection.select_db(name)
