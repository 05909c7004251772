"""One id and one log line for every request."""

import logging
import re
import time
import uuid
from contextvars import ContextVar
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["RequestLog", "request_id"]

_log = logging.getLogger(__name__)

_HEADER: Final = "X-Request-Id"
# An id from outside ends up in our logs: nothing in it may look like something else.
_ACCEPTED: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
# Asked every few seconds by every load balancer node: worth a line only when they fail.
_QUIET_PATHS: Final = frozenset({"/healthz", "/readyz"})

_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


def request_id() -> str | None:
    """Return the id of the request being answered, or None outside of one."""
    return _request_id.get()


class RequestLog:
    """ASGI middleware; the outermost, so that it also sees what the others answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        token = _request_id.set(_id_for(scope))
        try:
            await self._logged(scope, receive, send)
        finally:
            _request_id.reset(token)

    async def _logged(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[_HEADER] = request_id() or ""
            await send(message)

        failure: Exception | None = None
        try:
            await self._app(scope, receive, send_with_id)
        except Exception as error:  # noqa: BLE001 - answered inside; here it is only recorded
            failure = error
        _record(scope, status, time.perf_counter() - started, failure)


def _id_for(scope: Scope) -> str:
    given = Headers(scope=scope).get(_HEADER, "")
    return given if _ACCEPTED.fullmatch(given) else uuid.uuid4().hex


def _record(scope: Scope, status: int, seconds: float, failure: Exception | None) -> None:
    if failure is None and scope["path"] in _QUIET_PATHS and status < HTTPStatus.BAD_REQUEST:
        return
    fields = {
        "method": scope["method"],
        "path": scope["path"],
        "status": status,
        "duration_ms": round(seconds * 1000, 2),
    }
    level = logging.INFO if failure is None else logging.ERROR
    _log.log(level, "request", extra={"fields": fields}, exc_info=failure)
