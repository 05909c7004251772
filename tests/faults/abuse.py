"""An edge as the local system has it, a neighbour who behaves, and sockets that do not."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import secrets
import socket
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from local.load_balancer.haproxy import HAProxy
from local.load_balancer.haproxy_config import Ports, Server, State, backend, configuration
from local.load_balancer.model import Forward, Listener, LoadBalancer, Rule, Target, TargetGroup
from tests.faults.http1 import Address, Connection, NoAnswerError
from tests.faults.report import record

__all__ = ["IDLE_SECONDS", "Edge", "Neighbour", "Wire", "rough", "running_edge", "statuses"]

IDLE_SECONDS: Final = 4
"""What the edge allows for a head to come, and for silence; AWS's default of 60 is long to wait."""

_GROUP: Final = "arn:aws:elasticloadbalancing:eu-west-1:000000000000:targetgroup/app/0"
_PAUSE_SECONDS: Final = 0.1


@dataclass(frozen=True)
class Edge:
    """A load balancer on the loopback address.

    Attributes:
        http: where it speaks plain HTTP.
        https: where it speaks TLS.
    """

    http: Address
    https: Address


@contextmanager
def running_edge(folder: Path, certificate: Path, targets: tuple[Target, ...]) -> Iterator[Edge]:
    """Run HAProxy by the configuration that the local system gives it."""
    group = TargetGroup(
        arn=_GROUP, targets=targets, check=None, drain_seconds=0, least_outstanding=True
    )
    rules = (Rule(priority=None, action=Forward(_GROUP)),)
    balancer = LoadBalancer(
        name="edge",
        dns_name="edge.elb.amazonaws.com",
        suffix="app/edge/0",
        idle_seconds=IDLE_SECONDS,
        listeners=(
            Listener(port=80, https=False, rules=rules),
            Listener(port=443, https=True, rules=rules),
        ),
    )
    ports = Ports(http=_free_port(), https=_free_port())
    proxy = HAProxy(folder)
    slots = {number: Server(target, State.READY) for number, target in enumerate(targets)}
    text = configuration(
        [balancer],
        [group],
        {backend(group): slots},
        ports=ports,
        certificate=certificate,
        control=proxy.control,
    )
    try:
        proxy.run(text)
        yield Edge(http=("127.0.0.1", ports.http), https=("127.0.0.1", ports.https))
    finally:
        proxy.stop()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port: int = held.getsockname()[1]
        return port


@dataclass
class Neighbour:
    """Somebody who uses the same edge all the while, from an address of their own.

    Attributes:
        failures: requests that went wrong, by how.
        mixed_up: answers that were somebody else's.
        seconds: how long each good answer took.
    """

    edge: Edge
    scenario: str
    figures: dict[str, object] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)
    mixed_up: int = 0
    seconds: list[float] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        self._ended = asyncio.Event()
        self._task = asyncio.create_task(self._use())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._ended.set()
        await self._task
        ordered = sorted(self.seconds)
        figures = {
            **self.figures,
            "neighbour's requests": len(ordered) + self.failures.total(),
            "neighbour's failures": self.failures.total(),
            "neighbour's p99 ms": round(1000 * ordered[len(ordered) * 99 // 100])
            if ordered
            else None,
        }
        record(f"abuse: {self.scenario}", figures)
        if kind is None:
            assert self.failures == Counter(), self.failures
            assert self.mixed_up == 0
            assert ordered

    async def _use(self) -> None:
        connection = Connection(self.edge.http, deadline=15)
        path = f"/api/lists/{secrets.token_hex(16)}/todos"
        try:
            while not self._ended.is_set():
                await self._ask(connection, path)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._ended.wait(), _PAUSE_SECONDS)
        finally:
            connection.close()

    async def _ask(self, connection: Connection, path: str) -> None:
        name = secrets.token_hex(8)
        began = time.monotonic()
        try:
            answer = await connection.send("GET", path, headers={"X-Request-Id": name})
        except NoAnswerError as error:
            self.failures[error.kind] += 1
            return
        if answer.status != 200:
            self.failures[str(answer.status)] += 1
        elif answer.headers["x-request-id"] != name or json.loads(answer.body) != []:
            self.mixed_up += 1
        else:
            self.seconds.append(time.monotonic() - began)


@dataclass(frozen=True)
class Wire:
    """A connection on which anything can be sent."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> bool:
        """Send; False if the other side has hung up."""
        try:
            self.writer.write(data)
            await self.writer.drain()
        except OSError:
            return False
        return not self.reader.at_eof()

    async def rest(self, seconds: float) -> bytes:
        """What comes until the other side hangs up, or says nothing for so long."""
        received = b""
        with contextlib.suppress(TimeoutError, OSError):
            while part := await asyncio.wait_for(self.reader.read(1 << 16), seconds):
                received += part
        return received


@asynccontextmanager
async def rough(
    address: Address, source: str, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Wire]:
    """Connect from an address of the loopback network."""
    reader, writer = await asyncio.open_connection(
        *address,
        local_addr=(source, 0),
        ssl=tls,
        server_hostname="localhost" if tls else None,
    )
    try:
        yield Wire(reader, writer)
    finally:
        writer.transport.abort()  # no goodbye, and none to wait for
        with contextlib.suppress(OSError, TimeoutError):
            await asyncio.wait_for(writer.wait_closed(), 5)


def statuses(received: bytes) -> list[int]:
    """Statuses of all answers in what was received."""
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3})", received)]
