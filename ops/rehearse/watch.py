"""Looks at the tasks once a second, beside the load."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from botocore.exceptions import BotoCoreError, ClientError

from ops.rehearse.stage import Counts

__all__ = ["Watch"]

_TICK: Final = 0.5


class Watch:
    """Takes samples while the `with` block runs.

    Attributes:
        samples: the time since the epoch, and the tasks then.

    Args:
        counts: asks for the tasks.
    """

    def __init__(self, counts: Callable[[], Counts]) -> None:
        self._counts = counts
        self.samples: list[tuple[float, Counts]] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(_TICK):
            try:
                self.samples.append((time.time(), self._counts()))
            except (BotoCoreError, ClientError):
                continue  # a sample less
