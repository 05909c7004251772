"""A MySQL server as far as its login, and somebody on the wire in front of it."""

from __future__ import annotations

import asyncio
import selectors
import socket
import ssl
import struct
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

__all__ = [
    "ACCESS_DENIED",
    "OK",
    "SALT",
    "MySQLGreeter",
    "Wiretap",
    "greeting",
    "outside_tls",
    "overheard",
    "packet",
    "without_tls_flag",
]

SALT = b"saltsaltsaltsaltsalt"
ACCESS_DENIED = b"\xff" + struct.pack("<H", 1045) + b"#28000Access denied"
OK = b"\0\0\0\x02\0\0\0"

_CLIENT_SSL = 0x0800
_CAPABILITIES = 0x000FF7DF | _CLIENT_SSL  # what MySQL 8.4 offers, but for later extensions
_SSL_REQUEST_BYTES = 32
_TLS_RECORDS = range(20, 24)
_HANDSHAKE_SECONDS = 10


def packet(sequence: int, payload: bytes) -> bytes:
    return struct.pack("<I", len(payload))[:3] + bytes([sequence & 0xFF]) + payload


def greeting(
    *,
    version: bytes = b"8.4.0",
    capabilities: int = _CAPABILITIES,
    status: int = 0,  # not autocommit: a client that wants it has to ask
    salt_length: int = 21,
    plugin: bytes = b"caching_sha2_password",
) -> bytes:
    """Build the first payload a MySQL server sends."""
    return (
        b"\x0a"
        + version
        + b"\0"
        + struct.pack("<I", 1)
        + SALT[:8]
        + b"\0"
        + struct.pack("<HBHH", capabilities & 0xFFFF, 255, status, capabilities >> 16)
        + struct.pack("<B10x", salt_length)
        + SALT[8:]
        + b"\0"
        + plugin
        + b"\0"
    )


def without_tls_flag(first: bytes) -> bytes:
    """Take CLIENT_SSL out of a greeting packet, as a stripping relay does."""
    at = first.index(b"\0", 5) + 1 + 4 + 8 + 1
    (low,) = struct.unpack_from("<H", first, at)
    return first[:at] + struct.pack("<H", low & ~_CLIENT_SSL) + first[at + 2 :]


def outside_tls(heard: bytes) -> bytes:
    """Return what a client said in clear: all but an empty SSLRequest and the TLS behind it."""
    if heard[:4] == packet(1, bytes(_SSL_REQUEST_BYTES))[:4] and heard[13:36] == bytes(23):
        heard = heard[4 + _SSL_REQUEST_BYTES :]
        while len(heard) >= 5 and heard[0] in _TLS_RECORDS and heard[1] == 3:
            heard = heard[5 + int.from_bytes(heard[3:5], "big") :]
    return heard


class _Peer:
    """One connection of one client, served by a thread."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def close(self) -> None:
        """Wait until the client is gone, or do not wait for one that never came."""
        try:
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes a waiting accept()
        finally:
            self._listener.close()
            self._thread.join()

    def _accept(self) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError:
            return
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with client:
            try:
                self._serve(client)
            except (OSError, EOFError):
                return  # the client hung up: what it said before is what counts

    def _serve(self, client: socket.socket) -> None:
        raise NotImplementedError


class MySQLGreeter(_Peer):
    """The beginning of a MySQL server: greets, turns to TLS when asked, answers a login.

    `clear` and `encrypted` hold the packets that the client sent before and inside TLS; a genuine
    server that does not insist on TLS takes a login from either.

    Args:
        tls: what it turns to on request; None: a server without TLS.
        answers: its answer to each packet of the client, but for the request for TLS.
        first: its greeting.
        patience: how many seconds it waits for the client.
        stays: whether it stays, silent, after its last answer.
    """

    def __init__(
        self,
        tls: ssl.SSLContext | None,
        *,
        answers: Sequence[bytes] = (ACCESS_DENIED,),
        first: bytes | None = None,
        patience: float = _HANDSHAKE_SECONDS,
        stays: bool = True,
    ) -> None:
        self.clear: list[bytes] = []
        self.encrypted: list[bytes] = []
        self._tls = tls
        self._answers = answers
        self._first = greeting() if first is None else first
        self._patience = patience
        self._stays = stays
        super().__init__()

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(self._patience)
        client.sendall(packet(0, self._first))
        sequence, payload = _read_packet(client)
        self.clear.append(payload)
        if self._tls and len(payload) == _SSL_REQUEST_BYTES:
            with self._tls.wrap_socket(client, server_side=True) as encrypted:
                self._converse(encrypted)
        else:
            for answer in self._answers[:1]:
                client.sendall(packet(sequence + 1, answer))
            while more := client.recv(4096):
                self.clear.append(more)

    def _converse(self, client: socket.socket) -> None:
        for answer in self._answers:
            sequence, payload = _read_packet(client)
            self.encrypted.append(payload)
            client.sendall(packet(sequence + 1, answer))
        while self._stays and (more := client.recv(4096)):
            self.encrypted.append(more)


class Wiretap(_Peer):
    """Somebody between client and server, who hears all and may change what the server says first.

    Args:
        server_port: where the server listens on this machine.
        change: what becomes of the server's first packet.
        inject: put in front of the server's answer to the client's first bytes.
    """

    def __init__(
        self,
        server_port: int,
        *,
        change: Callable[[bytes], bytes] = bytes,
        inject: bytes = b"",
    ) -> None:
        self.heard = b""
        self._server_port = server_port
        self._change = change
        self._inject = inject
        super().__init__()

    def _serve(self, client: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", self._server_port)) as server:
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.sendall(self._change(packet(*_read_packet(server))))
            with selectors.DefaultSelector() as ends:
                ends.register(client, selectors.EVENT_READ, server)
                ends.register(server, selectors.EVENT_READ, client)
                while ends.get_map():
                    for key, _ in ends.select():
                        self._pass_on(ends, key)

    def _pass_on(self, ends: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
        end: socket.socket = key.fileobj  # type: ignore[assignment]
        other: socket.socket = key.data
        data = end.recv(65536)
        if end.getsockname()[1] == self.port:
            if not self.heard and self._inject:
                end.sendall(self._inject)
            self.heard += data
        if data:
            other.sendall(data)
        else:
            ends.unregister(end)
            other.shutdown(socket.SHUT_WR)


@asynccontextmanager
async def overheard(
    server: MySQLGreeter, *, change: Callable[[bytes], bytes] = bytes, inject: bytes = b""
) -> AsyncIterator[Wiretap]:
    """Put a `Wiretap` before `server`; at the end all is over, the client's connection too."""
    wire = Wiretap(server.port, change=change, inject=inject)
    try:
        yield wire
    finally:
        # The loop goes on meanwhile: asyncmy leaves it to the loop to end TLS.
        await asyncio.to_thread(wire.close)
        await asyncio.to_thread(server.close)


def _read_packet(end: socket.socket) -> tuple[int, bytes]:
    header = _read_exactly(end, 4)
    return header[3], _read_exactly(end, int.from_bytes(header[:3], "little"))


def _read_exactly(end: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = end.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data
