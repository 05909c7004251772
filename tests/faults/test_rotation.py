"""The password of the application's account is rotated while people write."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Iterator

import pytest

from tests.faults.load import Load
from tests.faults.report import Report
from tests.faults.rotation import STEPS, RotatedSecret
from tests.faults.servers import Database
from tests.faults.stage import Stage

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("emulator"), pytest.mark.timeout(1800)]


@pytest.fixture
def secret(stage: Stage, database: Database) -> Iterator[RotatedSecret]:
    manager = stage.secrets_manager()
    secret = RotatedSecret(manager, database)
    yield secret
    secret.undo()
    stage.remove(manager)


async def rotate(secret: RotatedSecret, database: Database, load: Load) -> None:
    """Rotate once; between any two steps new logins are needed, and are seen to succeed."""
    for step in STEPS:
        await to_thread(secret.run, step)
        # The application's own sessions would last for hours.
        await to_thread(database.kill_sessions)
        await load.acknowledgements(100)


async def test_a_rotated_secret_fails_no_request(
    stage: Stage, database: Database, secret: RotatedSecret, report: Report, long: bool
) -> None:
    app = stage.app(database, secret.environment())
    await to_thread(app.wait_until_ready)
    started = app.inspect()["State"]["StartedAt"]
    times = 10 if long else 2
    async with Load(app.address) as load:
        for _ in range(times):
            await rotate(secret, database, load)
    await report.settle(load, database, rotations=times)
    assert load.tally.failures == {}
    assert app.inspect()["State"]["StartedAt"] == started
    assert "accepts other credentials" in app.log()
    assert app.stop() == 0


async def test_control_a_password_that_stays_fails_requests_after_a_rotation(
    stage: Stage, database: Database, secret: RotatedSecret, report: Report
) -> None:
    app = stage.app(database)
    await to_thread(app.wait_until_ready)
    async with Load(app.address) as load:
        await load.acknowledgements(100)
        for step in STEPS:
            await to_thread(secret.run, step)
        await to_thread(database.kill_sessions)
        await load.failures(50)
    await report.settle(load, database)
    assert app.stop() == 0
