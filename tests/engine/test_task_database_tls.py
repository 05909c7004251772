"""Inside a running task: the app's own settings and connection code against the real database."""

import subprocess

import pytest

from tests.running_system import RunningSystem

pytestmark = pytest.mark.engine

CONNECT = """
import asyncio, dataclasses, os, ssl
from todo_app.database import log_in
from todo_app.settings import load_serve_settings

settings = load_serve_settings(os.environ)
database = dataclasses.replace(settings.database, {change})

async def main():
    connection = await log_in(database, settings.credentials, schema=database.name)
    async with connection.cursor() as cursor:
        await cursor.execute("SHOW SESSION STATUS LIKE 'Ssl_%'")
        for name, value in await cursor.fetchall():
            print(name, value)
    await connection.ensure_closed()

asyncio.run(main())
"""


def _connect_in_task(system: RunningSystem, change: str) -> subprocess.CompletedProcess[str]:
    """Connect as a task's app does, with its settings changed by keyword arguments."""
    task = system.tasks()[0].id
    script = CONNECT.replace("{change}", change)
    return subprocess.run(
        ["docker", "exec", "--interactive", task, "python", "-"],
        input=script,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_apps_own_session_is_encrypted(system: RunningSystem) -> None:
    done = _connect_in_task(system, "")
    assert done.returncode == 0, done.stderr
    status = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert status["Ssl_version"] in ("TLSv1.3", "TLSv1.2")
    assert status["Ssl_cipher"]


def test_the_app_refuses_a_server_that_another_authority_vouches_for(system: RunningSystem) -> None:
    aws_only = "tls=ssl.create_default_context(cafile='/app/certs/aws-rds-global-bundle.pem')"
    done = _connect_in_task(system, aws_only)
    assert done.returncode != 0
    assert "DatabaseRefusedError" in done.stderr
    assert "is not the database we trust" in done.stderr


def test_the_app_refuses_the_right_server_under_another_name(system: RunningSystem) -> None:
    address, _ = system.database_address()
    (database,) = [c for c in system.containers() if address in system.addresses(c)]
    # Docker's name server knows it by this name, which its certificate does not hold.
    done = _connect_in_task(system, f"host='{database.id}.{system.workspace.name}'")
    assert done.returncode != 0
    assert "DatabaseRefusedError" in done.stderr
    assert "Hostname mismatch" in done.stderr
