"""The whole application as a process of its own, on a schema of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx2

from tests.engine.deployment import PASSWORD, Admin

if TYPE_CHECKING:
    from tests.engine.conftest import MySQLServer

__all__ = ["AppProcess", "running_app"]

APP: Final = Path(__file__).parents[2] / "app"
SECONDS: Final = 60


@dataclass(frozen=True, kw_only=True)
class AppProcess:
    """A running application; `log` is what it has written."""

    host: str
    port: int
    metrics_port: int
    process: subprocess.Popen[bytes]
    log_file: Path

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def log(self) -> str:
        return self.log_file.read_text()


@contextlib.contextmanager
def running_app(server: MySQLServer, directory: Path, **variables: str) -> Iterator[AppProcess]:
    """Migrate a new schema, serve on it, and stop and drop it all at the end."""
    name = f"todo_{uuid.uuid4().hex[:12]}"
    port, metrics_port = _free_port(), _free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(APP),
        "DATABASE_HOST": server.host,
        "DATABASE_PORT": str(server.port),
        "DATABASE_NAME": name,
        "DATABASE_USER": name,
        "DATABASE_PASSWORD": PASSWORD,
        "DATABASE_CA_FILE": str(server.ca_file),
        "DATABASE_ADMIN_USER": server.admin_user,
        "DATABASE_ADMIN_PASSWORD": server.admin_password,
        "HTTP_PORT": str(port),
        "METRICS_PORT": str(metrics_port),
        "RATE_LIMIT_PER_SECOND": "0",
        "LAME_DUCK_SECONDS": "0",
        **variables,
    }
    command = [sys.executable, "-m", "todo_app"]
    log_file = directory / "app.log"
    with contextlib.closing(Admin(server)) as admin, log_file.open("wb") as log:
        try:
            subprocess.run([*command, "migrate"], env=environment, check=True, stdout=log)
            with subprocess.Popen([*command, "serve"], env=environment, stdout=log) as process:
                app = AppProcess(
                    host="127.0.0.1",
                    port=port,
                    metrics_port=metrics_port,
                    process=process,
                    log_file=log_file,
                )
                try:
                    _wait_until_ready(app)
                    yield app
                    assert process.poll() is None, f"it has ended: {app.log()[-2000:]}"
                finally:
                    process.send_signal(signal.SIGTERM)
                    process.wait(SECONDS)
        finally:
            admin(f"DROP DATABASE IF EXISTS {name}")
            admin(f"DROP USER IF EXISTS {name}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_until_ready(app: AppProcess) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        assert app.process.poll() is None, app.log()
        assert time.monotonic() < deadline, app.log()
        with contextlib.suppress(httpx2.TransportError):
            if httpx2.get(f"{app.url}/readyz").status_code == 200:
                return
        time.sleep(0.05)
