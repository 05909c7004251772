"""The application is replaced, one copy by another behind a balancer, while people write."""

from __future__ import annotations

import asyncio
import secrets
import socket
import tempfile
import time
from asyncio import to_thread
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.http1 import Address, Connection
from tests.faults.load import Load
from tests.faults.report import Report
from tests.faults.servers import App, Database
from tests.faults.stage import Stage
from tests.plain_balancer import Checks, PlainBalancer

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("haproxy"), pytest.mark.timeout(1800)]


class Deployment:
    """One copy of the application behind a balancer, and two while one takes over."""

    def __init__(
        self, stage: Stage, database: Database, balancer: PlainBalancer, environment: dict[str, str]
    ) -> None:
        self._stage, self._database, self._balancer = stage, database, balancer
        self._environment = environment
        self._old_slot, self._slot = "green", "blue"
        self._app = self._start()

    def replace(self, end: Callable[[App], int]) -> int:
        """Add a new copy, then end the old one without a word to the balancer."""
        old = self._app
        self._old_slot, self._slot = self._slot, self._old_slot
        self._app = self._start()
        code = end(old)
        while self._balancer.status(self._old_slot).startswith("UP"):
            time.sleep(0.1)
        self._balancer.remove(self._old_slot)
        self._stage.remove(old)
        return code

    def end(self) -> None:
        """Remove what runs."""
        self._stage.remove(self._app)

    def _start(self) -> App:
        app = self._stage.app(self._database, self._environment)
        app.wait_until_ready()
        self._balancer.add(self._slot, *app.address)
        return app


@contextmanager
def deployed(
    stage: Stage, database: Database, checks: Checks | None = None, **environment: str
) -> Iterator[tuple[Deployment, Address]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (
        tempfile.TemporaryDirectory() as folder,
        PlainBalancer(Path(folder), port, ("blue", "green"), checks) as balancer,
    ):
        deployment = Deployment(stage, database, balancer, environment)
        try:
            yield deployment, ("127.0.0.1", port)
        finally:
            deployment.end()


def killed(app: App) -> int:
    app.signal("KILL")
    return app.wait()


async def test_rolling_replacements_fail_no_request(
    stage: Stage, database: Database, report: Report, long: bool
) -> None:
    times, requests = (12, 100_000) if long else (2, 10_000)
    codes = []
    with deployed(stage, database) as (deployment, address):
        async with Load(address) as load:
            for _ in range(times):
                await load.requests(requests // times // 2)
                codes.append(await to_thread(deployment.replace, App.stop))
            await load.requests(max(500, requests - load.tally.requests))
    await report.settle(load, database, replacements=times)
    assert load.tally.failures == {}
    assert load.tally.requests >= requests
    assert codes == [0] * times


@pytest.mark.parametrize(
    ("environment", "checks", "end"),
    [
        pytest.param({"LAME_DUCK_SECONDS": "0"}, Checks(), App.stop, id="without a lame duck"),
        pytest.param(
            {},
            Checks(path="/healthz"),
            App.stop,
            id="without a readiness check",
            marks=pytest.mark.long,
        ),
        pytest.param({}, Checks(), killed, id="by SIGKILL", marks=pytest.mark.long),
    ],
)
async def test_control_a_rude_replacement_fails_requests_and_loses_no_write(
    stage: Stage,
    database: Database,
    report: Report,
    environment: dict[str, str],
    checks: Checks,
    end: Callable[[App], int],
) -> None:
    with deployed(stage, database, checks, **environment) as (deployment, address):
        async with Load(address) as load:
            await load.requests(500)
            await to_thread(deployment.replace, end)
            await load.acknowledgements(300)
    await report.settle(load, database)
    assert load.tally.failed > 0


async def test_a_stop_waits_for_what_is_under_way(stage: Stage, database: Database) -> None:
    patient = {"LAME_DUCK_SECONDS": "0", "DATABASE_QUERY_SECONDS": "15"}
    app = stage.app(database, patient)
    await to_thread(app.wait_until_ready)
    connection = Connection(app.address, deadline=30)
    path = f"/api/lists/{secrets.token_hex(16)}/todos"
    with await to_thread(database.connect) as held, held.cursor() as cursor:
        cursor.execute("LOCK TABLES todo.todos WRITE")
        sending = asyncio.create_task(connection.send("POST", path, b'{"title": "last"}'))
        await to_thread(database.wait_until_waited_for)
        stopping = asyncio.create_task(to_thread(app.stop))
        await asyncio.sleep(6)
        assert not sending.done()
    assert (await sending).status == 201
    assert await stopping == 0


@pytest.mark.long
async def test_a_kept_connection_outlives_a_balancers_idle_timeout(shared_app: App) -> None:
    connection = Connection(shared_app.address, deadline=5)
    await connection.send("GET", "/healthz")
    await asyncio.sleep(62)  # AWS's load balancers keep one for 60 s, unless told otherwise
    assert (await connection.send("GET", "/healthz")).status == 200
    connection.close()
