"""The web application: what every request goes through, whatever it asks for."""

import asyncio
import itertools
import re
import secrets
import time
from http import HTTPStatus
from typing import Final

from granian.rsgi import HTTPProtocol, ProtocolClosed, ProtocolError, Scope

from todo_app.access_log import AccessLog
from todo_app.api import TodoApi
from todo_app.door import Door
from todo_app.health import HEALTH_PATHS, Health
from todo_app.logs import request_id
from todo_app.metrics import Metrics
from todo_app.openapi import DOCUMENT
from todo_app.pages import Pages
from todo_app.problems import explain, problem
from todo_app.rate_limit import RateLimiter, client_address
from todo_app.replicas import read_from
from todo_app.rsgi import JSON, Headers, Request, Response, Router
from todo_app.settings import HTTPSettings
from todo_app.store import TodoStore

__all__ = ["Application"]

# An id from outside ends up in our logs: nothing in it may look like something else.
_ACCEPTED_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
# What nginx logs for a client that left before its answer.
_CLIENT_LEFT: Final = 499

_EVERYWHERE: Final = (
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    # Browsers heed it only over HTTPS. Two years; not for subdomains, which others may run.
    ("strict-transport-security", "max-age=63072000"),
)
_NOT_A_PAGE: Final = ("content-security-policy", "default-src 'none'; frame-ancestors 'none'")
_SAME_ORIGIN: Final = ("cross-origin-resource-policy", "same-origin")

# A list's address is its key and nothing else is sent along, so any site's script may use it.
_CORS: Final = (
    ("access-control-allow-origin", "*"),
    (
        "access-control-expose-headers",
        "ETag, Idempotency-Replayed, Link, Location, Retry-After, X-Request-Id",
    ),
)
_PREFLIGHT: Final = (
    ("access-control-allow-methods", "GET, HEAD, POST, PATCH, DELETE"),
    (
        "access-control-allow-headers",
        "Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-Id",
    ),
    ("access-control-max-age", "86400"),
)

_FOR_API: Final = (*_EVERYWHERE, _NOT_A_PAGE, *_CORS)
_FOR_PAGES: Final = (*_EVERYWHERE, _SAME_ORIGIN)
_FOR_OTHERS: Final = (*_EVERYWHERE, _SAME_ORIGIN, _NOT_A_PAGE)
_CLOSE: Final = (("connection", "close"),)


class Application:
    """Answers requests; an RSGI application.

    Args:
        store: where to-dos are kept.
        health: what it tells load balancers.
        settings: limits and the place of proxies.
        metrics: where answers are counted.
        access_log: where requests are noted.
        door: who is let in at all; health checks always are, or an overload takes tasks away.
    """

    def __init__(
        self,
        *,
        store: TodoStore,
        health: Health,
        settings: HTTPSettings,
        metrics: Metrics,
        access_log: AccessLog,
        door: Door,
    ) -> None:
        self._health, self._metrics, self._log = health, metrics, access_log
        self._door = door
        self._limiter = RateLimiter(settings.rate_limit_per_second)
        self._forwarded_hops = settings.forwarded_hops
        started = secrets.token_hex(6)
        self._ids = (f"{started}-{number:x}" for number in itertools.count(1))
        self._router = Router()
        self._router.add("GET", "/api/openapi.json", _openapi)
        for part in (TodoApi(store), Pages(store), health):
            part.add_routes(self._router)

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """Answer one request."""
        if self._door.is_shut() and scope.path not in HEALTH_PATHS:
            await self._refuse(scope, protocol)
            return
        started = time.perf_counter()
        request = self._request(scope, protocol)
        request_id.set(request.id)
        route, response = "", None
        try:
            route, response = await self._answer(request)
            if not await request.skip_body():
                response.headers += _CLOSE
            self._send(protocol, request, response)
        except (ProtocolClosed, ProtocolError):
            response = None  # the client left
        except asyncio.CancelledError:
            response = None
            raise
        finally:
            seconds = time.perf_counter() - started
            status = response.status if response else _CLIENT_LEFT
            # A method without a route is of the client's own choice: no label for a metric.
            self._metrics.observe(request.method if route else "", route, status, seconds)
            self._log.record(request, status, seconds)

    def _request(self, scope: Scope, protocol: HTTPProtocol) -> Request:
        given = scope.headers.get("x-request-id")
        accepted = given is not None and _ACCEPTED_ID.fullmatch(given)
        return Request(scope, protocol, given if accepted else next(self._ids))

    async def _refuse(self, scope: Scope, protocol: HTTPProtocol) -> None:
        request = self._request(scope, protocol)
        try:
            usable = await request.skip_body()
            closing = _CLOSE if self._health.draining or not usable else ()
            headers = _common_headers(request.path, HTTPStatus.SERVICE_UNAVAILABLE)
            self._door.refuse(protocol, request.id, (*headers, *closing))
        except (ProtocolClosed, ProtocolError):
            pass  # the client left

    async def _answer(self, request: Request) -> tuple[str, Response]:
        """Return the route's pattern, if there is one, and the answer."""
        route = ""
        try:
            if request.method == "OPTIONS" and request.path.startswith("/api/"):
                return "preflight", Response(HTTPStatus.NO_CONTENT, headers=_PREFLIGHT)
            route, handler, request.variables = self._router.find(request.method, request.path)
            refused = self._limited(request)
            return route, refused or await handler(request)
        except (ProtocolClosed, ProtocolError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
            return route, explain(request, error)

    def _limited(self, request: Request) -> Response | None:
        if request.path in HEALTH_PATHS:
            return None
        client = client_address(request, forwarded_hops=self._forwarded_hops)
        seconds = self._limiter.seconds_to_wait(client)
        if not seconds:
            return None
        headers = (("retry-after", str(seconds)),)
        detail = "Too many requests from this address. Please slow down."
        return problem(request, HTTPStatus.TOO_MANY_REQUESTS, detail, headers=headers)

    def _send(self, protocol: HTTPProtocol, request: Request, response: Response) -> None:
        headers = [
            *response.headers,
            ("x-request-id", request.id),
            *_common_headers(request.path, response.status),
            *(_CLOSE if self._health.draining else ()),
            *((("x-read-from", source),) if (source := read_from.get()) else ()),
        ]
        if response.body:
            protocol.response_bytes(response.status, headers, response.body)
        else:
            protocol.response_empty(response.status, headers)


def _common_headers(path: str, status: int) -> Headers:
    if path.startswith("/api/"):
        return _FOR_API
    is_page = path.startswith("/lists/") and status == HTTPStatus.OK
    return _FOR_PAGES if is_page else _FOR_OTHERS  # a page has a policy of its own


async def _openapi(request: Request) -> Response:
    request.query()
    return Response(HTTPStatus.OK, DOCUMENT, (JSON, ("cache-control", "no-cache")))
