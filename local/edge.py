"""HAProxy on the loopback address: a balancer that asks each server whether it is ready."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from local.commands import Watch, require
from local.docker_engine import install_packages
from local.errors import LocalError
from local.load_balancer.haproxy import command
from local.workspace import Workspace

__all__ = ["Checks", "Edge", "ensure_haproxy"]

_START_SECONDS: Final = 10


@dataclass(frozen=True, kw_only=True)
class Checks:
    """How the balancer finds out that a server must not get requests any more.

    Attributes:
        path: what it asks for; any status but 200 is a failure.
        milliseconds: time between two checks.
        fall: how many failures in a row count.
    """

    path: str = "/readyz"
    milliseconds: int = 500
    fall: int = 2


def ensure_haproxy(workspace: Workspace, watch: Watch) -> str:
    """Have HAProxy.

    Raises:
        LocalError: if it is not installed and cannot be.
    """
    if shutil.which("haproxy") is None:
        install_packages(workspace, "haproxy", watch=watch)
    return str(require("haproxy", fix="Install HAProxy 2.6 or newer."))


class Edge:
    """A running HAProxy, as long as the `with` block; requests are sent once and never again.

    Connections to servers are kept and shared, as a load balancer of AWS does.

    Args:
        folder: for its configuration and its control socket; the path must be short.
        port: where it listens.
        slots: names of the servers it may have; each gets an address by `add`.
        checks: how it looks after them.
    """

    def __init__(
        self, folder: Path, port: int, slots: tuple[str, ...], checks: Checks | None = None
    ) -> None:
        self._config, self._control = folder / "haproxy.cfg", folder / "haproxy.sock"
        self._port = port
        self._config.write_text(_config(port, self._control, slots, checks or Checks()))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(["haproxy", "-db", "-f", str(self._config)])
        deadline = time.monotonic() + _START_SECONDS
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return self
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise LocalError("HAProxy did not start.", fix=f"It says why: {self._config}")
            time.sleep(0.05)

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()

    def add(self, slot: str, host: str, port: int) -> None:
        """Send requests to a server that is ready."""
        command(self._control, f"set server app/{slot} addr {host} port {port}")
        command(self._control, f"set server app/{slot} state ready")

    def remove(self, slot: str) -> None:
        """Send no more requests to a server, whatever it says itself."""
        command(self._control, f"set server app/{slot} state maint")

    def status(self, slot: str) -> str:
        """What HAProxy thinks of a server: UP, DOWN, MAINT, ..."""
        names, *lines = command(self._control, "show stat").lstrip("# ").splitlines()
        for line in lines:
            row = dict(zip(names.split(","), line.split(","), strict=False))
            if (row.get("pxname"), row.get("svname")) == ("app", slot):
                return row["status"]
        raise LookupError(slot)


def _config(port: int, control: Path, slots: tuple[str, ...], checks: Checks) -> str:
    servers = "\n".join(f"    server {slot} 127.0.0.1:1 disabled" for slot in slots)
    return f"""\
global
    stats socket {control} mode 600 level admin

defaults
    mode http
    retries 0
    timeout connect 2s
    timeout client 75s
    timeout server 30s
    timeout check 1s

frontend web
    bind 127.0.0.1:{port}
    default_backend app

backend app
    option httpchk
    http-check send meth GET uri {checks.path} ver HTTP/1.1 hdr Host edge
    http-check expect status 200
    default-server check inter {checks.milliseconds}ms fall {checks.fall} rise 1
{servers}
"""
