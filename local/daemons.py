"""Processes that outlive the command which started them, such as a Docker engine of our own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.commands import last_lines, pause
from local.errors import LocalError
from local.workspace import Workspace

__all__ = ["Daemon"]


@dataclass(frozen=True, kw_only=True)
class Daemon:
    """A background process known by a record of its id and command line; Linux only."""

    name: str
    record: Path
    log: Path

    @classmethod
    def of(cls, workspace: Workspace, name: str) -> Daemon:
        """The daemon of that name in this local system; files of systems on other ports differ."""
        label = f"{name}-{workspace.port}"
        return cls(
            name=name,
            record=workspace.run / f"{label}.json",
            log=workspace.logs / f"{label}.log",
        )

    def start(self, command: Sequence[str | Path]) -> None:
        """Start the process in a session of its own; its output goes to the log."""
        words = [str(word) for word in command]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.record.parent.mkdir(parents=True, exist_ok=True)
        # The shell ends at once, so that the process is nobody's child and leaves no zombie.
        started = subprocess.run(
            ["sh", "-c", '"$@" >"$0" 2>&1 </dev/null & echo $!', str(self.log), *words],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            start_new_session=True,
        )
        self.record.write_text(json.dumps({"pid": int(started.stdout), "command": words}))

    def pid(self) -> int | None:
        """Id of the running process, or None.

        The command line is compared too: an id alone may belong to a stranger after a reboot.
        """
        try:
            record = json.loads(self.record.read_text())
            pid, expected = int(record["pid"]), list(record["command"])
            command = Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]
        # No such file or process, or not what `start` wrote: it may have been interrupted.
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            return None
        return pid if command[1:] == expected[1:] else None

    def wait_until(self, ready: Callable[[], bool], *, seconds: float) -> None:
        """Wait for the process to be of use.

        Raises:
            LocalError: if it exits first or is not ready in time.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            exited = self.pid() is None
            if exited or time.monotonic() > deadline:
                raise LocalError(
                    f"{self.name} {'exited' if exited else f'was not ready in {seconds:.0f} s'}:\n"
                    f"{last_lines(self.log.read_text(errors='replace'))}",
                    fix=f"The whole output is in {self.log}.",
                )
            pause(0.2)

    def stop(self, *, seconds: float = 20) -> bool:
        """Ask the process to end, insist after `seconds`; return whether one was running."""
        pid = self.pid()
        if pid is not None:
            _signal(pid, signal.SIGTERM)
            deadline = time.monotonic() + seconds
            while self.pid() is not None and time.monotonic() < deadline:
                time.sleep(0.1)
            if self.pid() is not None:
                _signal(pid, signal.SIGKILL)
        self.record.unlink(missing_ok=True)
        return pid is not None


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
