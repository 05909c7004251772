"""The password of the application's account is rotated while people write."""

from __future__ import annotations

from asyncio import to_thread

import pytest

from tests.faults.load import Load
from tests.faults.report import Report
from tests.faults.rotation import STEPS, RotatedSecret
from tests.faults.servers import Database
from tests.faults.stage import Stage

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("emulator"), pytest.mark.timeout(1800)]


async def test_a_rotated_secret_fails_no_request(
    stage: Stage, database: Database, report: Report, long: bool
) -> None:
    secret = RotatedSecret(await to_thread(stage.secrets_manager), database)
    app = stage.app(database, secret.environment())
    await to_thread(app.wait_until_ready)
    started = app.inspect()["State"]["StartedAt"]
    async with Load(app.address) as load:
        for _ in range(10 if long else 2):
            for step in STEPS:
                await to_thread(secret.run, step)
                # Old logins would last for hours: with these gone, each window sees new ones.
                assert await to_thread(database.kill_sessions)
                await load.acknowledgements(100)
    await report.settle(load)
    assert load.tally.failures == {}
    assert app.inspect()["State"]["StartedAt"] == started
    assert "accepts other credentials" in app.log()
    assert app.stop() == 0
