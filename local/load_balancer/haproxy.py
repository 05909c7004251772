"""HAProxy: its process, and commands that change servers without a reload."""

from __future__ import annotations

import csv
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Final

from local.errors import LocalError
from local.load_balancer.haproxy_config import Server, State

__all__ = ["HAProxy", "command"]

_START_SECONDS: Final = 10


class HAProxy:
    """A running HAProxy."""

    def __init__(self, folder: Path) -> None:
        self.control = folder / "haproxy.sock"
        self._file = folder / "haproxy.cfg"
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, configuration: str) -> None:
        """Take a configuration; requests under way are finished by the old one.

        Raises:
            LocalError: if HAProxy does not take it.
        """
        self._file.write_text(configuration)
        checked = subprocess.run(
            ["haproxy", "-c", "-q", "-f", self._file], capture_output=True, text=True, check=False
        )
        if checked.returncode:
            raise LocalError(f"HAProxy refuses {self._file}:\n{checked.stderr}", fix="Report it.")
        before = self.worker()
        if self._process is None:
            self._process = subprocess.Popen(["haproxy", "-W", "-db", "-f", self._file])
        else:
            self._process.send_signal(signal.SIGUSR2)
        deadline = time.monotonic() + _START_SECONDS
        while self.worker() in (None, before):
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise LocalError("HAProxy did not start.", fix=f"Look into {self._file}.")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it at once."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def place(self, backend: str, slot: int, server: Server) -> None:
        """Put a target into a slot, or change what it gets there."""
        name = f"{backend}/{slot}"
        if server.state is State.READY:
            address = f"{server.target.host} port {server.target.port}"
            command(self.control, f"set server {name} addr {address}")
            command(self.control, f"set server {name} weight 1")
        command(self.control, f"set server {name} state {server.state.value}")
        if server.state is State.MAINT:
            command(self.control, f"shutdown sessions server {name}")

    def counters(self) -> list[dict[str, str]]:
        """HAProxy's own statistics, a row for each frontend, backend and server."""
        return list(csv.DictReader(command(self.control, "show stat").lstrip("# ").splitlines()))

    def worker(self) -> str | None:
        """Process id of the worker that answers, if one does."""
        try:
            info = command(self.control, "show info")
        except OSError:
            return None
        return next((line for line in info.splitlines() if line.startswith("Pid:")), None)


def command(control: Path, line: str) -> str:
    """Give a running HAProxy a command, by its control socket; return what it answers."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(control))
        connection.sendall(f"{line}\n".encode())
        with connection.makefile() as answer:
            return answer.read()
