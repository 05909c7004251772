"""The database dies, restarts, freezes, hangs up or is held by others, while people write."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from asyncio import to_thread
from collections.abc import Callable

import httpx2
import pytest

from local.containers import docker
from tests.faults.http1 import Connection
from tests.faults.load import Load
from tests.faults.report import RECOVERY_LIMIT, Report
from tests.faults.servers import App, Database
from tests.faults.stage import Stage
from tests.faults.tally import COME_BACK, percentile_ms

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]


NARROW = {
    "DATABASE_POOL_SIZE": "1",
    "DATABASE_POOL_QUEUE": "4",
    "DATABASE_POOL_WAIT_SECONDS": "1",
    "DATABASE_QUERY_SECONDS": "2",
}


def _only_asked_to_come_back(load: Load) -> None:
    """Every failure was an answer, in time, that says when to come back; no 500, no silence."""
    assert set(load.tally.failures) <= {COME_BACK}


@pytest.mark.parametrize("end", [Database.kill, Database.stop], ids=["killed", "restarted"])
async def test_a_restarted_database_loses_no_acknowledged_write(
    shared_app: App,
    database: Database,
    report: Report,
    long: bool,
    end: Callable[[Database], object],
) -> None:
    times = 20 if long else 1
    recoveries = []
    async with Load(shared_app.address) as load:
        for _ in range(times):
            await load.acknowledgements(200)
            await to_thread(end, database)
            await load.failures()
            await to_thread(database.start)
            await to_thread(database.wait_until_ready)
            recoveries.append(await load.recovery(time.monotonic()))
    await report.settle(load, database, times=times, recovery_seconds=max(recoveries))
    assert load.tally.given_up == 0
    _only_asked_to_come_back(load)
    assert max(recoveries) <= RECOVERY_LIMIT


async def test_killed_sessions_fail_no_request(
    shared_app: App, database: Database, report: Report, long: bool
) -> None:
    killed = 0
    async with Load(shared_app.address) as load:
        for _ in range(100 if long else 10):
            await load.requests(200)
            killed += await to_thread(database.kill_sessions)
        await load.acknowledgements(200)
    await report.settle(load, database, killed_sessions=killed)
    assert killed > 0
    assert load.tally.failures == {}


async def test_a_frozen_database_does_not_freeze_the_application(
    stage: Stage, database: Database, report: Report, long: bool
) -> None:
    deadlines = {"DATABASE_QUERY_SECONDS": "2", "DATABASE_CONNECT_SECONDS": "2"}
    app = stage.app(database, {} if long else deadlines)
    leaving = stage.app(database, {"LAME_DUCK_SECONDS": "0"})
    await to_thread(app.wait_until_ready)
    await to_thread(leaving.wait_until_ready)
    async with Load(app.address) as load:
        await load.acknowledgements(300)
        await to_thread(docker, "pause", database.id)
        try:
            # Every visitor is held up once, and told so.
            await load.failures(16 if not long else 48)
            async with httpx2.AsyncClient() as client:
                healthy = await client.get(f"http://{app.ip}:8080/healthz", timeout=5)
            # Its farewell to the database finds nobody who listens.
            left = await to_thread(leaving.stop)
        finally:
            await to_thread(docker, "unpause", database.id)
        await load.acknowledgements(300)
    await report.settle(load, database)
    assert (healthy.status_code, left) == (200, 0)
    assert re.search("did not answer in time|no login at .* in time", app.log())
    _only_asked_to_come_back(load)
    assert app.stop() == 0


async def test_too_many_requests_for_a_slow_database_are_refused_at_once(
    stage: Stage, database: Database, report: Report, long: bool
) -> None:
    app = stage.app(database, NARROW)
    await to_thread(app.wait_until_ready)
    held = await to_thread(database.connect)
    async with Load(app.address) as load:
        # The queue alone holds a part of the visitors; the rest is refused, then tries again.
        await load.acknowledgements(100)
        with held, held.cursor() as cursor:
            await to_thread(cursor.execute, "LOCK TABLES todo.todos WRITE")
            await load.failures(300 if long else 100)
        recovery = await load.recovery(time.monotonic())
    quickest_half = percentile_ms(load.tally.failed_seconds, 50)
    await report.settle(
        load, database, recovery_seconds=recovery, half_refused_within_ms=quickest_half
    )
    log = app.log()
    assert "requests refused: too many wait for database connections already" in log
    assert "all 1 database connections are busy" in log
    _only_asked_to_come_back(load)
    # Twelve visitors find the door shut; only the other four wait for anything.
    assert quickest_half is not None
    assert quickest_half < 500
    assert recovery <= RECOVERY_LIMIT
    assert app.stop() == 0


async def test_whoever_waits_for_a_full_pool_is_served(stage: Stage, database: Database) -> None:
    patient = {**NARROW, "DATABASE_POOL_WAIT_SECONDS": "30", "DATABASE_QUERY_SECONDS": "30"}
    app = stage.app(database, patient)
    await to_thread(app.wait_until_ready)
    connections = [Connection(app.address, deadline=60) for _ in range(6)]

    async def add(connection: Connection) -> int:
        path = f"/api/lists/{secrets.token_hex(16)}/todos"
        return (await connection.send("POST", path, b'{"title": "waits"}')).status

    with await to_thread(database.connect) as held, held.cursor() as cursor:
        cursor.execute("LOCK TABLES todo.todos WRITE")
        # One is being served; three wait for it, and one more if its body was on its way.
        sending = [asyncio.create_task(add(connection)) for connection in connections]
        done, _ = await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
        assert {task.result() for task in done} == {503}
    statuses = sorted(await asyncio.gather(*sending))
    for connection in connections:
        connection.close()
    assert statuses in ([201] * 4 + [503] * 2, [201] * 5 + [503])
    assert app.stop() == 0
