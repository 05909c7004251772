"""What AWS's services tell CloudWatch once a minute, told to the emulator's."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from local.time_lapse import TimeLapse

__all__ = ["Datum", "Publisher", "store"]

_TICK: Final = 0.1

_log = logging.getLogger("metrics")


@dataclass(frozen=True, kw_only=True)
class Datum:
    """The values that a metric had in a period."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    values: tuple[float, ...]
    unit: str


Source = Callable[[float], Iterable[Datum]]
"""Measures since it was last called, so many seconds ago; the first time there is no comparison."""


def store(cloudwatch: Any, at: float, data: Iterable[Datum]) -> None:  # noqa: ANN401 - a module
    """Put data into MiniStack's CloudWatch, in the account and region in scope."""
    for datum in data:
        cloudwatch._store_datum(  # noqa: SLF001 - no other way in from here; its version is pinned
            datum.namespace,
            datum.name,
            dict(datum.dimensions),
            at,
            datum.unit,
            None,
            list(datum.values),
            None,
            None,
        )


class Publisher:
    """Publishes each period when it is over, under the time of its beginning, as AWS does.

    Args:
        sources: what measures.
        put: takes a period's beginning and its data.
        lapse: how long a period is.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        put: Callable[[float, Iterable[Datum]], None],
        lapse: TimeLapse,
    ) -> None:
        self._sources, self._put, self._lapse = sources, put, lapse
        self._length = 0.0
        self._number = -1
        self._measured = 0.0

    def run_forever(self) -> None:
        """Publish until the process ends; what cannot be measured is missing, as on AWS."""
        while True:
            self.turn(time.time())
            time.sleep(_TICK)

    def turn(self, now: float) -> None:
        """Look at the clock; if a period has ended, publish it."""
        length = self._lapse.seconds_per_minute()
        number = int(now // length)
        if (length, number) == (self._length, self._number):
            return
        # One that began under another length is no whole period. One that was slept through had
        # what was measured over a longer time.
        missed = range(self._number, number) if length == self._length else range(0)
        seconds, self._measured = now - self._measured, now
        self._length, self._number = length, number
        for source in self._sources:
            try:
                data = list(source(seconds))
            except (OSError, LookupError, ValueError, RuntimeError):
                _log.exception("metrics")
                continue
            for period in missed:
                self._put(period * length, data)
