"""The application's database code against a real server."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pymysql
import pytest
import trustme
from asyncmy.connection import Connection
from asyncmy.errors import ProgrammingError

from todo_app.database import (
    DatabaseRefusedError,
    DatabaseUnavailableError,
    SchemaMissingError,
    connect,
)
from todo_app.migrations import EXPECTED_VERSION, MIGRATIONS, migrate, schema_version
from todo_app.pool import ConnectionPool, PoolExhaustedError
from todo_app.settings import (
    Credentials,
    MigrateSettings,
    PoolSettings,
    ServeSettings,
    load_migrate_settings,
    load_serve_settings,
)
from todo_app.store import MySQLTodoStore
from todo_app.tls import verifying_context
from todo_app.todo import NewTodo, Todo, TodoChanges

if TYPE_CHECKING:
    from tests.engine.conftest import MySQLServer

pytestmark = pytest.mark.engine

PASSWORD = "pä\\ss'wörd\""


@pytest.fixture(autouse=True)
async def closed_transports() -> AsyncIterator[None]:
    """Let the loop live until TLS has ended where the driver closes without waiting for it."""
    yield
    transports = asyncio.get_running_loop()._transports  # type: ignore[attr-defined]
    while any(transport._sock for transport in transports.values()):  # noqa: ASYNC110 - no event
        await asyncio.sleep(0.01)


class Admin:
    """The master account, for preparing, looking and cleaning up."""

    def __init__(self, server: MySQLServer) -> None:
        self._connection = pymysql.connect(
            host=server.host,
            port=server.port,
            user=server.admin_user,
            password=server.admin_password,
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
    pool = ConnectionPool(settings.database, limits)
    try:
        yield pool
    finally:
        await pool.close()


@pytest.fixture
async def pool(migration: MigrateSettings, serving: ServeSettings) -> AsyncIterator[ConnectionPool]:
    await migrate(migration)
    async with open_pool(serving, serving.pool) as pool:
        yield pool


@pytest.fixture
async def small_pool(
    migration: MigrateSettings, serving: ServeSettings
) -> AsyncIterator[ConnectionPool]:
    """One connection, and little patience."""
    await migrate(migration)
    async with open_pool(serving, PoolSettings(size=1, wait_seconds=1, query_seconds=1)) as pool:
        yield pool


async def rows(connection: Connection, statement: str) -> list[tuple[Any, ...]]:
    async with connection.cursor() as cursor:
        await cursor.execute(statement)
        return [tuple(row) for row in await cursor.fetchall()]


async def connection_id(pool: ConnectionPool) -> int:
    async with pool.connection() as connection:
        ((number,),) = await rows(connection, "SELECT CONNECTION_ID()")
        return int(number)


async def test_migrating_again_changes_nothing(migration: MigrateSettings, admin: Admin) -> None:
    def state() -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
        admin(f"USE {migration.database.name}")
        versions = admin("SELECT version, name, applied_at FROM schema_version ORDER BY version")
        return versions, admin(f"SHOW CREATE USER {migration.database.app.user}")

    assert await migrate(migration) == EXPECTED_VERSION
    before = state()
    assert await migrate(migration) == EXPECTED_VERSION
    assert state() == before
    assert [row[0] for row in before[0]] == [m.version for m in MIGRATIONS]


async def test_migrations_at_the_same_time_do_not_collide(
    migration: MigrateSettings, admin: Admin
) -> None:
    results = await asyncio.gather(*(migrate(migration) for _ in range(4)))
    assert set(results) == {EXPECTED_VERSION}
    admin(f"USE {migration.database.name}")
    assert admin("SELECT COUNT(*) FROM schema_version") == [(len(MIGRATIONS),)]


async def test_a_migration_waits_for_the_one_that_is_running(
    migration: MigrateSettings, admin: Admin
) -> None:
    assert admin("SELECT GET_LOCK('todo_app.migrations', 0)") == [(1,)]
    with pytest.raises(DatabaseUnavailableError):
        await migrate(replace(migration, deadline_seconds=1))
    assert admin("SHOW DATABASES LIKE %s", migration.database.name) == []
    admin("DO RELEASE_LOCK('todo_app.migrations')")
    assert await migrate(migration) == EXPECTED_VERSION


async def test_an_older_release_leaves_a_newer_schema_alone(
    migration: MigrateSettings, admin: Admin
) -> None:
    await migrate(migration)
    admin(f"USE {migration.database.name}")
    admin("INSERT INTO schema_version (version, name) VALUES (999, 'of the next release')")
    assert await migrate(migration) == 999


async def test_migrating_gives_the_account_its_new_password(
    migration: MigrateSettings, serving: ServeSettings
) -> None:
    await migrate(migration)
    new = replace(migration.database.app, password="the next one")
    await migrate(replace(migration, database=replace(migration.database, app=new)))
    async with await connect(serving.database, new, schema=None):
        pass
    with pytest.raises(DatabaseRefusedError, match="refuses our account"):
        await connect(serving.database, serving.database.app, schema=None)


async def test_a_wrong_master_password_fails_at_once(migration: MigrateSettings) -> None:
    wrong = replace(migration, admin=replace(migration.admin, password="wrong"))
    with pytest.raises(DatabaseRefusedError, match="refuses our account"):
        await migrate(wrong)


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
async def test_the_application_account_can_only_handle_rows(
    pool: ConnectionPool, statement: str
) -> None:
    with pytest.raises((DatabaseRefusedError, ProgrammingError), match=r"(?i)denied"):
        async with pool.connection() as connection:
            await rows(connection, statement)


async def test_the_application_account_reaches_only_its_own_schema(
    pool: ConnectionPool, migration: MigrateSettings, admin: Admin
) -> None:
    # In GRANT a bare underscore matches any character: such a neighbour must stay closed.
    name = migration.database.name
    neighbour = name.replace("_", "x")
    admin(f"CREATE DATABASE {neighbour}")
    try:
        async with pool.connection() as connection:
            visible = {row[0] for row in await rows(connection, "SHOW DATABASES")}
    finally:
        admin(f"DROP DATABASE {neighbour}")
    assert name in visible
    assert not visible & {neighbour, "mysql"}


async def test_the_session_is_encrypted(pool: ConnectionPool) -> None:
    async with pool.connection() as connection:
        status = dict(await rows(connection, "SHOW SESSION STATUS LIKE 'Ssl_%'"))
    assert status["Ssl_version"] in ("TLSv1.2", "TLSv1.3")
    assert status["Ssl_cipher"]


def log_in(settings: ServeSettings, credentials: Credentials, *, ca_file: str | None) -> None:
    """Log in with another client; without TLS when there is no `ca_file`."""
    pymysql.connect(
        host=settings.database.host,
        port=settings.database.port,
        user=credentials.user,
        password=credentials.password.encode(),
        ssl_ca=ca_file,
        ssl_disabled=ca_file is None,
    ).close()


async def test_the_server_refuses_plaintext(
    migration: MigrateSettings, serving: ServeSettings
) -> None:
    with pytest.raises(pymysql.OperationalError) as caught:
        log_in(serving, migration.admin, ca_file=None)
    # MySQL says "insecure transport", MariaDB "access denied"; that the requirement is the reason
    # shows below, where the same login succeeds without it.
    assert caught.value.args[0] in (3159, 1045)


async def test_the_account_refuses_plaintext_even_where_the_server_would_not(
    migration: MigrateSettings, serving: ServeSettings, admin: Admin, mysql_server: MySQLServer
) -> None:
    await migrate(migration)
    admin("SET GLOBAL require_secure_transport = 0")
    try:
        log_in(serving, migration.admin, ca_file=None)
        log_in(serving, serving.database.app, ca_file=str(mysql_server.ca_file))
        with pytest.raises(pymysql.OperationalError, match="Access denied"):
            log_in(serving, serving.database.app, ca_file=None)
    finally:
        admin("SET GLOBAL require_secure_transport = 1")


async def test_refuses_a_server_of_another_authority(
    migration: MigrateSettings, serving: ServeSettings
) -> None:
    await migrate(migration)
    stranger = verifying_context(trustme.CA().cert_pem.bytes().decode())
    with pytest.raises(DatabaseRefusedError, match="not the database we trust"):
        await connect(replace(serving.database, tls=stranger), serving.database.app, schema=None)


@contextlib.asynccontextmanager
async def relay(host: str, port: int) -> AsyncIterator[tuple[str, int]]:
    """Somebody in the middle: passes everything on, under an address of their own."""
    relays: list[asyncio.Task[None]] = []

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection(host, port)
        await asyncio.gather(copy(reader, to_server), copy(from_server, writer))

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        relays.append(asyncio.create_task(serve(reader, writer)))

    async with await asyncio.start_server(accept, "127.0.0.2") as server:
        yield server.sockets[0].getsockname()[:2]
    await asyncio.gather(*relays)


async def test_refuses_a_server_under_another_name(
    migration: MigrateSettings, serving: ServeSettings
) -> None:
    await migrate(migration)
    async with relay(serving.database.host, serving.database.port) as (host, port):
        with pytest.raises(DatabaseRefusedError, match=r"not the database we trust: .*mismatch"):
            await connect(
                replace(serving.database, host=host, port=port), serving.database.app, schema=None
            )


async def test_says_that_nothing_has_been_migrated(
    serving: ServeSettings, migration: MigrateSettings, admin: Admin
) -> None:
    await migrate(migration)
    admin(f"DROP TABLE {migration.database.name}.schema_version")
    async with open_pool(serving, serving.pool) as pool:
        with pytest.raises(SchemaMissingError, match="run migrate"):
            await schema_version(pool)
    admin(f"DROP DATABASE {migration.database.name}")
    async with open_pool(serving, serving.pool) as pool:
        with pytest.raises(SchemaMissingError, match="run migrate"):
            await schema_version(pool)


async def test_sees_the_version_of_a_migrated_schema(pool: ConnectionPool) -> None:
    assert await schema_version(pool) == EXPECTED_VERSION


async def test_keeps_todos(pool: ConnectionPool) -> None:
    store = MySQLTodoStore(pool)
    title = "🥛 \\ ' \" %s ? ; --"
    todo = await store.add(NewTodo(title=title))
    assert await store.get(todo.id) == todo == Todo(id=todo.id, title=title, completed=False)

    done = await store.update(todo.id, TodoChanges(completed=True))
    assert done == replace(todo, completed=True)
    assert await store.update(todo.id, TodoChanges(completed=True)) == done
    renamed = await store.update(todo.id, TodoChanges(title="new"))
    assert renamed == Todo(id=todo.id, title="new", completed=True)
    assert await store.page(after=0, limit=10) == [renamed]

    assert await store.delete(todo.id)
    assert not await store.delete(todo.id)
    assert await store.get(todo.id) is None
    assert await store.update(todo.id, TodoChanges(title="x")) is None


async def test_keeps_the_longest_title(pool: ConnectionPool) -> None:
    store = MySQLTodoStore(pool)
    todo = await store.add(NewTodo(title="🥛" * 255))
    assert await store.get(todo.id) == todo


async def test_pages_through_todos(pool: ConnectionPool) -> None:
    store = MySQLTodoStore(pool)
    todos = [await store.add(NewTodo(title=str(number))) for number in range(5)]
    assert await store.page(after=0, limit=2) == todos[:2]
    assert await store.page(after=todos[1].id, limit=10) == todos[2:]
    assert await store.page(after=10**18 - 1, limit=10) == []
    assert await store.get(10**18 - 1) is None


async def test_reuses_its_connection(pool: ConnectionPool) -> None:
    assert await connection_id(pool) == await connection_id(pool)


async def test_replaces_a_connection_that_was_killed(pool: ConnectionPool, admin: Admin) -> None:
    killed = await connection_id(pool)
    admin(f"KILL {killed}")
    await asyncio.sleep(0.1)  # for the server's goodbye to arrive
    assert await connection_id(pool) != killed


async def test_a_connection_killed_in_use_fails_that_request_only(
    pool: ConnectionPool, admin: Admin
) -> None:
    async def die() -> None:
        async with pool.connection() as connection:
            ((number,),) = await rows(connection, "SELECT CONNECTION_ID()")
            admin(f"KILL {number}")
            await rows(connection, "SELECT 1")

    with pytest.raises(DatabaseUnavailableError, match="cannot talk to"):
        await die()
    assert await schema_version(pool) == EXPECTED_VERSION


async def test_a_request_that_gave_up_leaves_nothing_to_the_next(pool: ConnectionPool) -> None:
    async def slow() -> None:
        async with pool.connection() as connection:
            running.set()
            await rows(connection, "SELECT 'not yours', SLEEP(30)")

    running = asyncio.Event()
    task = asyncio.create_task(slow())
    await running.wait()
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await schema_version(pool) == EXPECTED_VERSION


async def test_a_request_that_failed_leaves_no_open_transaction(small_pool: ConnectionPool) -> None:
    async def fail() -> None:
        async with small_pool.connection() as connection:
            await connection.begin()
            await rows(connection, "INSERT INTO todos (title) VALUES ('half done')")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await MySQLTodoStore(small_pool).page(after=0, limit=10) == []


async def test_a_slow_statement_ends_at_the_deadline(small_pool: ConnectionPool) -> None:
    with pytest.raises(DatabaseUnavailableError, match="did not answer in time"):
        async with small_pool.connection() as connection:
            await rows(connection, "SELECT SLEEP(30)")
    assert await schema_version(small_pool) == EXPECTED_VERSION


async def test_a_fault_of_ours_is_not_taken_for_the_database_being_away(
    small_pool: ConnectionPool,
) -> None:
    with pytest.raises(ProgrammingError):
        async with small_pool.connection() as connection:
            await rows(connection, "SELEKT 1")
    assert await schema_version(small_pool) == EXPECTED_VERSION


async def test_waiting_for_a_connection_ends(small_pool: ConnectionPool) -> None:
    taken, done = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with small_pool.connection():
            taken.set()
            with contextlib.suppress(TimeoutError):
                await done.wait()

    limits = PoolSettings(size=1, wait_seconds=1, query_seconds=60)
    small_pool._limits = limits
    holder = asyncio.create_task(hold())
    await taken.wait()
    with pytest.raises(PoolExhaustedError, match="all 1 database connections are busy"):
        await schema_version(small_pool)
    done.set()
    await holder
    assert await schema_version(small_pool) == EXPECTED_VERSION


async def test_first_come_first_served(migration: MigrateSettings, serving: ServeSettings) -> None:
    await migrate(migration)
    order: list[int] = []
    limits = PoolSettings(size=1, wait_seconds=30, query_seconds=30)

    async def ask(pool: ConnectionPool, number: int) -> None:
        async with pool.connection() as connection:
            order.append(number)
            await rows(connection, "SELECT 1")

    async with open_pool(serving, limits) as narrow:
        await asyncio.gather(*(ask(narrow, number) for number in range(50)))
    assert order == list(range(50))
