"""A deployment of the application's own in the real database server, for one test."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

import pymysql
import pytest

from todo_app.migrations import migrate
from todo_app.pool import ConnectionPool
from todo_app.settings import (
    MigrateSettings,
    PoolSettings,
    ServeSettings,
    load_migrate_settings,
    load_serve_settings,
)

if TYPE_CHECKING:
    from tests.engine.conftest import MySQLServer

__all__ = ["PASSWORD", "Admin", "open_pool"]

PASSWORD = "pä\\ss'wörd\"%s"


class Admin:
    """The master account, for preparing, looking and cleaning up."""

    def __init__(self, server: MySQLServer, schema: str | None = None) -> None:
        self._connection = pymysql.connect(
            host=server.host,
            port=server.port,
            user=server.admin_user,
            password=server.admin_password,
            database=schema,
            ssl_ca=str(server.ca_file),
            autocommit=True,
        )

    def __call__(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return list(cursor.fetchall())

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
async def closed_transports() -> AsyncIterator[None]:
    """Let the loop live until TLS has ended where the driver closes without waiting for it."""
    yield
    async with asyncio.timeout(10):
        while _open_transports():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)


def _open_transports() -> list[object]:
    """uvloop keeps no list of them, and its stubs do not know their class."""
    found = [each for each in gc.get_objects() if type(each).__name__ == "TCPTransport"]
    return [each for each in found if "closed=False" in repr(each)]


@pytest.fixture
def admin(mysql_server: MySQLServer) -> Iterator[Admin]:
    with contextlib.closing(Admin(mysql_server)) as admin:
        yield admin


@pytest.fixture
def environment(mysql_server: MySQLServer, admin: Admin) -> Iterator[dict[str, str]]:
    """Settings of a deployment of its own: nothing of it exists yet."""
    name = f"todo_{uuid.uuid4().hex[:12]}"
    yield {
        "DATABASE_HOST": mysql_server.host,
        "DATABASE_PORT": str(mysql_server.port),
        "DATABASE_NAME": name,
        "DATABASE_USER": name,
        "DATABASE_PASSWORD": PASSWORD,
        "DATABASE_CA_FILE": str(mysql_server.ca_file),
        "DATABASE_ADMIN_USER": mysql_server.admin_user,
        "DATABASE_ADMIN_PASSWORD": mysql_server.admin_password,
        "MIGRATE_DEADLINE_SECONDS": "30",
    }
    admin(f"DROP DATABASE IF EXISTS {name}")
    admin(f"DROP USER IF EXISTS {name}")


@pytest.fixture
def migration(environment: dict[str, str]) -> MigrateSettings:
    return load_migrate_settings(environment)


@pytest.fixture
def serving(environment: dict[str, str]) -> ServeSettings:
    return load_serve_settings(environment)


@contextlib.asynccontextmanager
async def open_pool(settings: ServeSettings, limits: PoolSettings) -> AsyncIterator[ConnectionPool]:
    pool = ConnectionPool(settings.database, settings.credentials, limits)
    try:
        yield pool
    finally:
        await pool.close()


@pytest.fixture
async def migrated(migration: MigrateSettings) -> None:
    await migrate(migration, migration.credentials)


@pytest.fixture
async def pool(migrated: None, serving: ServeSettings) -> AsyncIterator[ConnectionPool]:  # noqa: ARG001
    async with open_pool(serving, serving.pool) as pool:
        yield pool
