"""A small HTTP/1.1 client that hides nothing: it never sends a request twice by itself.

Clients that people use repeat a request whose kept connection turned out to be closed, which is
what these tests want to see. It is also several times faster than they are, so that on a small
machine most of the time is the server's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final, NamedTuple

__all__ = ["Address", "Answer", "Connection", "NoAnswerError"]

Address = tuple[str, int]

_LARGEST: Final = 1 << 20


class Answer(NamedTuple):
    """What came back; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NoAnswerError(Exception):
    """A request without an answer; whether it had an effect is not known.

    Attributes:
        kind: `refused`, `closed`, `late` or `malformed`.
    """

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Connection:
    """A kept connection, opened when first needed and again after it was closed.

    Args:
        address: where the server listens.
        deadline: seconds that a request may take; more is a failure of its own kind.
    """

    def __init__(self, address: Address, *, deadline: float) -> None:
        self._address, self._deadline = address, deadline
        self._host = f"{address[0]}:{address[1]}"
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a request, once, and return the answer.

        Raises:
            NoAnswerError: if there is none.
        """
        try:
            async with asyncio.timeout(self._deadline):
                reader, writer = self._streams or await self._open()
                writer.write(self._head(method, path, len(body), headers or {}) + body)
                answer = await _read(reader)
        except TimeoutError as error:
            self.close()
            raise NoAnswerError("late") from error
        except (OSError, asyncio.IncompleteReadError) as error:
            self.close()
            raise NoAnswerError("closed") from error
        except (ValueError, asyncio.LimitOverrunError) as error:
            self.close()
            raise NoAnswerError("malformed") from error
        if answer.headers.get("connection") == "close":
            self.close()
        return answer

    def close(self) -> None:
        """Close the connection, if it is open."""
        if self._streams:
            self._streams[1].close()
            self._streams = None

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            self._streams = await asyncio.open_connection(*self._address, limit=_LARGEST)
        except OSError as error:
            raise NoAnswerError("refused") from error
        return self._streams

    def _head(self, method: str, path: str, length: int, headers: Mapping[str, str]) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}"]
        if length:
            lines += ["Content-Type: application/json", f"Content-Length: {length}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


async def _read(reader: asyncio.StreamReader) -> Answer:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head[:-4].decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    if version != "HTTP/1.1":
        raise ValueError(first)
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    length = int(headers.get("content-length", 0))
    if "transfer-encoding" in headers:
        raise ValueError("neither our server nor the balancer in front of it sends chunks")
    return Answer(int(rest[:3]), headers, await reader.readexactly(length) if length else b"")
