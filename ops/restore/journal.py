"""How long each step took, on record: what a restore takes is measured, not guessed."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["Journal"]


class Journal:
    """The steps of one restore.

    Args:
        file: Where they are kept, a line of JSON each.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def begin(self) -> None:
        """Forget an earlier restore of this name."""
        self._file.unlink(missing_ok=True)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Note how long it takes, and how it ends."""
        began, started = datetime.now(UTC), time.monotonic()
        outcome = "failed"
        try:
            yield
            outcome = "done"
        finally:
            seconds = round(time.monotonic() - started, 1)
            line = {"step": name, "began": began.isoformat(), "seconds": seconds, "end": outcome}
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a") as file:
                file.write(json.dumps(line) + "\n")
            print(f"  {'✓' if outcome == 'done' else '✗'} {name}: {seconds} s")

    def since_the_beginning(self) -> float:
        """Seconds since the first step began."""
        first = json.loads(self._file.read_text().partition("\n")[0])
        return (datetime.now(UTC) - datetime.fromisoformat(first["began"])).total_seconds()
