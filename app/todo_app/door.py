"""Refuses requests before anything is looked at, while too many of those inside wait.

An overloaded server that looks at everybody has less and less time for those whom it answers. So
who comes too much is told so at once, by an answer that is nearly ready, and only counted.
"""

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from granian.rsgi import HTTPProtocol

from todo_app.rsgi import Headers

__all__ = ["Door"]

_log = logging.getLogger(__name__)

_TOLD_EVERY_SECONDS: Final = 1.0
_STATUS: Final = HTTPStatus.SERVICE_UNAVAILABLE.value
# As `problems.problem` would write it; `%b` is the request's id, which needs no escaping.
_BODY: Final = (
    b'{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"There are too '
    b'many requests at the moment. Please try again.","request_id":"%b"}'
)
_HEADERS: Final = (
    ("content-type", "application/problem+json"),
    ("cache-control", "no-store"),
    ("retry-after", "2"),
)


class Door:
    """Keeps requests out while it is shut, and tells of them once a second, in sum.

    Args:
        is_shut: whether too many wait inside.
        count: told now and then how many more were refused.
    """

    def __init__(self, is_shut: Callable[[], bool], count: Callable[[int], None]) -> None:
        self.is_shut = is_shut
        self._count = count
        self._refused = 0

    def refuse(self, protocol: HTTPProtocol, request_id: str, headers: Headers) -> None:
        """Answer that it is too much."""
        if not self._refused:
            asyncio.get_running_loop().call_later(_TOLD_EVERY_SECONDS, self.tell)
        self._refused += 1
        own = [*_HEADERS, ("x-request-id", request_id), *headers]
        protocol.response_bytes(_STATUS, own, _BODY % request_id.encode())

    def tell(self) -> None:
        """Count and log those who were refused since it was last done."""
        refused, self._refused = self._refused, 0
        if refused:
            self._count(refused)
            text = "%d requests refused: too many wait for database connections already"
            fields = {"refused": refused}
            _log.warning(f"{text} (DATABASE_POOL_QUEUE)", refused, extra={"fields": fields})
