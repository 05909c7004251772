"""People who add to-dos and note when each was acknowledged, whatever becomes of the database."""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import httpx2

__all__ = ["Writers"]

_READY_SECONDS = 60
# A restore is no question of load, and it is others who do the work.
_PACE_SECONDS = 0.1


class Writers:
    """Writers at work, from `with` to its end.

    Args:
        client: makes an HTTP client for each.
        count: how many there are.

    Attributes:
        acknowledged: titles, with the time when their acknowledgement had come.
        failed: failed requests by status, or by the kind of error.
        requests: how many requests were sent.
    """

    def __init__(self, client: Callable[[], httpx2.Client], *, count: int = 4) -> None:
        self.acknowledged: dict[str, datetime] = {}
        self.failed: Counter[str] = Counter()
        self.requests = 0
        self._client = client
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._write) for _ in range(count)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def more(self, count: int) -> None:
        """Wait for so many more acknowledged to-dos."""
        goal, deadline = len(self.acknowledged) + count, time.monotonic() + _READY_SECONDS
        while len(self.acknowledged) < goal:
            assert time.monotonic() < deadline, self.failed
            assert all(thread.is_alive() for thread in self._threads)
            time.sleep(0.02)

    def between(self, start: datetime, end: datetime) -> set[str]:
        """Titles that were acknowledged from a time on, and before another."""
        return {title for title, at in self.acknowledged.items() if start <= at < end}

    def _write(self) -> None:
        todos = f"/api/lists/{secrets.token_hex(16)}/todos"
        with self._client() as client:
            while not self._over.wait(_PACE_SECONDS):
                self._add(client, todos, f"drill {secrets.token_hex(8)}")

    def _add(self, client: httpx2.Client, todos: str, title: str) -> None:
        try:
            status = client.post(todos, json={"title": title}).status_code
            failure = "" if status == httpx2.codes.CREATED else str(status)
        except httpx2.TransportError as error:
            failure = type(error).__name__
        with self._lock:
            self.requests += 1
            if failure:
                self.failed[failure] += 1
            else:
                self.acknowledged[title] = datetime.now(UTC)
