"""Reads from a replica of the real server: never behind what was acknowledged, to anybody."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
import pytest

from local.containers import docker
from local.images import database_image
from local.workspace import Workspace
from tests.engine.app_process import running_app
from tests.engine.conftest import MySQLServer, wait_until_ready
from tests.engine.deployment import PASSWORD, Admin
from todo_app.migrations import migrate
from todo_app.pool import ConnectionPool
from todo_app.replicas import Replicas
from todo_app.settings import ServeSettings, load_migrate_settings, load_serve_settings
from todo_app.store import MySQLTodoStore
from todo_app.todo import NewTodo

pytestmark = pytest.mark.engine

LIST = bytes(15) + b"r"
SCHEMA = "todo_replicated"
ROOT = "root-of-a-pair"
SECONDS = 30
FOLLOW = (
    "CHANGE MASTER TO MASTER_HOST = %s, MASTER_USER = 'root', MASTER_PASSWORD = %s, "
    "MASTER_SSL = 1, MASTER_USE_GTID = slave_pos"
)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A server that takes writes, and one that follows it."""

    writer: MySQLServer
    replica: MySQLServer

    def on_replica(self, *statements: str) -> None:
        with contextlib.closing(Admin(self.replica)) as admin:
            for statement in statements:
                admin(statement)


def start(directory: Path, number: int, containers: list[str]) -> MySQLServer:
    containers.append(
        docker(
            *("run", "--detach", "--rm", "--env", f"MYSQL_ROOT_PASSWORD={ROOT}"),
            *(database_image(Workspace.from_environment()), "--require_secure_transport=1"),
            *(f"--server-id={number}", "--log-bin=log"),
        ).strip()
    )
    ca_file = directory / f"ca-{number}.pem"
    docker("cp", f"{containers[-1]}:/etc/local-tls/ca.pem", str(ca_file))
    network = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    return MySQLServer(
        host=docker("inspect", "--format", network, containers[-1]).strip(),
        port=3306,
        admin_user="root",
        admin_password=ROOT,
        ca_file=ca_file,
    )


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    directory, containers = tmp_path_factory.mktemp("pair"), list[str]()
    try:
        writer, replica = (start(directory, number, containers) for number in (1, 2))
        for server in (writer, replica):
            wait_until_ready(server)
        with contextlib.closing(Admin(writer)) as source:
            if "MariaDB" not in str(source("SELECT VERSION()")):
                pytest.skip("this pair is set up in MariaDB's words")
            ((position,),) = source("SELECT @@GLOBAL.gtid_binlog_pos")
        with contextlib.closing(Admin(replica)) as admin:
            admin("RESET MASTER")
            admin("SET GLOBAL gtid_slave_pos = %s", position)
            admin(FOLLOW, writer.host, ROOT)
            admin("START SLAVE")
        yield Pair(writer=writer, replica=replica)
    finally:
        for container in containers:
            docker("rm", "--force", "--volumes", container)


@pytest.fixture(scope="module")
def settings(pair: Pair) -> ServeSettings:
    environment = {
        "DATABASE_HOST": pair.writer.host,
        "DATABASE_READER_HOST": pair.replica.host,
        "DATABASE_NAME": SCHEMA,
        "DATABASE_USER": SCHEMA,
        "DATABASE_PASSWORD": PASSWORD,
        "DATABASE_CA_FILE": str(pair.writer.ca_file),
        "DATABASE_ADMIN_USER": "root",
        "DATABASE_ADMIN_PASSWORD": ROOT,
    }
    migration = load_migrate_settings(environment)
    asyncio.run(migrate(migration, migration.credentials))
    return load_serve_settings(environment)


@dataclass(frozen=True)
class Task:
    """What one task of the service has."""

    store: MySQLTodoStore
    sources: Counter[str]


@contextlib.asynccontextmanager
async def a_task(settings: ServeSettings) -> AsyncIterator[Task]:
    sources: Counter[str] = Counter()
    writer = ConnectionPool(settings.database, settings.credentials, settings.pool)
    pools = [ConnectionPool(one, settings.credentials, settings.pool) for one in settings.readers]
    replicas = Replicas(writer, pools, lambda source: sources.update([source]))
    try:
        yield Task(MySQLTodoStore(writer, replicas), sources)
    finally:
        await replicas.close()
        await writer.close()


