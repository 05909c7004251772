"""Requests that no decent client sends, and some that one does: chosen by chance, from a seed."""

from __future__ import annotations

import json
import random
from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import Final

__all__ = ["INJECTED", "LISTS", "MARKUP", "Ending", "WildRequest", "WildRequests"]

LISTS: Final = tuple(f"{number:032x}" for number in (1, 2, 0xF << 124))
MARKUP: Final = ("<script>fuzz", '"><img src=fuzz onerror=fuzz', "'><svg/onload=fuzz")
INJECTED: Final = "x-fuzz-injected"

_NASTY: Final = (
    *MARKUP,
    *(
        "",
        " ",
        "0",
        "-1",
        "1e9",
        "null",
        "true",
        "*",
        '"',
        "\\",
        "%",
        "{}",
        "${x}",
        "{0.__class__}",
    ),
    *("' OR 1=1 -- ", "; DROP TABLE todos", "../../etc/passwd", "\N{SNOWMAN}", "\u202e", "é" * 60),
    *("9" * 18, "9" * 40, "A" * 22, "A" * 300, "x" * 5000, '"1"', 'W/"1"', '"1", "2"'),
    f"x\r\n{INJECTED}: 1",
    "\0",
    "\x1b[31m",
    "\x85",
)
_ESCAPES: Final = ("%00", "%ff", "%zz", "%", "%2e%2e", "%2f", "%0d%0a" + INJECTED + ":1", "%F0%9F")
_METHODS: Final = ("GET", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "PUT")
_ODD_METHODS: Final = ("TRACE", "CONNECT", "get", "PROPFIND", "X" * 400, "<script>", "G\0T", "")
_HEADERS: Final = (
    *("If-Match", "If-None-Match", "Idempotency-Key", "X-Request-Id", "X-Forwarded-Proto"),
    *("X-Forwarded-For", "Cookie", "Origin", "Accept-Encoding", "X-Amzn-Trace-Id", "Referer"),
    *("Access-Control-Request-Method", "Range", "Forwarded", "User-Agent", "Accept"),
)
_KINDS: Final = (
    *("application/json",) * 20,
    *("application/json; charset=utf-16", "text/plain", "application/xml", "", "a/b;;;", "\xff"),
)
_BODIES: Final = (
    *(
        b"",
        b"{",
        b"[]",
        b"null",
        b"[" * 8000,
        b'{"title":' * 900,
        b"9" * 9000,
        b"\xff\xfe{}",
        b"\0",
    ),
    *(b'{"title":NaN}', b'{"title":"\\ud800"}', b'{"order":1e999}', b'{"title":"a","title":7}'),
    *(b'\xef\xbb\xbf{"title":"x"}', b'{"title":"x"}}', b" " * 20_000, b"a=b&c=d", b'{"":""}'),
)


class Ending(Enum):
    """What follows a request."""

    ANSWERED = "an answer, whatever it is"
    DOUBTFUL = "an answer or none: what was sent may be taken for a part of something"
    ABANDONED = "nothing: the client leaves in the middle"


@dataclass(frozen=True, kw_only=True)
class WildRequest:
    """Bytes to send."""

    data: bytes
    method: str
    ending: Ending = Ending.ANSWERED


