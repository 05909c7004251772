"""Waiting for what has to come, and takes its time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

__all__ = ["eventually", "wait_until"]

_LOOK_SECONDS: Final = 0.2


def eventually(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Wait for a condition; whether it came."""
    deadline = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
    return met


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Wait for a condition that has to come; `what` says what is wrong if it does not."""
    assert eventually(condition, seconds=seconds), what
