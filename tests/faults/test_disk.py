"""Disks are full: the database's, then the application's own, while people write."""

from __future__ import annotations

import time
from asyncio import to_thread
from collections.abc import Iterator

import pymysql
import pytest
from pymysql.cursors import Cursor

from local.errors import LocalError
from tests.faults.http1 import Connection
from tests.faults.load import Load
from tests.faults.report import RECOVERY_LIMIT, Report
from tests.faults.servers import Database
from tests.faults.stage import Stage
from tests.faults.tally import COME_BACK, failure_of

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]

_DATA = "/var/lib/mysql"
_DISK_FULL = (1021, 1026, 1030, 1114)  # as the server says it, which depends on who finds out


@pytest.fixture
def small(stage: Stage) -> Iterator[Database]:
    """A database server whose data is on a small disk, with 32 MiB that can be given back."""
    database = stage.database("small", "--tmpfs", f"{_DATA}:size=256m")
    database.run("dd", "if=/dev/zero", f"of={_DATA}/spare", "bs=1M", "count=32", "status=none")
    yield database
    stage.remove(database)


def fill(database: Database) -> None:
    """Add to-dos of nobody's until the disk has no room for even one."""
    many = " UNION ALL ".join(["SELECT REPEAT('x', 250) AS title"] * 100)
    with database.connect() as connection, connection.cursor() as cursor:
        for rows in (10_000, 1000, 100, 10, 1):
            error = _repeat_until_refused(
                cursor,
                "INSERT INTO todo.todos (list_id, position, title, completed) "  # noqa: S608 - ours
                f"SELECT REPEAT('\\0', 16), 1, a.title, 0 FROM ({many}) a, ({many}) b LIMIT {rows}",
            )
            assert error.args[0] in _DISK_FULL, error


def _repeat_until_refused(cursor: Cursor, statement: str) -> pymysql.Error:
    while True:
        try:
            cursor.execute(statement)
        except pymysql.Error as error:
            return error


async def read_everything(load: Load, address: tuple[str, int]) -> set[str | None]:
    """Read every visitor's list; return the failures, or None for those that were read."""
    connection = Connection(address, deadline=15)
    found = set()
    for list_id in load.lists:
        answer = await connection.send("GET", f"/api/lists/{list_id}/todos?limit=20")
        found.add(failure_of(answer))
    connection.close()
    return found


async def test_a_full_disk_refuses_writes_and_goes_on_reading(
    stage: Stage, small: Database, report: Report, long: bool
) -> None:
    app = stage.app(small)
    await to_thread(app.wait_until_ready)
    read = set()
    async with Load(app.address) as load:
        await load.acknowledgements(300)
        await to_thread(fill, small)
        # Every visitor stands before a write that is refused.
        await load.failures(32)
        for _ in range(20 if long else 1):
            await load.failures(16)
            read |= await read_everything(load, app.address)
        await to_thread(small.run, "rm", f"{_DATA}/spare")
        recovery = await load.recovery(time.monotonic())
    await report.settle(load, small, recovery_seconds=recovery)
    assert set(load.tally.failures) == {COME_BACK}
    assert load.tally.given_up == 0
    assert read == {None}
    assert recovery <= RECOVERY_LIMIT
    assert "small:3306 has no room left" in app.log()
    assert app.stop() == 0


@pytest.mark.long
async def test_an_application_without_room_for_a_file_serves_on(
    stage: Stage, database: Database, report: Report
) -> None:
    """Its root is read-only everywhere here, and at AWS; a full /tmp is no worse."""
    app = stage.app(database, options=("--tmpfs", "/tmp:size=64k"))  # noqa: S108 - in a container
    await to_thread(app.wait_until_ready)
    write = "open('/tmp/full', 'wb').write(bytes(1 << 20))"
    async with Load(app.address) as load:
        await load.acknowledgements(100)
        with pytest.raises(LocalError, match="No space left on device"):
            await to_thread(app.run, "python", "-I", "-c", write)
        await to_thread(database.kill_sessions)
        await load.acknowledgements(300)
    await report.settle(load, database)
    assert set(load.tally.failures) <= {COME_BACK}
    assert app.stop() == 0
