"""What `migrate` does to the schema of a real server."""

from __future__ import annotations

import asyncio
import compileall
import contextlib
import json
import logging
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

from tests.engine.deployment import Admin
from tests.expand_contract import EXAMPLE, statements, with_revisions
from todo_app import store
from todo_app.credentials import CredentialsSource
from todo_app.database import (
    DatabaseError,
    DatabaseRefusedError,
    DatabaseUnavailableError,
    SchemaMissingError,
)
from todo_app.migrations import migrate
from todo_app.migrations.upgrade import SCRIPTS
from todo_app.pool import ConnectionPool
from todo_app.schema import EXPECTED_REVISION, check_schema, schema_revision
from todo_app.settings import MigrateSettings, PoolSettings

if TYPE_CHECKING:
    from tests.engine.conftest import MySQLServer

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("closed_transports")]

T = TypeVar("T")

SECONDS = 60
NEXT_REVISION = "0002"
WRITTEN = statements(SCRIPTS, "base:head")


@pytest.fixture
def source(migration: MigrateSettings) -> CredentialsSource:
    return migration.credentials


@pytest.fixture
def schema(mysql_server: MySQLServer, migration: MigrateSettings, admin: Admin) -> Iterator[Admin]:
    """The master account in the deployment's schema, which is there but empty."""
    name = migration.database.name
    admin(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
    with contextlib.closing(Admin(mysql_server, name)) as inside:
        yield inside


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """The scripts of the release after this one."""
    return with_revisions(tmp_path / "newer", EXAMPLE)


@contextlib.asynccontextmanager
async def opened_pool(migration: MigrateSettings) -> AsyncIterator[ConnectionPool]:
    limits = PoolSettings(size=1, wait_seconds=5, query_seconds=5, queue=10)
    pool = ConnectionPool(migration.database, migration.credentials, limits)
    try:
        yield pool
    finally:
        await pool.close()


@pytest.fixture
async def pool(migration: MigrateSettings) -> AsyncIterator[ConnectionPool]:
    async with opened_pool(migration) as pool:
        yield pool


def definitions(schema: Admin) -> dict[str, str]:
    """Everything that is in the schema, but not how many rows there were."""
    return {
        table: re.sub(r" AUTO_INCREMENT=\d+", "", schema(f"SHOW CREATE TABLE {table}")[0][1])
        for (table,) in schema("SHOW TABLES")
    }


async def until(condition: Callable[[], T | None]) -> T:
    async with asyncio.timeout(SECONDS):
        while (found := condition()) is None:  # noqa: ASYNC110 - the server sends no event
            await asyncio.sleep(0.02)
    return found


def connection_where(admin: Admin, state: str, *, but_not: int = 0) -> int | None:
    """Return the number of the server's connection which is in a state, if one is."""
    rows = admin(
        "SELECT id FROM information_schema.processlist WHERE state LIKE %s AND id <> %s",
        state,
        but_not,
    )
    return int(rows[0][0]) if rows else None


WAITS_FOR_TABLE = "Waiting for table%"
WAITS_FOR_LOCK = "User lock"


# The schema


async def test_makes_the_tables_that_the_release_needs(
    migration: MigrateSettings, source: CredentialsSource, schema: Admin
) -> None:
    assert await migrate(migration, source) == EXPECTED_REVISION
    columns = schema(
        "SELECT table_name, column_name, column_type, is_nullable, column_default, "
        "collation_name, extra FROM information_schema.columns "
        "WHERE table_schema = DATABASE() AND table_name <> 'alembic_version' "
        "ORDER BY table_name, ordinal_position"
    )
    # MySQL leaves out the widths of integers, and writes functions in another case.
    normal = [
        (table, *(re.sub(r"int\(\d+\)", "int", str(v)).lower().strip("()") for v in values))
        for table, *values in columns
    ]
    now = normal[5][4].removesuffix("(")
    assert now == "current_timestamp"
    assert normal == [
        ("idempotency_keys", "list_id", "binary(16", "no", "none", "none", ""),
        ("idempotency_keys", "key_hash", "binary(32", "no", "none", "none", ""),
        ("idempotency_keys", "request_hash", "binary(32", "no", "none", "none", ""),
        ("idempotency_keys", "todo_id", "bigint unsigned", "no", "none", "none", ""),
        ("idempotency_keys", "position", "bigint", "no", "none", "none", ""),
        ("idempotency_keys", "created_at", "timestamp", "no", now, "none", normal[5][6]),
        ("todos", "list_id", "binary(16", "no", "none", "none", ""),
        ("todos", "position", "bigint", "no", "none", "none", ""),
        ("todos", "id", "bigint unsigned", "no", "none", "none", "auto_increment"),
        ("todos", "title", "varchar(255", "no", "none", "utf8mb4_bin", ""),
        ("todos", "completed", "tinyint", "no", "0", "none", ""),
        ("todos", "version", "int unsigned", "no", "1", "none", ""),
    ]
    assert normal[5][6] in ("", "default_generated"), "not changed by updates"
    keys = schema(
        "SELECT table_name, index_name, non_unique, "
        "GROUP_CONCAT(column_name ORDER BY seq_in_index) FROM information_schema.statistics "
        "WHERE table_schema = DATABASE() AND table_name <> 'alembic_version' "
        "GROUP BY table_name, index_name, non_unique ORDER BY table_name, index_name"
    )
    assert [tuple(map(str, key)) for key in keys] == [
        ("idempotency_keys", "idempotency_keys_created_at", "1", "created_at"),
        ("idempotency_keys", "PRIMARY", "0", "list_id,key_hash"),
        ("todos", "PRIMARY", "0", "list_id,position,id"),
        ("todos", "todos_id", "0", "id"),
    ]


async def test_migrating_again_changes_nothing(
    migration: MigrateSettings, source: CredentialsSource, schema: Admin
) -> None:
    name = (await source.current()).user

    def state() -> object:
        user = schema(f"SHOW CREATE USER {name}"), schema(f"SHOW GRANTS FOR {name}")
        return user, definitions(schema), schema("SELECT * FROM alembic_version")

    assert await migrate(migration, source) == EXPECTED_REVISION
    before = state()
    assert await migrate(migration, source) == EXPECTED_REVISION
    assert state() == before
    assert schema("SELECT * FROM alembic_version") == [(EXPECTED_REVISION,)]


@pytest.mark.parametrize("done", range(len(WRITTEN) + 1))
async def test_what_a_crash_left_after_any_statement_is_completed(
    migration: MigrateSettings, source: CredentialsSource, schema: Admin, done: int
) -> None:
    """MySQL commits around each statement that defines something, so that a crash leaves a part."""
    for statement in WRITTEN[:done]:
        schema(statement)
    assert await migrate(migration, source) == EXPECTED_REVISION
    completed = definitions(schema)
    assert schema("SELECT * FROM alembic_version") == [(EXPECTED_REVISION,)]
    for table in completed:
        schema(f"DROP TABLE {table}")
    await migrate(migration, source)
    assert completed == definitions(schema)


@pytest.mark.parametrize("done", range(1, 6))
async def test_what_a_crash_left_of_a_later_revision_is_completed(
    migration: MigrateSettings, source: CredentialsSource, schema: Admin, newer: Path, done: int
) -> None:
    written = statements(newer, f"{EXPECTED_REVISION}:head")
    assert len(written) == 5
    await migrate(migration, source)
    for statement in written[:done]:
        schema(statement)
    assert await migrate(migration, source, scripts=newer) == NEXT_REVISION
    assert schema("SELECT note, priority FROM todos") == []
    assert schema("SHOW INDEX FROM todos WHERE Key_name = 'todos_priority'")
    assert schema("SELECT * FROM notes") == []


async def test_an_older_release_leaves_a_newer_schema_alone(
    migration: MigrateSettings,
    source: CredentialsSource,
    schema: Admin,
    newer: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "todo_app")
    assert await migrate(migration, source, scripts=newer) == NEXT_REVISION
    before = definitions(schema)
    assert await migrate(migration, source) == NEXT_REVISION
    assert definitions(schema) == before
    assert schema("SELECT * FROM alembic_version") == [(NEXT_REVISION,)]
    assert "newer than this release knows" in caplog.text


async def test_a_revision_of_somebody_else_is_refused(
    migration: MigrateSettings, source: CredentialsSource, schema: Admin
) -> None:
    await migrate(migration, source)
    schema("UPDATE alembic_version SET version_num = 'ae1027a6acf9'")
    with pytest.raises(DatabaseRefusedError, match=r"'ae1027a6acf9', which is none of ours"):
        await migrate(migration, source)


async def test_the_schema_of_something_else_is_refused(
    migration: MigrateSettings, source: CredentialsSource, schema: Admin
) -> None:
    schema("CREATE TABLE todos (id INT)")
    with pytest.raises(DatabaseRefusedError, match=r"no migration of ours made: todos"):
        await migrate(migration, source)
    assert schema("SHOW TABLES") == [("todos",)]


# One at a time, and not for ever


async def test_migrations_at_the_same_time_do_not_collide(
    migration: MigrateSettings, source: CredentialsSource, schema: Admin
) -> None:
    results = await asyncio.gather(*(migrate(migration, source) for _ in range(4)))
    assert set(results) == {EXPECTED_REVISION}
    assert schema("SELECT * FROM alembic_version") == [(EXPECTED_REVISION,)]


async def test_a_migration_waits_for_the_one_that_is_running(
    migration: MigrateSettings, source: CredentialsSource, admin: Admin
) -> None:
    assert admin("SELECT GET_LOCK('todo_app.migrations', 0)") == [(1,)]
    with pytest.raises(DatabaseUnavailableError, match="not migrated within 1 s"):
        await migrate(replace(migration, deadline_seconds=1), source)
    assert admin("SHOW DATABASES LIKE %s", migration.database.name) == []
    admin("DO RELEASE_LOCK('todo_app.migrations')")
    assert await migrate(migration, source) == EXPECTED_REVISION


async def test_a_migration_never_runs_without_the_lock(
    migration: MigrateSettings, source: CredentialsSource, admin: Admin
) -> None:
    admin("SELECT GET_LOCK('todo_app.migrations', 0)")
    migrating = asyncio.create_task(migrate(migration, source))
    first = await until(lambda: connection_where(admin, WAITS_FOR_LOCK))
    await until(lambda: connection_where(admin, WAITS_FOR_LOCK, but_not=first))
    assert admin("SHOW DATABASES LIKE %s", migration.database.name) == []
    admin("DO RELEASE_LOCK('todo_app.migrations')")
    assert await migrating == EXPECTED_REVISION


async def test_a_statement_that_can_never_succeed_fails_at_once(
    migration: MigrateSettings, source: CredentialsSource, tmp_path: Path
) -> None:
    await migrate(migration, source)
    # A duplicate column: the driver calls it an operational error, as it does a lost connection.
    broken = tmp_path / "v0002_broken.py"
    broken.write_text(
        EXAMPLE.read_text().replace(
            'add_column("todos", "note", "VARCHAR(255) NULL")',
            'op.execute("ALTER TABLE todos ADD COLUMN title INT NULL")',
        )
    )
    with pytest.raises(DatabaseError, match="refuses what we ask for: Duplicate column") as caught:
        await migrate(migration, source, scripts=with_revisions(tmp_path / "scripts", broken))
    assert not isinstance(caught.value, DatabaseUnavailableError)


async def test_a_wrong_master_password_fails_at_once(
    migration: MigrateSettings, source: CredentialsSource
) -> None:
    wrong = replace(migration, admin=replace(migration.admin, password="wrong"))
    with pytest.raises(DatabaseRefusedError, match="refuses our account"):
        await migrate(wrong, source)


async def test_gives_way_to_those_who_use_a_table_and_comes_back(
    migration: MigrateSettings, source: CredentialsSource, schema: Admin, newer: Path, admin: Admin
) -> None:
    await migrate(migration, source)
    schema("LOCK TABLES todos READ")
    migrating = asyncio.create_task(migrate(migration, source, scripts=newer))
    first = await until(lambda: connection_where(admin, WAITS_FOR_TABLE))
    await until(lambda: connection_where(admin, WAITS_FOR_TABLE, but_not=first))
    assert not migrating.done()
    schema("UNLOCK TABLES")
    assert await migrating == NEXT_REVISION


async def test_starts_again_when_the_database_is_lost_meanwhile(
    migration: MigrateSettings, source: CredentialsSource, schema: Admin, newer: Path, admin: Admin
) -> None:
    await migrate(migration, source)
    schema("LOCK TABLES todos READ")
    migrating = asyncio.create_task(migrate(migration, source, scripts=newer))
    admin(f"KILL {await until(lambda: connection_where(admin, WAITS_FOR_TABLE))}")
    schema("UNLOCK TABLES")
    assert await migrating == NEXT_REVISION


async def test_the_deadline_ends_a_statement_that_waits(
    migration: MigrateSettings, source: CredentialsSource, schema: Admin, newer: Path
) -> None:
    await migrate(migration, source)
    schema("LOCK TABLES todos READ")
    with pytest.raises(DatabaseUnavailableError, match="not migrated within 2 s"):
        await migrate(replace(migration, deadline_seconds=2), source, scripts=newer)
    schema("UNLOCK TABLES")
    assert await migrate(migration, source, scripts=newer) == NEXT_REVISION


# What the application finds


async def test_the_schema_of_this_release_or_a_newer_one_is_ready(
    migration: MigrateSettings, source: CredentialsSource, pool: ConnectionPool, newer: Path
) -> None:
    await migrate(migration, source)
    await check_schema(pool)
    assert await schema_revision(pool) == EXPECTED_REVISION
    await migrate(migration, source, scripts=newer)
    await check_schema(pool)
    assert await schema_revision(pool) == NEXT_REVISION


@pytest.mark.parametrize(
    ("preparation", "message"),
    [
        ("UPDATE alembic_version SET version_num = '0000'", "at revision 0000, and 0001 is needed"),
        ("DELETE FROM alembic_version", "first migration has not finished"),
        ("DROP TABLE alembic_version", "run migrate"),
        ("DROP DATABASE {name}", "run migrate"),
    ],
)
async def test_a_schema_that_is_older_or_missing_is_not_ready(
    migration: MigrateSettings,
    source: CredentialsSource,
    pool: ConnectionPool,
    schema: Admin,
    preparation: str,
    message: str,
) -> None:
    await migrate(migration, source)
    schema(preparation.format(name=migration.database.name))
    with pytest.raises(SchemaMissingError, match=message):
        await check_schema(pool)


def statements_of_the_store() -> dict[str, str]:
    """Every statement the application runs on its tables, in the order of the module."""
    return {
        name: value
        for name, value in vars(store).items()
        if isinstance(value, str) and re.match(r"(?:SELECT|INSERT|UPDATE|DELETE)\s", value)
    }


async def outcomes(pool: ConnectionPool) -> dict[str, tuple[object, int, int]]:
    """Run all the statements; each value is a list's id, a number and a title at once."""
    found: dict[str, tuple[object, int, int]] = {}
    for name, statement in statements_of_the_store().items():
        parts = statement.split("?")[:-1]
        values = tuple(1 if part.endswith("LIMIT ") else b"0000000000000001" for part in parts)
        result = await pool.execute(statement, values)
        found[name] = list(result.rows or ()), result.affected_rows, result.insert_id
    return found


async def test_the_code_of_this_release_works_on_the_schema_of_the_next(
    migration: MigrateSettings, source: CredentialsSource, schema: Admin, newer: Path
) -> None:
    found = []
    for scripts in (SCRIPTS, newer):
        for table in definitions(schema):
            schema(f"DROP TABLE {table}")
        await migrate(migration, source, scripts=scripts)
        async with opened_pool(migration) as pool:
            await check_schema(pool)
            found.append(await outcomes(pool))
    this, following = found
    assert following == this
    written = [name for name, text in statements_of_the_store().items() if "INSERT" in text]
    assert {this[name][1] for name in written} == {1}


# The command


def test_runs_from_bytecode_alone_and_writes_nothing(
    environment: dict[str, str], schema: Admin, tmp_path: Path
) -> None:
    """As in the image, whose root is read-only and has no sources."""
    application = tmp_path / "todo_app"
    shutil.copytree(SCRIPTS.parent, application, ignore=shutil.ignore_patterns("__pycache__"))
    assert compileall.compile_dir(application, quiet=1, legacy=True)
    for file in application.rglob("*.py"):
        file.unlink()
    before = sorted(tmp_path.rglob("*"))
    done = subprocess.run(
        [sys.executable, "-m", "todo_app", "migrate"],
        cwd=tmp_path,
        env=environment | {"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(tmp_path.rglob("*")) == before
    lines = [json.loads(line)["message"] for line in done.stdout.splitlines()]
    assert lines[-1] == f"schema is at revision {EXPECTED_REVISION}"
    assert schema("SELECT * FROM alembic_version") == [(EXPECTED_REVISION,)]
