"""One JSON line for every request, written in small bundles."""

import asyncio
import os
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

import msgspec

from todo_app.health import HEALTH_PATHS
from todo_app.rsgi import Request

__all__ = ["AccessLog"]

_BUNDLE_SECONDS: Final = 0.05
_STANDARD_OUTPUT: Final = 1
# Ours are shorter; a client may send 64 KiB.
_LONGEST_PATH: Final = 200

_encode = msgspec.json.Encoder().encode


class _Line(msgspec.Struct, gc=False):
    time: datetime
    level: str
    request_id: str
    method: str
    path: str
    status: int
    duration_ms: float
    trace_id: str | msgspec.UnsetType
    logger: str = "todo_app.access"
    message: str = "request"


class AccessLog:
    """Writes what was asked and how it was answered; one system call serves many lines.

    Args:
        enabled: whether requests that went well are logged at all.
        file: the descriptor to write to.
    """

    def __init__(self, *, enabled: bool = True, file: int = _STANDARD_OUTPUT) -> None:
        self._enabled = enabled
        self._file = file
        self._lines: list[bytes] = []

    def record(self, request: Request, status: int, seconds: float) -> None:
        """Note a request; it is written within a moment."""
        failed = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        # Health checks are worth a line only when they fail.
        if not failed and (not self._enabled or request.path in HEALTH_PATHS):
            return
        trace = request.header("x-amzn-trace-id")
        entry = _Line(
            datetime.now(UTC),
            "warning" if failed else "info",
            request.id,
            request.method,
            _private(request.path)[:_LONGEST_PATH],
            status,
            round(seconds * 1000, 2),
            msgspec.UNSET if trace is None else trace[:256],
        )
        if not self._lines:
            asyncio.get_running_loop().call_later(_BUNDLE_SECONDS, self.flush)
        self._lines.append(_encode(entry))

    def flush(self) -> None:
        """Write what has been noted."""
        if self._lines:
            bundle = b"\n".join(self._lines) + b"\n"
            self._lines.clear()
            while bundle:
                bundle = bundle[os.write(self._file, bundle) :]


def _private(path: str) -> str:
    """A path without most of the list's id: who knows the whole of it may read the list."""
    before, lists, rest = path.partition("/lists/")
    if not lists:
        return path
    list_id, slash, after = rest.partition("/")
    return f"{before}{lists}{list_id[:8]}…{slash}{after}"
