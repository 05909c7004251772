"""A line for each minute of autoscaling, while the rehearsal runs."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TextIO

from ops.rehearse.figures import percentile
from ops.rehearse.load import Answer
from ops.rehearse.profile import Phase, Profile
from ops.rehearse.stage import Counts

__all__ = ["Progress"]


class Progress:
    """Prints what has come since its last line.

    Args:
        profile: what is rehearsed.
        answers: the list that grows.
        output: where to.
    """

    def __init__(
        self, profile: Profile, answers: Sequence[Answer], output: TextIO = sys.stdout
    ) -> None:
        self._profile, self._answers, self._output = profile, answers, output
        self._minute = self._told = 0
        self._since = 0.0

    def look(self, now: float, phase: Phase, samples: Sequence[tuple[float, Counts]]) -> None:
        """Print a line if another minute is over."""
        minute = int(now / self._profile.seconds_per_minute)
        if minute == self._minute:
            return
        new = self._answers[self._told :]
        self._told += len(new)
        good = [answer.seconds * 1000 for answer in new if answer.is_good]
        counts = samples[-1][1] if samples else Counts(desired=0, serving=0)
        tasks = f"{counts.serving} tasks"
        if counts.serving != counts.desired:
            tasks += f", {counts.desired} wanted"
        print(
            f"  {time.strftime('%H:%M:%S')}  minute {minute:3d}  {phase.name:10s} "
            f"{phase.rate:4d} req/s  served {len(good) / (now - self._since):6.1f}  "
            f"p50 {percentile(good, 0.5):6.1f} ms  p99 {percentile(good, 0.99):6.1f} ms  "
            f"failed {len(new) - len(good)}  {tasks}",
            file=self._output,
            flush=True,
        )
        self._minute, self._since = minute, now
