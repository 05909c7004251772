"""HTTP as this application sees it: requests, responses and routes, on Granian's RSGI interface.

https://github.com/emmett-framework/granian/blob/master/docs/spec/RSGI.md
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from granian.rsgi import HTTPProtocol, Scope

__all__ = [
    "JSON",
    "LARGEST_BODY",
    "HTTPError",
    "Handler",
    "Headers",
    "Request",
    "Response",
    "Router",
    "json_response",
]

LARGEST_BODY: Final = 16 * 1024
"""Bytes; the longest title takes 3 KiB even when every character is escaped."""

_LONGEST_QUERY: Final = 2048
# Longest time for a body to arrive: who sends a byte now and then must not hold us.
_BODY_SECONDS: Final = 10.0
# Name, IPv4 or IPv6 address, with or without port; it becomes part of links.
_HOST: Final = re.compile(r"(?:[A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")

# The rest of a body may be on its way: the connection cannot be used again.
_CLOSE: Final = (("connection", "close"),)

JSON: Final = ("content-type", "application/json")

Headers = tuple[tuple[str, str], ...]


class HTTPError(Exception):
    """A request that is answered with an error.

    Attributes:
        status: 400 or above.
        detail: what is wrong, for people.
        headers: more response headers.
    """

    def __init__(self, status: HTTPStatus, detail: str, headers: Headers = ()) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers


class Request:
    """A request, read as far as it is needed.

    Attributes:
        id: names it in logs and answers.
        method: in upper case.
        path: decoded, without the query.
        variables: what stands in the place of `{name}` in the route's path.
    """

    __slots__ = (
        "_body_wanted",
        "_protocol",
        "_scope",
        "headers",
        "id",
        "method",
        "path",
        "variables",
    )

    def __init__(self, scope: Scope, protocol: HTTPProtocol, request_id: str) -> None:
        self._scope, self._protocol = scope, protocol
        self._body_wanted = False
        self.id = request_id
        self.method: str = scope.method
        self.path: str = scope.path
        self.headers = scope.headers
        self.variables: Mapping[str, str] = {}

    def header(self, name: str) -> str | None:
        """Return a header's value; `name` is in lower case."""
        value: str | None = self.headers.get(name)
        return value

    @property
    def peer(self) -> str:
        """Address of who is connected to us, without the port."""
        return self._scope.client.rpartition(":")[0]

    @property
    def scheme(self) -> str:
        """`https` or `http`, as the client sees it: a load balancer that ends TLS says so."""
        forwarded = self.header("x-forwarded-proto")
        return forwarded if forwarded in ("http", "https") else "http"

    @property
    def origin(self) -> str:
        """Scheme, host and port under which the client reaches us.

        Raises:
            HTTPError: 400 if the client names no usable host.
        """
        host = self.header("host")
        if host is None or not _HOST.fullmatch(host):
            raise HTTPError(HTTPStatus.BAD_REQUEST, "The Host header is missing or malformed.")
        return f"{self.scheme}://{host}"

    def query(self, *known: str) -> dict[str, str]:
        """Return the query's parameters.

        Raises:
            HTTPError: 400 if it is too long or has a parameter that is not `known`, or one twice.
        """
        text = self._scope.query_string
        if not text:
            return {}
        if len(text) > _LONGEST_QUERY:
            raise HTTPError(HTTPStatus.BAD_REQUEST, "The query is too long.")
        pairs = _pairs(text)
        found = dict(pairs)
        if len(found) < len(pairs) or not found.keys() <= set(known):
            allowed = f"only {', '.join(known)}, once each" if known else "none"
            raise HTTPError(HTTPStatus.BAD_REQUEST, f"Allowed query parameters: {allowed}.")
        return found

    async def json_object(self) -> dict[str, object]:
        """Read the body as a JSON object.

        Raises:
            HTTPError: if it is none, or too large.
        """
        # Also keeps out forms of other sites: a browser sends no JSON across origins unasked.
        kind = (self.header("content-type") or "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise HTTPError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send application/json.")
        try:
            body = msgspec.json.decode(await self.body())
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise HTTPError(HTTPStatus.BAD_REQUEST, "The body is not JSON.") from error
        if not isinstance(body, dict):
            raise HTTPError(HTTPStatus.BAD_REQUEST, "The body must be a JSON object.")
        return body

    async def body(self) -> bytes:
        """Read the body.

        Raises:
            HTTPError: 413 if it has more than `LARGEST_BODY` bytes, 408 if it does not come.
        """
        self._body_wanted = True
        if int(self.header("content-length") or 0) > LARGEST_BODY:  # a number: the server checked
            raise _too_large()
        body = bytearray()
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                async for chunk in self._protocol:
                    body += chunk
                    if len(body) > LARGEST_BODY:
                        raise _too_large()
        except TimeoutError as error:
            detail = f"The body did not arrive within {_BODY_SECONDS:.0f} seconds."
            raise HTTPError(HTTPStatus.REQUEST_TIMEOUT, detail, _CLOSE) from error
        return bytes(body)

    async def skip_body(self) -> bool:
        """Take in a body that nobody wanted; False if the connection cannot be used again.

        Otherwise the server would hang up without a word, and the next request on the connection,
        which behind a load balancer is somebody else's, would fail.
        """
        if self._body_wanted or not (
            "content-length" in self.headers or "transfer-encoding" in self.headers
        ):
            return True
        try:
            await self.body()
        except HTTPError:
            return False
        return True


