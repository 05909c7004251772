"""How long a minute of autoscaling lasts: for metrics, alarms and cooldowns, and nothing else.

Real minutes unless `SCALING_SECONDS_PER_MINUTE` said otherwise when the system was brought up, or
a rehearsal says otherwise now: in a parameter of the emulator, which all who measure time read.
Periods are those of the clock on the wall, as CloudWatch's are.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

from local.errors import LocalError

__all__ = ["MINUTE", "PARAMETER", "VARIABLE", "TimeLapse", "default_seconds", "read_seconds"]

VARIABLE: Final = "SCALING_SECONDS_PER_MINUTE"
PARAMETER: Final = "/todo-local/scaling-seconds-per-minute"
MINUTE: Final = 60.0
_SHORTEST: Final = 3.0
"""Measuring takes more than a second."""


def read_seconds(words: str, source: str) -> float:
    """Read how long a minute lasts.

    Raises:
        LocalError: if it is not a number from 3 to 60.
    """
    try:
        seconds = float(words)
    except ValueError:
        seconds = 0
    if not _SHORTEST <= seconds <= MINUTE:
        raise LocalError(
            f"{source} is {words!r}, but must be a number of seconds from 3 to 60.",
            fix="Unset it for real minutes; 6 makes everything ten times as fast.",
        )
    return seconds


def default_seconds() -> float:
    """What the environment says.

    Raises:
        LocalError: if that is not a number from 3 to 60.
    """
    return read_seconds(os.environ.get(VARIABLE) or str(MINUTE), VARIABLE)


class TimeLapse:
    """The clock of autoscaling.

    Args:
        read: the parameter's value; None if there is none.
        default: seconds per minute where there is none, or none that can be read.
    """

    def __init__(self, read: Callable[[], str | None], default: float) -> None:
        self._read, self._default = read, default

    def seconds_per_minute(self) -> float:
        """How long a minute lasts at this moment."""
        words = self._read()
        try:
            return self._default if words is None else read_seconds(words, PARAMETER)
        except LocalError:
            return self._default
