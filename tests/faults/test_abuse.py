"""What is sent to harm: at the edge, while a neighbour goes on using it without a failure."""

from __future__ import annotations

import asyncio
import json
import resource
import secrets
import ssl
import struct
import time
from collections import Counter
from collections.abc import Iterator
from typing import Final

import pytest

from local.certificates import ensure_server_certificate
from local.load_balancer.model import Target
from local.workspace import Workspace
from tests.faults.abuse import IDLE_SECONDS, Edge, Neighbour, Wire, rough, running_edge, statuses
from tests.faults.http1 import Address, Connection
from tests.faults.servers import App, Database
from tests.faults.smuggling import forms
from tests.faults.stage import Stage

pytestmark = pytest.mark.faults

ATTACKER: Final = "127.0.0.66"
HOST: Final = "edge"
# Of the application: how long a body may take, and how large it may be.
BODY_SECONDS: Final = 10
LARGEST_BODY: Final = 16 * 1024
LIMIT: Final = 20
"""Requests a second that each copy of the application allows an address.

Twice what the neighbour asks for, and less than the flood does on a machine with other work.
"""


@pytest.fixture(scope="module")
def apps(stage: Stage, database: Database) -> Iterator[tuple[App, ...]]:
    settings = {"FORWARDED_HOPS": "1", "RATE_LIMIT_PER_SECOND": str(LIMIT)}
    apps = tuple(stage.app(database, settings) for _ in range(2))
    for app in apps:
        app.wait_until_ready()
    yield apps
    for app in apps:
        stage.remove(app)


@pytest.fixture(scope="module")
def edge(
    apps: tuple[App, ...],
    workspace: Workspace,
    haproxy: str,  # noqa: ARG001 - it is there then
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Edge]:
    ensure_server_certificate(workspace, "load-balancer", "localhost", "*.alb.localhost")
    certificate = workspace.tls / "load-balancer.pem"
    targets = tuple(Target(app.ip, 8080) for app in apps)
    with running_edge(tmp_path_factory.mktemp("edge"), certificate, targets) as edge:
        yield edge


@pytest.fixture(scope="module")
def tls(workspace: Workspace) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=workspace.tls / "load-balancer-ca.pem")
    context.set_alpn_protocols(["h2"])
    return context


