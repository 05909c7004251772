"""The database dies, restarts, freezes, hangs up or is held by others, while people write."""

from __future__ import annotations

import re
from asyncio import to_thread

import httpx2
import pytest

from local.containers import docker
from tests.faults.load import Load
from tests.faults.report import Report
from tests.faults.servers import App, Database
from tests.faults.stage import Stage
from tests.faults.tally import COME_BACK

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]


def _only_asked_to_come_back(load: Load) -> None:
    """Every failure was an answer, in time, that says when to come back; no 500, no silence."""
    assert set(load.tally.failures) <= {COME_BACK}


async def test_a_killed_database_loses_no_acknowledged_write(
    shared_app: App, database: Database, report: Report, long: bool
) -> None:
    times = 20 if long else 2
    async with Load(shared_app.address) as load:
        for _ in range(times):
            await load.acknowledgements(300)
            await to_thread(database.kill)
            await load.failures()
            await to_thread(database.start)
            await load.acknowledgements(300)
    await report.settle(load, database, kills=times)
    assert load.tally.given_up == 0
    _only_asked_to_come_back(load)


async def test_a_restarted_database_loses_no_acknowledged_write(
    shared_app: App, database: Database, report: Report, long: bool
) -> None:
    times = 5 if long else 1
    async with Load(shared_app.address) as load:
        for _ in range(times):
            await load.acknowledgements(300)
            await to_thread(database.stop)
            await to_thread(database.start)
            await load.acknowledgements(300)
    await report.settle(load, database, restarts=times)
    assert load.tally.given_up == 0
    _only_asked_to_come_back(load)


async def test_killed_sessions_fail_no_request(
    shared_app: App, database: Database, report: Report, long: bool
) -> None:
    killed = 0
    async with Load(shared_app.address) as load:
        for _ in range(100 if long else 10):
            await load.requests(200)
            killed += await to_thread(database.kill_sessions)
        await load.acknowledgements(200)
    await report.settle(load, database, killed=killed)
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
    narrow = {
        "DATABASE_POOL_SIZE": "1",
        "DATABASE_POOL_QUEUE": "4",
        "DATABASE_POOL_WAIT_SECONDS": "1",
        "DATABASE_QUERY_SECONDS": "2",
    }
    app = stage.app(database, narrow)
    await to_thread(app.wait_until_ready)
    held = await to_thread(database.connect)
    async with Load(app.address) as load:
        # The queue alone holds a part of the visitors; the rest is refused, then tries again.
        await load.acknowledgements(100)
        with held, held.cursor() as cursor:
            await to_thread(cursor.execute, "LOCK TABLES todo.todos WRITE")
            await load.failures(300 if long else 100)
        await load.acknowledgements(200)
    await report.settle(load, database)
    log = app.log()
    assert "4 requests wait for the 1 database connections already" in log
    assert "all 1 database connections are busy" in log
    _only_asked_to_come_back(load)
    assert app.stop() == 0
