"""Requests whose end two parsers could see in two places: one within the other's body.

Each holds a request that adds a to-do. Whoever reads it as a request of its own has to answer it on
this connection; if the to-do is there and was not answered for, edge and application disagreed.
https://portswigger.net/web-security/request-smuggling
"""

from __future__ import annotations

import json
from collections.abc import Iterator

__all__ = ["forms"]

_CHUNKED = (
    "Transfer-Encoding: chunked",
    "Transfer-Encoding : chunked",
    "Transfer-Encoding:\tchunked",
    "Transfer-Encoding: \x0bchunked",
    "Transfer-Encoding: chunked\x00",
    "Transfer-Encoding: xchunked",
    "Transfer-Encoding: CHUNKED",
    "Transfer-Encoding: chunked, identity",
    "Transfer-Encoding: identity, chunked",
    "Transfer-Encoding: chunked, chunked",
    "Transfer-Encoding: chunked;q=1",
    'Transfer-Encoding: "chunked"',
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
    "Transfer-Encoding: x\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding:\r\n chunked",
    "X: x\r\n Transfer-Encoding: chunked",
    "X: x\nTransfer-Encoding: chunked",
    "X: x\rTransfer-Encoding: chunked",
    "Transfer_Encoding: chunked",
    "\x00Transfer-Encoding: chunked",
)
_LENGTHS = (
    "Content-Length: {}\r\nContent-Length: 0",
    "Content-Length: 0\r\nContent-Length: {}",
    "Content-Length: {}, {}",
    "Content-Length: 0, {}",
    "Content-Length: +{}",
    "Content-Length: -1",
    "Content-Length: 0x{:x}",
    "Content-Length: {}\x00",
    "Content-Length : {}",
    "Content-Length:\r\n {}",
    "X: x\nContent-Length: {}",
    "Content_Length: {}",
    "Content-Length: 1e2",
    "Content-Length: 99999999999999999999",
)
_SIZES = (
    "{:x};a=b",
    "0x{:x}",
    "+{:x}",
    " {:x}",
    "{:x} ",
    "{:x}\n",
    "fffffffffffffffff{:x}",
    "{:x}\r",
)


def forms(host: str, path: str) -> Iterator[tuple[str, bytes]]:
    """Yield each form's name, which is the to-do's title, and its bytes."""
    for number, header in enumerate(_CHUNKED):
        # Who believes the length sees the inner request in the body, the other one after it.
        inner = _inner(host, path, f"cl-te {number}")
        body = b"0\r\n\r\n" + inner
        yield (
            f"cl-te {number}",
            _outer(host, path, f"Content-Length: {len(body)}\r\n{header}", body),
        )
        inner = _inner(host, path, f"te-cl {number}")
        body = f"{len(inner):x}\r\n".encode() + inner + b"\r\n0\r\n\r\n"
        length = len(body) - len(inner) - 7
        yield f"te-cl {number}", _outer(host, path, f"Content-Length: {length}\r\n{header}", body)
    for number, header in enumerate(_LENGTHS):
        inner = _inner(host, path, f"lengths {number}")
        head = header.replace("{:x}", f"{len(inner):x}").replace("{}", str(len(inner)))
        yield f"lengths {number}", _outer(host, path, head, inner)
    for number, size in enumerate(_SIZES):
        inner = _inner(host, path, f"sizes {number}")
        body = size.format(len(inner)).encode() + b"\r\n" + inner + b"\r\n0\r\n\r\n"
        yield f"sizes {number}", _outer(host, path, "Transfer-Encoding: chunked", body)
    yield from _others(host, path)


def _others(host: str, path: str) -> Iterator[tuple[str, bytes]]:
    inner = _inner(host, path, "bare line feeds")
    bare = _outer(host, path, f"Content-Length: {len(inner)}", b"").replace(b"\r\n", b"\n")
    yield "bare line feeds", bare + inner
    inner = _inner(host, path, "get with a body")
    head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(inner)}\r\n\r\n"
    yield "get with a body", head.encode() + inner
    inner = _inner(host, path, "http/1.0 in chunks")
    whole = _outer(host, path, "Transfer-Encoding: chunked", b"0\r\n\r\n" + inner)
    yield "http/1.0 in chunks", whole.replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    inner = _inner(host, path, "upgrade")
    head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    yield "upgrade", head.encode() + inner
    inner = _inner(host, path, "expectation")
    yield "expectation", _outer(host, path, "Expect: 100-continue\r\nContent-Length: 0", inner)
    inner = _inner(host, path, "trailer")
    body = b"0\r\nContent-Length: 5\r\nX: x\n\r\n\r\n" + inner
    yield "trailer", _outer(host, path, "Transfer-Encoding: chunked", body)


def _outer(host: str, path: str, headers: str, body: bytes) -> bytes:
    kind = "Content-Type: application/json"
    head = f"PUT {path} HTTP/1.1\r\nHost: {host}\r\n{kind}\r\n{headers}\r\n\r\n"
    return head.encode("latin-1") + body


def _inner(host: str, path: str, title: str) -> bytes:
    body = json.dumps({"title": title})
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()
