"""A relay between the application and its database that is good, or bad in one way.

It begins good; SIGUSR1 makes it bad, also for connections that are open, and SIGUSR2 good again.
It runs in a container, on Python's standard library, and its choices come from a seed.

    python relay.py SEED late MILLISECONDS JITTER
    python relay.py SEED cut FEWEST MOST
    python relay.py SEED plain

`late` delays whatever comes, either way. `cut` resets a connection after so many bytes, sent and
received together, in the middle of a statement or of an answer as it happens. `plain` takes TLS
out of the server's greeting and answers the client in the server's place, in clear; what the
client says is printed in hexadecimal digits.
"""

from __future__ import annotations

import asyncio
import random
import signal
import socket
import struct
import sys
from collections.abc import Awaitable, Callable

_SERVER = ("database", 3306)
_PORT = 3306
# MySQL's protocol: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html
_CLIENT_SSL = 0x0800
_OK = b"\x07\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00"
_PATIENCE_SECONDS = 1.0

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Relay:
    """Passes bytes on, in both directions of every connection."""

    def __init__(self, chance: random.Random, fault: str, numbers: list[int]) -> None:
        self._chance, self._fault, self._numbers = chance, fault, numbers
        self._bad = False
        self._open: set[asyncio.StreamWriter] = set()

    def become(self, *, bad: bool) -> None:
        """Begin or end the fault."""
        self._bad = bad
        if self._fault == "plain":
            for writer in self._open:
                writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay a connection until one side ends it."""
        client = (reader, writer)
        try:
            server = await asyncio.open_connection(*_SERVER)
        except OSError:
            _reset(writer)
            return
        self._open |= {writer, server[1]}
        try:
            await self._relay(client, server)
        except OSError:
            pass  # one side hung up
        finally:
            self._open -= {writer, server[1]}
            writer.transport.abort()
            server[1].transport.abort()

    async def _relay(self, client: Streams, server: Streams) -> None:
        if self._bad and self._fault == "plain":
            await _speak_plainly(client, server)
            return
        passing: Callable[[Streams, Streams], Awaitable[None]] = self._delay
        if self._fault == "cut":
            passing = self._count(client[1])
        ways = [
            asyncio.ensure_future(passing(client, server)),
            asyncio.ensure_future(passing(server, client)),
        ]
        _, others = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in others:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)

    async def _delay(self, source: Streams, target: Streams) -> None:
        """Pass bytes on in their order, each some time after it came."""
        loop = asyncio.get_running_loop()
        last = 0.0
        while data := await source[0].read(1 << 16):
            if self._bad and self._fault == "late":
                mean, jitter = self._numbers
                delay = self._chance.uniform(mean - jitter, mean + jitter) / 1000
                last = max(last, loop.time() + delay)
                loop.call_at(last, _write, target[1], data)
            else:
                _write(target[1], data)

    def _count(self, client: asyncio.StreamWriter) -> Callable[[Streams, Streams], Awaitable[None]]:
        left = self._chance.randint(*self._numbers)

        async def passing(source: Streams, target: Streams) -> None:
            nonlocal left
            while data := await source[0].read(1 << 16):
                if self._bad:
                    left -= len(data)
                    if left < 0:
                        # All but the last bytes arrive: half a statement, or half an answer.
                        target[1].write(data[:left])
                        _reset(client)
                        print("cut", flush=True)
                        return
                _write(target[1], data)

        return passing


def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    if not writer.is_closing():
        writer.write(data)


def _reset(writer: asyncio.StreamWriter) -> None:
    """Hang up with an RST instead of a FIN."""
    connection: socket.socket | None = writer.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _speak_plainly(client: Streams, server: Streams) -> None:
    client[1].write(without_tls(await server[0].read(1 << 16)))
    said = await asyncio.wait_for(client[0].read(1 << 16), _PATIENCE_SECONDS)
    client[1].write(_OK)
    try:
        while more := await asyncio.wait_for(client[0].read(1 << 16), _PATIENCE_SECONDS):
            said += more
    except (TimeoutError, OSError):
        pass
    print(said.hex(), flush=True)


def without_tls(greeting: bytes) -> bytes:
    """The server's first packet, as one that offers no TLS would send it."""
    # Header of 4 bytes, protocol, version up to a zero, thread, 8 bytes of salt and a zero.
    place = greeting.index(b"\0", 5) + 1 + 4 + 8 + 1
    (flags,) = struct.unpack_from("<H", greeting, place)
    changed = bytearray(greeting)
    struct.pack_into("<H", changed, place, flags & ~_CLIENT_SSL)
    return bytes(changed)


async def _main(seed: str, fault: str, *numbers: str) -> None:
    chance = random.Random(f"{seed} {fault}")  # noqa: S311 - which byte is the last
    relay = Relay(chance, fault, [int(number) for number in numbers])
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, lambda: relay.become(bad=True))
    loop.add_signal_handler(signal.SIGUSR2, lambda: relay.become(bad=False))
    server = await asyncio.start_server(relay.serve, "0.0.0.0", _PORT)  # noqa: S104 - a container
    print("relaying", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
