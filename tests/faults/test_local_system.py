"""The whole local system loses tasks, all of them, its database, and gets new versions: under load.

Requests go through the load balancer, tasks are ECS's, and nothing is told beforehand.
"""

from __future__ import annotations

import json
import time
from asyncio import to_thread

import httpx2
import pymysql
import pytest

from local.containers import Container, docker
from tests.faults.load import Load
from tests.faults.local_system import CONFIG, SECONDS, LocalSystem, Watch, kill
from tests.faults.report import Report
from tests.waiting import wait_until

pytestmark = [pytest.mark.faults, pytest.mark.long, pytest.mark.timeout(1800)]

SETTING = "    size: small # for its connections: four tasks, twice while a deployment runs\n"


async def test_one_killed_task_costs_few_requests(
    local_system: LocalSystem, report: Report
) -> None:
    victim, *_ = (await to_thread(local_system.tasks)).values()
    async with Load(local_system.address) as load:
        await load.acknowledgements(300)
        async with Watch(load) as watch:
            killed = time.monotonic()
            await kill(victim)
            await to_thread(local_system.wait_until_whole, without={victim.id})
            whole = time.monotonic() - killed
            await load.requests(max(500, 3_000 - load.tally.requests))
    await report.settle(
        load, local_system, failing_seconds=watch.failing_seconds, whole_again_seconds=whole
    )
    assert load.tally.failed <= load.tally.requests / 100
    assert watch.failing_seconds <= 5


async def test_all_tasks_killed_come_back_by_themselves(
    local_system: LocalSystem, report: Report
) -> None:
    victims = await to_thread(local_system.tasks)
    async with Load(local_system.address) as load:
        await load.acknowledgements(300)
        async with Watch(load) as watch:
            await kill(*victims.values())
            await to_thread(local_system.wait_until_whole, without=set(victims))
            await load.acknowledgements(300)
    await report.settle(load, local_system, unserved_seconds=watch.unserved_seconds)
    assert load.tally.failed > 0


async def test_rolling_deployments_fail_no_request(
    local_system: LocalSystem, report: Report
) -> None:
    times, requests = 10, 100_000
    async with Load(local_system.address) as load:
        await load.acknowledgements(300)
        for _ in range(times):
            await to_thread(local_system.deploy_again)
        more = SETTING + "    connectionsPerTask: 7\n"
        with local_system.changed(CONFIG, SETTING, more):
            up = await to_thread(local_system.up)
        assert up.code == 0, up.output
        await to_thread(local_system.wait_until_whole)
        await load.requests(max(500, requests - load.tally.requests))
    await report.settle(load, local_system, deployments=times + 1)
    assert load.tally.failures == {}
    assert load.tally.requests >= requests


def state(container: Container) -> tuple[object, ...]:
    """When a container was started, and whether it was again."""
    (shown,) = json.loads(docker("inspect", container.id))
    return shown["Id"], shown["State"]["StartedAt"], shown["RestartCount"]


def wait_for_logins(system: LocalSystem) -> None:
    """Wait until the database accepts them."""

    def accepted() -> bool:
        try:
            system.running.database().close()
        except pymysql.Error:
            return False
        return True

    wait_until(accepted, seconds=SECONDS, what="the database accepts no login")


async def test_a_restarted_database_restarts_no_task(
    local_system: LocalSystem, report: Report
) -> None:
    database, tasks = local_system.database(), local_system.tasks()
    before = {state(task) for task in tasks.values()}
    async with Load(local_system.address) as load:
        await load.acknowledgements(300)
        await to_thread(docker, "stop", "--time", "30", database.id)
        await load.failures(16)
        with local_system.running.client() as client:
            asked = {path: client.get(path).status_code for path in ("/healthz", "/readyz")}
        await to_thread(docker, "start", database.id)
        await to_thread(wait_for_logins, local_system)
        back = time.monotonic()
        await load.acknowledgements(1)
        recovery = time.monotonic() - back
        await load.acknowledgements(300)
    await report.settle(load, local_system, recovery_seconds=recovery)
    assert asked == {"/healthz": httpx2.codes.OK, "/readyz": httpx2.codes.OK}
    assert recovery <= 5
    assert {state(task) for task in local_system.tasks().values()} == before
