"""The database is away for a while, or short of CPU time, while people write."""

from __future__ import annotations

import asyncio
import time
from asyncio import to_thread

import httpx2
import pytest

from local.containers import docker
from tests.faults.load import Load
from tests.faults.report import LONGEST_REQUEST, RECOVERY_LIMIT, Report
from tests.faults.servers import App, Container, Database
from tests.faults.stage import Stage
from tests.faults.tally import COME_BACK, percentile_ms

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]


async def answers(app: App, path: str, *, until: float = 0.0) -> list[httpx2.Response]:
    """Ask for a path once, or twice a second until some time has come."""
    found: list[httpx2.Response] = []
    async with httpx2.AsyncClient(timeout=15) as client:
        while not found or time.monotonic() < until:
            found.append(await client.get(f"http://{app.ip}:8080{path}"))
            await asyncio.sleep(min(0.5, max(0.0, until - time.monotonic())))
    return found


def times_throttled(container: Container) -> int:
    """How often it had used up its CPU time, by either version of control groups."""
    files = "/sys/fs/cgroup/cpu.stat /sys/fs/cgroup/cpu/cpu.stat"
    found = container.run("sh", "-c", f"grep -h nr_throttled {files} 2>/dev/null || true")
    return int(found.split()[1])


async def test_an_outage_is_told_and_then_over(
    stage: Stage, database: Database, report: Report, long: bool
) -> None:
    away = 30.0 if long else 5.0
    app = stage.app(database)
    await to_thread(app.wait_until_ready)
    before = app.inspect()
    async with Load(app.address) as load:
        await load.acknowledgements(200)
        await to_thread(database.stop)
        over = time.monotonic() + away
        newcomer = stage.app(database)
        await load.failures()
        healthy, ready = await asyncio.gather(
            answers(app, "/healthz", until=over), answers(app, "/readyz", until=over)
        )
        (not_yet,) = await answers(newcomer, "/readyz")
        await to_thread(database.start)
        await to_thread(database.wait_until_ready)
        recovery = await load.recovery(time.monotonic(), stay=10 if long else 0)
    await report.settle(load, database, seconds_away=away, recovery_seconds=recovery)
    assert recovery <= RECOVERY_LIMIT
    assert set(load.tally.failures) == {COME_BACK}
    assert load.tally.given_up == 0
    # Alive, and kept where it is: every other task has the same database.
    assert {answer.status_code for answer in healthy + ready} == {200}
    # One that has never seen the database gets no requests before it has.
    assert (not_yet.status_code, not_yet.headers["retry-after"]) == (503, "2")
    await to_thread(newcomer.wait_until_ready)
    after = app.inspect()
    assert after["State"]["Running"]
    assert after["State"]["StartedAt"] == before["State"]["StartedAt"]
    assert after["RestartCount"] == 0
    stage.remove(newcomer)
    assert app.stop() == 0


async def test_a_database_short_of_cpu_time_makes_nobody_wait_for_long(
    shared_app: App, database: Database, report: Report, long: bool
) -> None:
    period = 100_000
    async with Load(shared_app.address) as load:
        await load.acknowledgements(300)
        usual = percentile_ms(load.tally.seconds, 99)
        mark = len(load.tally.seconds)
        share = ("update", "--cpu-period", str(period), "--cpu-quota")
        await to_thread(docker, *share, str(period // 20), database.id)
        try:
            await load.requests(1500 if long else 200)
            throttled = await to_thread(times_throttled, database)
        finally:
            await to_thread(docker, *share, "-1", database.id)
        ended = time.monotonic()
        slow = percentile_ms(load.tally.seconds[mark:], 99)
        recovery = await load.recovery(ended)
    await report.settle(
        load,
        database,
        recovery_seconds=recovery,
        usual_p99_ms=usual,
        slow_p99_ms=slow,
        times_throttled=throttled,
    )
    assert recovery <= RECOVERY_LIMIT
    assert set(load.tally.failures) <= {COME_BACK}
    assert throttled > 0
    assert max(load.tally.seconds) <= LONGEST_REQUEST
