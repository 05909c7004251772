"""A plain HAProxy that asks each server whether it is ready, where no ECS takes servers away."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from local.commands import Watch, require
from local.docker_engine import install_packages
from local.errors import LocalError
from local.load_balancer.haproxy import HAProxy, command
from local.workspace import Workspace

__all__ = ["Checks", "PlainBalancer", "ensure_haproxy"]


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


class PlainBalancer:
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
        self._proxy = HAProxy(folder)
        self._config = _config(port, self._proxy.control, slots, checks or Checks())

    def __enter__(self) -> Self:
        try:
            self._proxy.run(self._config)
        except LocalError:
            self._proxy.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._proxy.stop()

    def add(self, slot: str, host: str, port: int) -> None:
        """Send requests to a server that is ready."""
        command(self._proxy.control, f"set server app/{slot} addr {host} port {port}")
        command(self._proxy.control, f"set server app/{slot} state ready")

    def remove(self, slot: str) -> None:
        """Send no more requests to a server, whatever it says itself."""
        command(self._proxy.control, f"set server app/{slot} state maint")

    def status(self, slot: str) -> str:
        """What HAProxy thinks of a server: UP, DOWN, MAINT, ..."""
        for row in self._proxy.counters():
            if (row["pxname"], row["svname"]) == ("app", slot):
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
    http-check send meth GET uri {checks.path} ver HTTP/1.1 hdr Host balancer
    http-check expect status 200
    default-server check inter {checks.milliseconds}ms fall {checks.fall} rise 1
{servers}
"""
