"""The network to the database is slow, lossy, cut or silent, while people write."""

from __future__ import annotations

import asyncio
import time
from asyncio import to_thread
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults.load import Load
from tests.faults.network import Relay, Way, packets_dropped, slowed
from tests.faults.report import LONGEST_REQUEST, RECOVERY_LIMIT, Report
from tests.faults.servers import App, Database
from tests.faults.stage import Stage
from tests.faults.tally import COME_BACK, percentile_ms

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800), pytest.mark.usefixtures("network")]


@contextmanager
def relayed(
    stage: Stage, database: Database, fault: str, *numbers: int
) -> Iterator[tuple[App, Relay]]:
    """An application that reaches the database through a relay."""
    relay = stage.relay(fault, *numbers)
    app = stage.app(database, relay=relay)
    app.wait_until_ready()
    yield app, relay
    assert app.stop() == 0
    stage.remove(app)
    stage.remove(relay)


async def test_latency_makes_requests_slower_and_fails_none(
    stage: Stage, database: Database, report: Report, long: bool
) -> None:
    one_way, jitter = 50, 15  # milliseconds: 100 there and back
    with relayed(stage, database, "late", one_way, jitter) as (app, relay):
        async with Load(app.address) as load:
            await load.acknowledgements(200)
            usual = percentile_ms(load.tally.seconds, 99)
            relay.become_bad()
            await load.requests(32)  # those under way when it began, and whom they held up
            mark = len(load.tally.seconds)
            await load.requests(2000 if long else 80)
            late = load.tally.seconds[mark:]
            relay.become_good()
            await load.acknowledgements(200)
    await report.settle(
        load,
        database,
        usual_p99_ms=usual,
        late_p50_ms=percentile_ms(late, 50),
        late_p99_ms=percentile_ms(late, 99),
    )
    assert load.tally.failures == {}
    # No answer without one question to the database; the longest takes four, after as many that
    # others ask, and as long again for a machine that has other things to do.
    assert min(late) >= 2 * (one_way - jitter) / 1000
    assert (percentile_ms(late, 99) or 0) <= 2 * 2 * 8 * 2 * (one_way + jitter)


async def test_connections_cut_in_the_middle_lose_no_acknowledged_write(
    stage: Stage, database: Database, report: Report, long: bool
) -> None:
    with relayed(stage, database, "cut", 1_000, 60_000) as (app, relay):
        async with Load(app.address) as load:
            await load.acknowledgements(100)
            relay.become_bad()
            await load.acknowledgements(10_000 if long else 300)
            relay.become_good()
            recovery = await load.recovery(time.monotonic())
        cuts = relay.log().count("cut")
    await report.settle(load, database, cuts=cuts, recovery_seconds=recovery)
    assert cuts >= (100 if long else 3)
    assert recovery <= RECOVERY_LIMIT
    assert set(load.tally.failures) <= {COME_BACK}


@pytest.mark.long
async def test_lost_packets_are_sent_again(
    shared_app: App, database: Database, network: str, report: Report, long: bool
) -> None:
    percent = 5
    async with Load(shared_app.address) as load:
        await load.acknowledgements(100)
        usual = percentile_ms(load.tally.seconds, 99)
        async with packets_dropped(
            network, shared_app, database, "statements", "answers", percent=percent
        ) as fault:
            mark = len(load.tally.seconds)
            await load.requests(5000 if long else 300)
            lossy = percentile_ms(load.tally.seconds[mark:], 99)
        recovery = await load.recovery(fault.ended)
    await report.settle(
        load,
        database,
        percent_lost=percent,
        recovery_seconds=recovery,
        usual_p99_ms=usual,
        lossy_p99_ms=lossy,
    )
    assert recovery <= RECOVERY_LIMIT
    assert set(load.tally.failures) <= {COME_BACK}
    # TCP waits for 200 ms before it repeats itself.
    assert (lossy or 0) > 200


@pytest.mark.long
async def test_a_narrow_network_makes_requests_slower(
    shared_app: App, database: Database, network: str, report: Report, long: bool
) -> None:
    kilobits = 256
    async with Load(shared_app.address) as load:
        await load.acknowledgements(300)
        usual = percentile_ms(load.tally.seconds, 50)
        async with slowed(network, database, kilobits=kilobits) as fault:
            mark = len(load.tally.seconds)
            await load.requests(1500 if long else 150)
            narrow = percentile_ms(load.tally.seconds[mark:], 50)
        recovery = await load.recovery(fault.ended)
    await report.settle(
        load,
        database,
        kilobits=kilobits,
        recovery_seconds=recovery,
        usual_p50_ms=usual,
        narrow_p50_ms=narrow,
    )
    assert recovery <= RECOVERY_LIMIT
    assert set(load.tally.failures) <= {COME_BACK}
    assert (narrow or 0) > (usual or 0)
    assert max(load.tally.seconds) <= LONGEST_REQUEST


@pytest.mark.parametrize("way", ["statements", pytest.param("answers", marks=pytest.mark.long)])
async def test_a_network_that_swallows_everything_holds_nobody(
    stage: Stage, database: Database, network: str, report: Report, long: bool, way: Way
) -> None:
    """No RST, no FIN: nobody is told, and TCP itself would wait for a quarter of an hour."""
    deadlines = {"DATABASE_QUERY_SECONDS": "2", "DATABASE_CONNECT_SECONDS": "2"}
    app = stage.app(database, {} if long else deadlines)
    await to_thread(app.wait_until_ready)
    async with Load(app.address) as load:
        await load.acknowledgements(200)
        async with packets_dropped(network, app, database, way) as fault:
            over = time.monotonic() + (30 if long else 4)
            # Every visitor is held up, and told so.
            await load.failures(32)
            await asyncio.sleep(max(0.0, over - time.monotonic()))
        recovery = await load.recovery(fault.ended, stay=10 if long else 0)
    await report.settle(load, database, recovery_seconds=recovery)
    assert recovery <= RECOVERY_LIMIT
    assert set(load.tally.failures) == {COME_BACK}
    assert max(load.tally.seconds) <= LONGEST_REQUEST
    assert app.stop() == 0