class WildRequests:
    """Makes requests; the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._todos: deque[str] = deque([f"/api/lists/{LISTS[0]}/todos/1"], maxlen=20)

    def saw(self, location: str) -> None:
        """Take note of where a new to-do is."""
        _, lists, rest = location.partition("/api/lists/")
        if lists:
            self._todos.append(lists + _encoded(rest))

    def next(self) -> WildRequest:
        """Make the next request: most are well-formed HTTP, of whatever content."""
        chance = self._random.random()
        if chance < 0.85:
            return self._well_formed()
        if chance < 0.95:
            return self._malformed()
        return self._broken_off()

    def _nasty(self) -> str:
        return self._random.choice(_NASTY)

    def _rarely(self, share: float = 0.1) -> bool:
        return self._random.random() < share

    def _target(self) -> str:
        return self._operation()[1]

    def _operation(self) -> tuple[str, str]:
        """A method, most times one that is allowed, and where to send it."""
        pick = self._random
        list_id = pick.choice(LISTS) if not self._rarely() else _encoded(self._nasty())
        todo = pick.choice(self._todos)
        if self._rarely():
            todo = f"/api/lists/{list_id}/todos/{_encoded(self._nasty())}"
        asset = pick.choice(("app.js", "icon.svg", _encoded(self._nasty())))
        other = pick.choice(("/", "/api/openapi.json", "/healthz", "/readyz", "/metrics"))
        method, path = pick.choice(
            (
                *(("POST", f"/api/lists/{list_id}/todos"),) * 6,
                *(("GET", f"/api/lists/{list_id}/todos"),) * 2,
                *(("PATCH", todo),) * 4,
                *(("GET", todo),) * 3,
                ("DELETE", todo),
                ("PATCH", f"/api/lists/{list_id}/todos"),
                *(("GET", f"/lists/{list_id}"),) * 2,
                ("POST", "/api/lists"),
                ("GET", f"/static/{asset}"),
                ("GET", other),
                ("GET", f"/{_encoded(self._nasty())}"),
            )
        )
        if self._rarely(0.01):
            method, path = "DELETE", f"/api/lists/{list_id}/todos"
        elif self._rarely():
            method = pick.choice(_METHODS)
        if self._rarely(0.05):
            at = pick.randrange(1, len(path) + 1)
            path = path[:at] + pick.choice(_ESCAPES) + path[at:]
        return method, path + self._query()

    def _query(self) -> str:
        if not self._rarely(0.2):
            return ""
        pick = self._random
        names = ("limit", "after", "completed", "new", "v", "x", "limit[]", "")
        values = ("1", "2", "1000", "true", "A" * 22, "_" * 21 + "w", "f" * 21 + "Q")
        pairs = []
        for _ in range(pick.randint(1, 3)):
            value = pick.choice(values) if not self._rarely(0.4) else _encoded(self._nasty())
            pairs.append(f"{pick.choice(names)}={value}")
        return "?" + pick.choice(("&", "&", ";")).join(pairs)

    def _headers(self) -> list[tuple[str, str]]:
        pick = self._random
        headers = [("Host", "todo.example" if not self._rarely(0.05) else _one_line(self._nasty()))]
        for _ in range(pick.choice((0, 0, 1, 1, 2, 5))):
            value = self._nasty() if not self._rarely(0.3) else f'"{pick.randint(1, 5)}"'
            headers.append((pick.choice(_HEADERS), _one_line(value)))
        return headers

    def _body(self) -> bytes:
        pick = self._random
        if self._rarely(0.25):
            return pick.choice(_BODIES)
        fields: dict[str, object] = {}
        values: tuple[object, ...] = (
            True,
            False,
            None,
            0,
            -1,
            2**53,
            10**30,
            1.5,
            [],
            {},
            self._nasty(),
        )
        if not self._rarely():
            fields["title"] = self._nasty() if not self._rarely(0.3) else pick.choice(values)
        for name in ("completed", "order", "id", self._nasty()):
            if self._rarely(0.3):
                fields[name] = pick.choice(values)
        return json.dumps(fields, ensure_ascii=self._rarely(0.5)).encode("utf-8", "surrogatepass")

    def _well_formed(self) -> WildRequest:
        pick = self._random
        method, target = self._operation()
        headers, body = self._headers(), b""
        if method in ("POST", "PATCH", "PUT") or self._rarely(0.05):
            body = self._body()
            headers.append(("Content-Type", pick.choice(_KINDS)))
            if self._rarely(0.2):
                headers.append(("Transfer-Encoding", "chunked"))
                body = self._chunked(body)
            else:
                headers.append(("Content-Length", str(len(body))))
        pick.shuffle(headers)
        return WildRequest(data=_message(method, target, headers) + body, method=method)

    def _chunked(self, body: bytes) -> bytes:
        size = max(self._random.choice((1, 7, 100, 5000)), len(body) // 50 + 1)
        extension = b";a=b" if self._rarely() else b""
        parts = [body[at : at + size] for at in range(0, len(body), size)]
        chunks = [b"%x%s\r\n%s\r\n" % (len(part), extension, part) for part in parts]
        return b"".join(chunks) + b"0\r\n\r\n"

    def _malformed(self) -> WildRequest:
        """What is no HTTP, or may be understood in two ways."""
        forms = self._doubtful_bodies() if self._rarely(0.5) else self._doubtful_heads()
        return WildRequest(data=self._random.choice(forms), method="", ending=Ending.DOUBTFUL)

    def _doubtful_bodies(self) -> tuple[bytes, ...]:
        pick, target, body = self._random, self._target(), b'{"title":"x"}'
        length, chunked = ("Content-Length", "13"), ("Transfer-Encoding", "chunked")

        def post(*more: tuple[str, str], body: bytes = body) -> bytes:
            typed = [("Host", "x"), ("Content-Type", "application/json"), *more]
            return _message("POST", target, typed) + body

        second = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
        return (
            post(("Content-Length", "13"), ("Content-Length", "14")),
            post(("Content-Length", pick.choice(("+13", "-1", "0x0d", "13,13", "1 3", "9" * 30)))),
            post(length, ("Transfer-Encoding", pick.choice(("xchunked", "chunked, identity")))),
            post(("Transfer-Encoding", "\x0bchunked"), length),
            post(("Content-Length ", "13")),
            post(("Content-Length", "0")),
            post(("Content-Length", "12")),
            post(length, chunked, body=b"d\r\n" + body + b"\r\n0\r\n\r\n" + second),
            post(chunked, length, body=b"0\r\n\r\n" + second),
            post(chunked, body=b"zz\r\n" + body + b"\r\n0\r\n\r\n"),
            post(chunked, body=b"-1\r\n\r\n"),
            post(chunked, body=b"f" * 30 + b"\r\n\r\n"),
            post(length, body=b"x" * 13 + second),
        )

    def _doubtful_heads(self) -> tuple[bytes, ...]:
        pick, target, host = self._random, self._target(), ("Host", "x")
        many = [host, *((f"A{number}", "b") for number in range(300))]
        return (
            _message("GET", target, []),
            _message("GET", target, [("Host", "a"), ("Host", "b")]),
            _message("GET", target, [host], version="HTTP/1.0"),
            _message("GET", target, [], version="HTTP/1.0"),
            _message("GET", target, [host], version="HTTP/" + pick.choice("0239")),
            _message("GET", f"http://elsewhere.example{target}", [host]),
            _message("GET", f"//elsewhere.example{target}", [host]),
            _message("OPTIONS", "*", [host]),
            _message("GET", target[1:], [host]),
            _message(pick.choice(_ODD_METHODS), target, [host]),
            _message("GET", target, [host, ("A", "b" * 200_000)]),
            _message("GET", target, many),
            _message("GET", f"{target}?{'a' * 70_000}", [host]),
            _message("GET", target, [host, ("A", "b\r\n folded")]),
            _message("GET", target, [host, (pick.choice(("A B", "", "A\0", "Ä")), "b")]),
            _message("GET", target, [host, ("Expect", "100-continue")]),
            _message("GET", target, [host, ("Upgrade", "h2c"), ("Connection", "Upgrade")]),
            _message("GET", target, [host]).replace(b"\r\n", b"\n"),
            _message("GET", f"{target}\xff \0", [host]),
            b"GET " + target.encode() + b"\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            pick.randbytes(pick.randint(1, 400)) + b"\r\n\r\n",
        )

    def _broken_off(self) -> WildRequest:
        """A good beginning without an end."""
        whole = self._well_formed()
        data = whole.data[: self._random.randrange(1, len(whole.data))]
        return WildRequest(data=data, method=whole.method, ending=Ending.ABANDONED)


def _message(
    method: str, target: str, headers: list[tuple[str, str]], *, version: str = "HTTP/1.1"
) -> bytes:
    lines = [f"{method} {target} {version}", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def _one_line(text: str) -> str:
    """What may stand in a header without ending it; whether it is ASCII is another matter."""
    return "".join(c for c in text if c not in "\r\n\0").encode().decode("latin-1")


def _encoded(text: str) -> str:
    keep = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~!$'()*,;:@\"<>")
    return "".join(chr(byte) if chr(byte) in keep else f"%{byte:02X}" for byte in text.encode())
