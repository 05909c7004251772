"""More visitors than the application can serve: it serves as many as it can, and tells the rest."""

from __future__ import annotations

import json
import resource
import socket
from asyncio import to_thread
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from local.containers import docker
from tests.faults.http1 import Address, Connection
from tests.faults.load import Load
from tests.faults.report import Report
from tests.faults.servers import App, Database
from tests.faults.stage import Stage
from tests.faults.tally import COME_BACK

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

# What AWS's load balancers allow a health check by default.
CHECK_SECONDS = 5.0
# More than the server's listening queue and all that it once took at a time.
IDLE_CONNECTIONS = 2000


@contextmanager
def idle_connections(address: Address, number: int) -> Iterator[None]:
    """A crowd that is connected, as balancers keep connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2 * number)), hard))
    with ExitStack() as stack:
        for _ in range(number):
            stack.enter_context(socket.create_connection(address, timeout=CHECK_SECONDS))
        yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def check(address: Address, path: str) -> int:
    """Ask as a balancer does: on a connection of its own, and not for long."""
    connection = Connection(address, deadline=CHECK_SECONDS)
    try:
        return (await connection.send("GET", path)).status
    finally:
        connection.close()


def refusals(app: App) -> list[int]:
    """How many requests each line of the log says were refused."""
    lines = [json.loads(line) for line in app.log().splitlines()]
    return [line["refused"] for line in lines if "refused" in line]


async def test_a_crowd_is_served_as_far_as_can_be_and_no_health_check_fails(
    stage: Stage, database: Database, report: Report, long: bool
) -> None:
    app = stage.app(database, {"DATABASE_POOL_SIZE": "2", "DATABASE_POOL_QUEUE": "20"})
    await to_thread(app.wait_until_ready)
    await to_thread(docker, "update", "--cpus", "0.1", app.id)
    checks = []
    async with Load(app.address, visitors=150) as load:
        await load.failures(20)
        for _ in range(100 if long else 5):
            checks += [await check(app.address, path) for path in ("/readyz", "/healthz")]
            await load.acknowledgements(20)
    await report.settle(load, database, health_checks=len(checks))
    assert {*checks} == {200}
    # Nobody was left without an answer.
    assert {*load.tally.failures} == {COME_BACK}
    await to_thread(docker, "update", "--cpus", "1", app.id)
    assert app.stop() == 0
    # Most are refused at the door, and told of in sum: few had been let in before it was too much.
    assert sum(refusals(app)) > load.tally.failed / 2
    assert len(refusals(app)) < load.tally.failed / 5


async def test_a_health_check_gets_through_however_many_are_connected(shared_app: App) -> None:
    with idle_connections(shared_app.address, IDLE_CONNECTIONS):
        assert await check(shared_app.address, "/readyz") == 200