@pytest.fixture
async def tasks(settings: ServeSettings) -> AsyncIterator[tuple[Task, Task]]:
    async with a_task(settings) as one, a_task(settings) as other:
        yield one, other


async def reads_from(task: Task, source: str) -> None:
    """Wait until reads come from there."""
    deadline = time.monotonic() + SECONDS
    before = task.sources[source]
    while task.sources[source] == before:
        assert time.monotonic() < deadline, task.sources
        await task.store.get(LIST, 1)
        await asyncio.sleep(0.05)


@pytest.fixture
def stopped(pair: Pair) -> Iterator[Callable[[], None]]:
    """Let the replica apply nothing; it goes on afterwards."""
    yield lambda: pair.on_replica("STOP SLAVE SQL_THREAD")
    pair.on_replica("START SLAVE")


async def test_what_one_task_has_written_every_task_reads(tasks: tuple[Task, Task]) -> None:
    one, other = tasks
    await reads_from(other, "replica")
    other.sources.clear()

    async def write_and_read(number: int) -> None:
        added = (await one.store.add(LIST, NewTodo(title=f"to-do {number}"))).todo
        assert await other.store.get(LIST, added.id) == added
        page = await other.store.page(LIST, after=None, limit=1000)
        assert added in page

    for start_number in range(0, 200, 8):
        await asyncio.gather(*(write_and_read(start_number + n) for n in range(8)))
    assert other.sources["replica"] > other.sources["writer"]


async def test_while_the_replica_is_behind_the_writer_is_read(
    tasks: tuple[Task, Task], stopped: Callable[[], None], settings: ServeSettings
) -> None:
    one, other = tasks
    await reads_from(other, "replica")
    stopped()
    added = (await one.store.add(LIST, NewTodo(title="not there yet"))).todo
    other.sources.clear()
    for _ in range(20):
        assert await other.store.get(LIST, added.id) == added
    assert set(other.sources) == {"writer"}
    # The replica itself, asked directly, does not have it: the reads above were no luck.
    (reader,) = settings.readers
    replica = ConnectionPool(reader, settings.credentials, settings.pool)
    assert await MySQLTodoStore(replica).get(LIST, added.id) is None
    await replica.close()


async def test_a_replica_that_has_caught_up_is_read_again(
    tasks: tuple[Task, Task], pair: Pair
) -> None:
    one, other = tasks
    pair.on_replica("STOP SLAVE SQL_THREAD")
    try:
        added = (await one.store.add(LIST, NewTodo(title="late"))).todo
        await reads_from(other, "writer")
    finally:
        pair.on_replica("START SLAVE")
    await reads_from(other, "replica")
    assert await other.store.get(LIST, added.id) == added


async def test_without_a_reachable_replica_the_writer_answers(settings: ServeSettings) -> None:
    nobody = replace(settings.readers[0], host="127.0.0.1", port=1)
    async with a_task(replace(settings, readers=(nobody,))) as task:
        started = time.monotonic()
        for _ in range(50):
            await task.store.page(LIST, after=None, limit=1)
        assert time.monotonic() - started < 5
        assert set(task.sources) == {"writer"}


def test_an_answer_says_who_was_read_but_not_where(pair: Pair, tmp_path: Path) -> None:
    readers = {"DATABASE_READER_HOST": pair.replica.host}
    with running_app(pair.writer, tmp_path, **readers) as app:
        todos = f"{app.url}/api/lists/{'0' * 32}/todos"
        deadline, seen = time.monotonic() + SECONDS, set[str]()
        while "replica" not in seen:
            assert time.monotonic() < deadline, seen
            seen.add(httpx2.get(todos).headers["X-Read-From"])
        assert seen <= {"replica", "writer"}
        page = httpx2.get(f"{app.url}/lists/{'0' * 32}")
        assert page.headers["X-Read-From"] in seen
        added = httpx2.post(todos, json={"title": "x"})
        assert "X-Read-From" not in added.headers
        assert "X-Read-From" not in httpx2.get(f"{app.url}/healthz").headers
        metrics = httpx2.get(f"http://{app.host}:{app.metrics_port}/metrics").text
        assert 'todo_database_reads_total{source="replica"}' in metrics
