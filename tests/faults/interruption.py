"""A run of the local system in a terminal of its own, and the ways in which it is cut off."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Self

from tests.scratch import Scratch

__all__ = ["Cut", "Phase", "Run", "processes"]

_SECONDS = 900  # on a machine that does much else
# Signals may be ignored where the tests run; a terminal has to be told whose it is.
_LAUNCHER = """
import fcntl, os, signal, sys, termios
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "local", sys.argv[1]])
"""


class Cut(Enum):
    """How a run is cut off, by what a person or a machine does."""

    CTRL_C = "Ctrl+C"
    TERMINATED = "SIGTERM"
    TERMINAL_CLOSED = "SIGHUP"
    KILLED = "SIGKILL"
    ALL_KILLED = "SIGKILL of all"

    @property
    def is_in_order(self) -> bool:
        """Whether the run can still have what is under way end."""
        return self not in (Cut.KILLED, Cut.ALL_KILLED)

    @property
    def code(self) -> int:
        """Exit code that the run has then."""
        return {
            Cut.CTRL_C: 128 + signal.SIGINT,
            Cut.TERMINATED: 128 + signal.SIGTERM,
            Cut.TERMINAL_CLOSED: 128 + signal.SIGHUP,
        }.get(self, -signal.SIGKILL)


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A part of a run.

    Attributes:
        name: what happens in it.
        begins: pattern that the run's output or a log has from then on.
        seconds: how long it takes, about.
        log: name of the log; else it is the output.
    """

    name: str
    begins: str
    seconds: float
    log: str = ""


class Run:
    """`python -m local COMMAND` in a terminal of its own."""

    def __init__(self, scratch: Scratch, command: str) -> None:
        self._root, self._logs = scratch.workspace.root, scratch.workspace.logs
        for log in self._logs.glob("*.log"):
            log.unlink()
        self._output: list[str] = []
        self._terminal, inside = os.openpty()
        self._is_open = True
        self._process = subprocess.Popen(
            [sys.executable, "-c", _LAUNCHER, command],
            cwd=self._root,
            env={**os.environ, "LOCAL_PORT": str(scratch.workspace.port)},
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
        )
        os.close(inside)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._close()

    @property
    def output(self) -> str:
        """What it printed so far."""
        return "".join(self._output).replace("\r", "")

    def reach(self, phase: Phase) -> None:
        """Wait until a phase begins."""
        deadline = time.monotonic() + _SECONDS
        while not re.search(phase.begins, self._text(phase.log), re.MULTILINE):
            assert self._process.poll() is None, f"never came to {phase.name}:\n{self.output}"
            assert time.monotonic() < deadline, f"waits for {phase.name}:\n{self.output}"
            time.sleep(0.02)

    def goes_on(self, seconds: float) -> bool:
        """Let it run for a while; whether it still does then."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
            return False
        return True

    def cut(self, how: Cut) -> int:
        """Cut it off, wait for its end, and return its exit code."""
        if how is Cut.CTRL_C:
            os.write(self._terminal, b"\x03")
        elif how is Cut.TERMINATED:
            os.killpg(self._process.pid, signal.SIGTERM)
        elif how is Cut.TERMINAL_CLOSED:
            self._close()
        else:
            others = processes(self._root) if how is Cut.ALL_KILLED else {}
            os.killpg(self._process.pid, signal.SIGKILL)
            _kill(others)
        return self.wait()

    def wait(self) -> int:
        """Wait for its end, and return its exit code."""
        return self._process.wait(_SECONDS)

    def under_way(self) -> str:
        """Steps that had begun and not ended, and resources that were being made."""
        begun = re.findall(r"^  · (.+?) *$", self.output, re.MULTILINE)
        ended = re.findall(r"^  [✓✗] (.+?)  ", self.output, re.MULTILINE)
        log = self._text("pulumi-up")
        making = re.findall(r"\+  ((?:aws|docker):\S+) \S+ creating \(", log)
        made = re.findall(r"\+  ((?:aws|docker):\S+) \S+ created \(", log)
        for one in made:
            if one in making:
                making.remove(one)
        names = [step for step in begun if step not in ended and step != "interrupted"]
        types = sorted({one.rpartition(":")[2] for one in making})
        return ", ".join([*names, *types]) or "nothing"

    def _text(self, log: str) -> str:
        if not log:
            return self.output
        file = self._logs / f"{log}.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # nobody has it open any more
            while self._is_open:
                if select.select([self._terminal], [], [], 0.1)[0]:
                    self._output.append(os.read(self._terminal, 65_536).decode(errors="replace"))

    def _close(self) -> None:
        if self._is_open:
            self._is_open = False
            self._reader.join()
            os.close(self._terminal)


def processes(root: Path) -> dict[int, str]:
    """Processes of a checkout, by what their environment or their command line names."""
    return dict(_processes(root))


def _processes(root: Path) -> Iterator[tuple[int, str]]:
    mark = os.fsencode(root)
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (folder / "cmdline").read_bytes()
            if mark in command or mark in (folder / "environ").read_bytes():
                yield int(folder.name), os.fsdecode(command.replace(b"\0", b" ")).strip()


def _kill(found: dict[int, str]) -> None:
    for process in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