def get(path: str, *headers: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", f"Host: {HOST}", *headers, "", ""]).encode()


def a_list() -> str:
    return f"/api/lists/{secrets.token_hex(16)}/todos"


async def trickle(wire: Wire, data: bytes, pause: float, seconds: float) -> float:
    """Send byte after byte until the other side hangs up; return how long it did not."""
    began = time.monotonic()
    for byte in data:
        if time.monotonic() - began > seconds or not await wire.send(bytes([byte])):
            break
        try:
            async with asyncio.timeout(pause):
                await wire.reader.read(1 << 16)
        except TimeoutError:
            continue
        except OSError:
            break
        break  # an answer, or the end
    return time.monotonic() - began


async def test_slow_heads_bodies_and_silence_cost_the_neighbour_nothing(
    edge: Edge, *, long: bool
) -> None:
    """All at once: heads and bodies that never end, and connections that say nothing."""
    each = 400 if long else 60
    quiet = _affordable(10_000) if long else 500
    begin = f"POST {a_list()} HTTP/1.1\r\nHost: {HOST}\r\n".encode()
    body = begin + b"Content-Type: application/json\r\nContent-Length: 9000\r\n\r\n"

    async def slow_head() -> float:
        async with rough(edge.http, ATTACKER) as wire:
            await wire.send(begin)
            return await trickle(wire, b"X: " + b"x" * 9_000, 0.5, 60)

    async def slow_body() -> int:
        async with rough(edge.http, ATTACKER) as wire:
            await wire.send(body)
            sender = asyncio.create_task(_feed(wire, b" " * 9_000, 0.5))
            answers = statuses(await wire.rest(40))
            sender.cancel()
            return answers[0] if answers else 0

    async def silent() -> bytes:
        async with rough(edge.http, ATTACKER) as wire:
            return await wire.rest(60)

    async with Neighbour(edge, "slow heads, slow bodies, silence") as neighbour:
        crowd = asyncio.gather(*(silent() for _ in range(quiet)))
        heads = asyncio.gather(*(slow_head() for _ in range(each)))
        answers = Counter(await asyncio.gather(*(slow_body() for _ in range(each))))
        longest = max(await heads)
        await crowd
        neighbour.figures |= {
            "slow heads": each,
            "longest slow head s": round(longest, 1),
            "slow bodies": each,
            "answers to slow bodies": dict(answers),
            "silent connections": quiet,
        }
    assert longest < 3 * IDLE_SECONDS, "a head that trickles is not waited for for ever"
    # The address of them all may ask only so often; who may gets ten seconds for the body.
    assert set(answers) <= {408, 429}
    assert answers[408]


def _affordable(wanted: int) -> int:
    """Connections that this process and HAProxy may have open each, with room for others."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2 * wanted)), hard))
    return min(wanted, resource.getrlimit(resource.RLIMIT_NOFILE)[0] * 2 // 5)


async def _feed(wire: Wire, data: bytes, pause: float) -> None:
    for byte in data:
        if not await wire.send(bytes([byte])):
            return
        await asyncio.sleep(pause)


CHUNK: Final = b"1000\r\n" + b"x" * 0x1000 + b"\r\n"
POST: Final = (
    f"POST /api/lists/{'a' * 32}/todos HTTP/1.1\r\nHost: {HOST}\r\n"
    "Content-Type: application/json\r\n"
)
LARGE: Final = {
    "a header of 200 kB": (get("/", "X: " + "x" * 200_000), {400, 431}),
    "5 000 headers": (get("/", *(f"X-{n}: {n}" for n in range(5_000))), {400, 431}),
    "a target of 70 kB": (get("/?" + "x" * 70_000), {400, 414}),
    "a body of 1 GB, announced": (f"{POST}Content-Length: 1000000000\r\n\r\n".encode(), {413}),
    "a body of 1 MB": (
        f"{POST}Content-Length: 1000000\r\n\r\n".encode() + b" " * 1_000_000,
        {413},
    ),
    "chunks of 1 MB": (f"{POST}Transfer-Encoding: chunked\r\n\r\n".encode() + CHUNK * 256, {413}),
    "a chunk of 16 EB, announced": (
        f"{POST}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n".encode(),
        {400, 413},
    ),
    "less than announced": (f"{POST}Content-Length: 900\r\n\r\n{{".encode(), {400, 408}),
}


async def test_what_is_too_large_is_refused_before_it_is_taken_in(edge: Edge) -> None:
    answers = {}
    async with Neighbour(edge, "too large, or less than announced") as neighbour:
        for name, (data, _) in LARGE.items():
            async with rough(edge.http, ATTACKER) as wire:
                await wire.send(data)
                if name == "less than announced":
                    wire.writer.write_eof()
                answers[name] = statuses(await wire.rest(15))
        neighbour.figures |= {name: str(found) for name, found in answers.items()}
    for name, (_, allowed) in LARGE.items():
        # Who still sends may find the connection reset before the answer is read.
        assert len(answers[name]) <= 1, name
        assert set(answers[name]) <= allowed, name
    assert any(413 in found for found in answers.values())


async def test_chunks_without_end_are_not_taken_in_without_end(edge: Edge) -> None:
    async with Neighbour(edge, "chunks without end") as neighbour:
        async with rough(edge.http, ATTACKER) as wire:
            reading = asyncio.create_task(wire.rest(15))
            await wire.send(f"{POST}Transfer-Encoding: chunked\r\n\r\n".encode())
            sent = 0
            while not reading.done() and sent < 100_000_000 and await wire.send(CHUNK):
                sent += len(CHUNK)
            answers = statuses(await reading)
        neighbour.figures["bytes sent until refused"] = sent
    assert set(answers) <= {413}
    # Besides what the application reads, the buffers of three sockets may be full.
    assert sent < 20_000_000


async def test_a_hundred_requests_at_once_get_a_hundred_answers_in_order(edge: Edge) -> None:
    names = [f"pipelined-{number}" for number in range(100)]
    last = [*["Connection: keep-alive"] * 99, "Connection: close"]
    data = b"".join(
        get("/healthz", f"X-Request-Id: {name}", how) for name, how in zip(names, last, strict=True)
    )
    async with Neighbour(edge, "pipelining"), rough(edge.http, ATTACKER) as wire:
        await wire.send(data)
        received = (await wire.rest(20)).decode()
    found = [
        line.split(": ")[1] for line in received.split("\r\n") if line.startswith("x-request-id")
    ]
    assert found == names


async def test_edge_and_application_agree_where_a_request_ends(
    edge: Edge, apps: tuple[App, ...]
) -> None:
    path = a_list()
    # Straight to the application, too: behind an edge that lets everything through.
    for way, address in (("edge", edge.http), ("application", apps[0].address)):
        async with Neighbour(edge, f"smuggling, to the {way}") as neighbour:
            sent = dict(forms(HOST, path))
            found = await asyncio.gather(*(_answers(address, data) for data in sent.values()))
            answered = dict(zip(sent, found, strict=True))
            neighbour.figures["forms"] = len(answered)
            neighbour.figures["answers"] = dict(
                Counter(s for all_ in answered.values() for s in all_)
            )
        added = await _titles(edge.http, path)
        assert added == {name for name, found in answered.items() if 201 in found}
        # Of two requests in one, the first is answered first: nothing overtook it.
        assert not [name for name, found in answered.items() if found[:1] == [201]]
        assert not [name for name, found in answered.items() if any(s >= 500 for s in found)]
        path = a_list()


async def _answers(address: Address, data: bytes) -> list[int]:
    # Each from an address of its own: the limit is another test's.
    source = f"127.0.{secrets.randbelow(200) + 2}.{secrets.randbelow(250) + 2}"
    loopback = address[0].startswith("127.")
    async with rough(address, source if loopback else "0.0.0.0") as wire:  # noqa: S104 - any of ours
        await wire.send(data)
        return statuses(await wire.rest(3))


async def _titles(address: Address, path: str) -> set[str]:
    connection = Connection(address, deadline=15)
    answer = await connection.send("GET", f"{path}?limit=200")
    connection.close()
    assert answer.status == 200, answer
    return {todo["title"] for todo in json.loads(answer.body)}


async def test_streams_that_are_reset_at_once_are_no_way_to_more_work(
    edge: Edge, tls: ssl.SSLContext, *, long: bool
) -> None:
    """CVE-2023-44487: requests of HTTP/2, each taken back in the same breath."""
    wanted = 50_000 if long else 5_000
    async with (
        Neighbour(edge, "HTTP/2 rapid reset") as neighbour,
        rough(edge.https, ATTACKER, tls) as wire,
    ):
        reading = asyncio.create_task(wire.rest(30))
        await wire.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(4, 0, 0, b""))
        sent = 0
        while sent < wanted and not reading.done():
            batch = b"".join(_request_and_reset(2 * n + 1) for n in range(sent, sent + 100))
            if not await wire.send(batch):
                break
            sent += 100
        neighbour.figures["streams opened and reset"] = sent
        reading.cancel()
    assert sent


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return (
        struct.pack(">I", len(payload))[1:]
        + bytes([kind, flags])
        + struct.pack(">I", stream)
        + payload
    )


def _request_and_reset(stream: int) -> bytes:
    # HPACK: GET, https and / are in its static table, the authority is written out.
    headers = b"\x82\x87\x84\x41" + bytes([len(HOST)]) + HOST.encode()
    return _frame(1, 0x5, stream, headers) + _frame(3, 0, stream, struct.pack(">I", 8))


async def test_one_address_over_its_limit_is_sent_away_and_nobody_else(
    edge: Edge, *, long: bool
) -> None:
    wanted = 10_000 if long else 1_500
    answers: Counter[int] = Counter()
    waits = set()

    async def flood(number: int) -> None:
        async with rough(edge.http, ATTACKER) as wire:
            for turn in range(wanted // 10):
                # A claim to be another, a new one each time: the edge adds the address it sees.
                claimed = f"X-Forwarded-For: 10.{number}.{turn // 250}.{turn % 250}"
                await wire.send(get("/static/icon.svg", claimed))
                head = await wire.reader.readuntil(b"\r\n\r\n")
                lines = dict(
                    line.split(": ", 1) for line in head.decode().lower().split("\r\n")[1:-2]
                )
                await wire.reader.readexactly(int(lines.get("content-length", "0")))
                answers[statuses(head)[0]] += 1
                if "retry-after" in lines:
                    waits.add(int(lines["retry-after"]))

    began = time.monotonic()
    async with Neighbour(edge, "one address over its limit") as neighbour:
        await asyncio.gather(*(flood(number) for number in range(10)))
        seconds = time.monotonic() - began
        neighbour.figures |= {"flood": dict(answers), "seconds": round(seconds, 1)}
    assert set(answers) == {200, 429}
    # Of each copy of the application: four seconds' worth at once, and so many a second then.
    assert answers[200] <= 2 * LIMIT * (4 + seconds + 1)
    assert waits <= set(range(1, 6))
    assert waits
