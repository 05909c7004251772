"""Ends a plugin together with the engine that started it."""

import os
import threading
import time
from collections.abc import Callable

__all__ = ["end_with_parent"]

_POLL_SECONDS = 1.0


def end_with_parent(end: Callable[[], None]) -> None:
    """Call `end` once the process that started this one is gone, even if it was killed."""
    parent = os.getppid()

    def wait() -> None:
        while os.getppid() == parent:
            time.sleep(_POLL_SECONDS)
        end()

    threading.Thread(target=wait, name="end-with-parent", daemon=True).start()