def _pairs(text: str) -> list[tuple[str, str]]:
    """A query's names and values; nearly all need no decoding, which takes five times as long."""
    if "%" in text or "+" in text:
        return parse_qsl(text, keep_blank_values=True)
    parts = (part.partition("=") for part in text.split("&") if part)
    return [(name, value) for name, _, value in parts]


def _too_large() -> HTTPError:
    return HTTPError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"The body exceeds {LARGEST_BODY} bytes.",
        _CLOSE,
    )


class Response:
    """What is answered; headers that every answer has are added on its way out."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, body: bytes = b"", headers: Headers = ()) -> None:
        self.status, self.body, self.headers = status, body, headers


_encode = msgspec.json.Encoder().encode


def json_response(value: Any, status: int = HTTPStatus.OK, headers: Headers = ()) -> Response:  # noqa: ANN401 - whatever JSON can say
    """Answer with a value as JSON, which nobody may keep."""
    return Response(status, _encode(value), (JSON, ("cache-control", "no-store"), *headers))


Handler = Callable[[Request], Awaitable[Response]]


class _Node:
    """A place in the tree of paths."""

    __slots__ = ("children", "handlers", "pattern", "variable", "variable_name")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.variable: _Node | None = None
        self.variable_name = ""
        self.pattern = ""
        self.handlers: dict[str, Handler] = {}


class Router:
    """Finds the handler of a path, one segment after the other."""

    def __init__(self) -> None:
        self._root = _Node()

    def add(self, method: str, pattern: str, handler: Handler) -> None:
        """Route a method and a path such as `/lists/{list}`; GET brings HEAD with it."""
        node = self._root
        for segment in pattern[1:].split("/"):
            if segment.startswith("{"):
                node.variable = node.variable or _Node()
                node.variable_name = segment[1:-1]
                node = node.variable
            else:
                node = node.children.setdefault(segment, _Node())
        node.pattern = pattern
        node.handlers[method] = handler
        if method == "GET":
            node.handlers["HEAD"] = handler

    def find(self, method: str, path: str) -> tuple[str, Handler, dict[str, str]]:
        """Return the route's pattern, its handler and the path's variables.

        Raises:
            HTTPError: 404 or 405.
        """
        node, variables = self._root, {}
        for segment in path[1:].split("/"):
            child = node.children.get(segment)
            if child is None:
                child = node.variable
                if child is None:
                    raise HTTPError(HTTPStatus.NOT_FOUND, "There is nothing here.")
                variables[node.variable_name] = segment
            node = child
        handler = node.handlers.get(method)
        if handler is None:
            raise (
                _not_allowed(node.handlers)
                if node.handlers
                else HTTPError(HTTPStatus.NOT_FOUND, "There is nothing here.")
            )
        return node.pattern, handler, variables


def _not_allowed(handlers: Mapping[str, Handler]) -> HTTPError:
    allowed = ", ".join(sorted(handlers))
    return HTTPError(
        HTTPStatus.METHOD_NOT_ALLOWED, f"Allowed here: {allowed}.", (("allow", allowed),)
    )
