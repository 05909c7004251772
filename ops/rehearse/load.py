"""Vegeta, which sends each request when it is due, whatever became of those before."""

from __future__ import annotations

import csv
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ops.errors import OpsError
from ops.rehearse.profile import Phase, Profile

__all__ = ["Answer", "answer_of", "send"]

_TIMEOUT: Final = "5s"
_GRACE_SECONDS: Final = 30
_NANO: Final = 1e9


@dataclass(frozen=True)
class Answer:
    """What became of a request: when it was sent, the status (0 for none), how long it took."""

    at: float
    status: int
    seconds: float
    error: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it was served."""
        return 200 <= self.status < 400  # noqa: PLR2004 - HTTP's classes


def answer_of(row: list[str]) -> Answer:
    """Read a row of Vegeta's CSV: time, status, latency, bytes out, bytes in, error, …."""
    return Answer(int(row[0]) / _NANO, int(row[1]), int(row[2]) / _NANO, row[5])


class _Attack:
    """A phase under way: Vegeta, and another Vegeta that writes its results as CSV."""

    def __init__(
        self,
        vegeta: Path,
        targets: Path,
        phase: Phase,
        seconds: float,
        take: Callable[[Answer], None],
    ) -> None:
        attack = [
            *(str(vegeta), "attack", f"-targets={targets}", f"-rate={phase.rate}/s"),
            *(f"-duration={seconds:.3f}s", f"-timeout={_TIMEOUT}", "-max-body=0", "-redirects=-1"),
        ]
        self._attack = subprocess.Popen(attack, stdout=subprocess.PIPE)
        self._encode = subprocess.Popen(
            [str(vegeta), "encode", "-to=csv"],
            stdin=self._attack.stdout,
            stdout=subprocess.PIPE,
            text=True,
        )
        if self._attack.stdout:
            self._attack.stdout.close()  # the other one's now
        self._take = take
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for row in csv.reader(self._encode.stdout or ()):
            self._take(answer_of(row))

    def finish(self) -> None:
        """Wait for the last answers."""
        self._reader.join(_GRACE_SECONDS)
        if self._attack.wait(_GRACE_SECONDS) or self._encode.wait(_GRACE_SECONDS):
            raise OpsError("Vegeta failed; it says why above.")

    def stop(self) -> None:
        """End it, if it still runs."""
        for process in (self._attack, self._encode):
            process.kill()
            process.wait()
        self._reader.join()
        if self._encode.stdout:
            self._encode.stdout.close()


def send(
    vegeta: Path,
    targets: Path,
    profile: Profile,
    *,
    take: Callable[[Answer], None],
    look: Callable[[float, Phase], None],
) -> None:
    """Send a profile's load.

    Args:
        vegeta: the program.
        targets: its file of requests, asked for in turn.
        profile: how much and when.
        take: gets each answer, from other threads.
        look: called several times a second with the time since the beginning and the phase.

    Raises:
        OpsError: if Vegeta fails, which is not the same as a request that does.
    """
    begin, attacks = time.monotonic(), list[_Attack]()
    try:
        for at, phase in profile.starts():
            seconds = phase.minutes * profile.seconds_per_minute
            attacks.append(_Attack(vegeta, targets, phase, seconds, take))
            while (now := time.monotonic() - begin) < at + seconds:
                look(now, phase)
                time.sleep(min(0.2, max(0.0, at + seconds - now)))
        for attack in attacks:
            attack.finish()
    finally:
        for attack in attacks:
            attack.stop()
