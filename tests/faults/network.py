"""A bad network between the application and its database.

The kernel loses, swallows and slows down packets by its own means: a relay could not, since TCP
would end at it. It delays them only with a module that not every kernel has (`netem`); delays,
and connections cut at a byte that the seed chooses, are a relay's work. Toxiproxy, the best known
one, has no seed for that, and in the release that Go's proxy serves may hang as a fault ends.
"""

from __future__ import annotations

import time
from asyncio import to_thread
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Literal

from local.commands import run
from local.containers import docker
from local.images import PYTHON
from local.workspace import Workspace
from tests.faults.servers import Container

__all__ = [
    "Fault",
    "Relay",
    "Way",
    "build_network_image",
    "network_image",
    "packets_dropped",
    "slowed",
]

Way = Literal["statements", "answers"]
"""Which packets: those to the database, or those from it."""

_PORT: Final = 3306
_READY_SECONDS: Final = 60


def network_image(workspace: Workspace) -> str:
    """Name of the image with the tools and the relay."""
    return f"{workspace.image_prefix}/faults-network:1"


def build_network_image(workspace: Workspace) -> str:
    """Build it; unchanged layers are there already."""
    tag = network_image(workspace)
    context = workspace.root / "tests" / "faults" / "network_image"
    run(
        ["docker", "build", "--build-arg", f"BASE_IMAGE={PYTHON}", "--tag", tag, str(context)],
        log=workspace.logs / "image-faults-network.log",
        env=workspace.environment(),
    )
    return tag


@dataclass
class Fault:
    """What is wrong with a network for a while.

    Attributes:
        ended: when it was over, by `time.monotonic`.
    """

    ended: float = 0.0


@asynccontextmanager
async def packets_dropped(
    image: str, app: Container, database: Container, *ways: Way, percent: int | None = None
) -> AsyncIterator[Fault]:
    """Lose packets on their way in, without a word to either side.

    Args:
        image: see `build_network_image`.
        app: gets not all of the answers.
        database: gets not all of the app's statements.
        ways: what is lost.
        percent: how many of them, chosen by the kernel; by default all.
    """
    chosen = "" if percent is None else f"numgen random mod 100 < {percent}"
    rules = {
        "statements": (database, f"ip saddr {app.ip} tcp dport {_PORT} {chosen} drop"),
        "answers": (app, f"tcp sport {_PORT} {chosen} drop"),
    }
    affected = [rules[way] for way in ways]
    for container, rule in affected:
        chain = "add chain inet faults input { type filter hook input priority 0; }"
        ruleset = f"add table inet faults; {chain}; add rule inet faults input {rule}"
        await to_thread(_inside, image, container, f"nft '{ruleset}'")
    fault = Fault()
    try:
        yield fault
    finally:
        for container, _ in affected:
            end = "nft delete table inet faults"
            fault.ended = await to_thread(_inside, image, container, end)


@asynccontextmanager
async def slowed(image: str, container: Container, *, kilobits: int) -> AsyncIterator[Fault]:
    """Let a container send no more than so many kilobits in a second."""
    rate = f"tbf rate {kilobits}kbit burst 16kb latency 500ms"
    await to_thread(_inside, image, container, f"tc qdisc add dev eth0 root {rate}")
    fault = Fault()
    try:
        yield fault
    finally:
        fault.ended = await to_thread(_inside, image, container, "tc qdisc del dev eth0 root")


class Relay(Container):
    """`network_image/relay.py` between an application and the database."""

    def wait_until_ready(self) -> None:
        """Wait until it listens."""
        deadline = time.monotonic() + _READY_SECONDS
        while "relaying" not in self.log():
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)

    def become_bad(self) -> None:
        """Begin its fault."""
        self.signal("USR1")

    def become_good(self) -> None:
        """End its fault."""
        self.signal("USR2")


def _inside(image: str, container: Container, command: str) -> float:
    """Run a command in a container's network, with the right to change it.

    Returns:
        When it was done, by `time.monotonic`: Docker itself takes its time to say so.
    """
    done = docker(
        *("run", "--rm", "--network", f"container:{container.id}"),
        *("--cap-drop", "ALL", "--cap-add", "NET_ADMIN", image),
        *("sh", "-ec", f"{command}; date +%s.%N"),
    )
    return time.monotonic() - (time.time() - float(done))
