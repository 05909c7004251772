"""Runs a command and says how long it took, and how much CPU time all its processes did."""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from local.commands import last_lines
from local.errors import LocalError

__all__ = ["Command", "Process", "Run", "adopt_orphans", "measure", "processes"]

_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of Linux
_TICKS = os.sysconf("SC_CLK_TCK")
_POLL_SECONDS = 0.02


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command, where it runs, and in what environment."""

    words: Sequence[str]
    cwd: Path
    env: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a run took, and what it printed."""

    seconds: float
    cpu_seconds: float
    output: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Process:
    """A process of a run.

    Attributes:
        name: what it is.
        begins: seconds from the start of the run.
        ends: when it was last seen, likewise.
        cpu_seconds: its own, without its children's.
    """

    name: str
    begins: float
    ends: float
    cpu_seconds: float


def adopt_orphans() -> None:
    """Have processes whose parents end become this one's, so that their CPU time is known."""
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def measure(command: Command) -> Run:
    """Run it to its end, and that of all that it started.

    Raises:
        LocalError: if it fails.
    """
    others, before, began = _children(), _cpu_of_children(), time.monotonic()
    done = subprocess.run(
        command.words,
        cwd=command.cwd,
        env=command.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - began
    _await(others)
    _require_success(command, done.returncode, done.stdout)
    return Run(seconds=seconds, cpu_seconds=_cpu_of_children() - before, output=done.stdout)


def processes(command: Command, name: Callable[[str], str | None]) -> list[Process]:
    """Run it and watch its processes, those that `name` gives a name for their command line.

    Raises:
        LocalError: if it fails.
    """
    seen: dict[int, Process] = {}
    others = _children()
    began = time.monotonic()
    with subprocess.Popen(
        command.words,
        cwd=command.cwd,
        env=command.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(_POLL_SECONDS):
                _look(process.pid, seen, name, time.monotonic() - began)

        watcher = threading.Thread(target=watch)
        watcher.start()
        output, _ = process.communicate()
        ended.set()
        watcher.join()
    _await(others)
    _require_success(command, process.returncode, output)
    return sorted(seen.values(), key=lambda one: one.begins)


def _look(
    root: int, seen: dict[int, Process], name: Callable[[str], str | None], now: float
) -> None:
    for pid, ticks in _descendants(root).items():
        with suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
            if called := name(words):
                before = seen.get(pid)
                begins = before.begins if before and before.name == called else now
                seen[pid] = Process(
                    name=called, begins=begins, ends=now, cpu_seconds=ticks / _TICKS
                )


def _descendants(root: int) -> dict[int, int]:
    """A process and all below it, each with its CPU time in ticks."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(fields[1])
                ticks[int(entry.name)] = int(fields[11]) + int(fields[12])
    found = {root} & ticks.keys()
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return {pid: ticks[pid] for pid in found}


def _children() -> set[int]:
    """This process's children, adopted ones included."""
    files = Path("/proc/self/task").glob("*/children")
    return {int(pid) for file in files for pid in file.read_text().split()}


def _await(others: set[int]) -> None:
    """Wait for what was adopted, which is counted then; the others are somebody else's."""
    while adopted := _children() - others:
        for pid in adopted:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _require_success(command: Command, code: int, output: str) -> None:
    if code:
        raise LocalError(
            f"`{' '.join(command.words[:2])}` ended with {code}:\n{last_lines(output, 30)}",
            fix="The benchmark measures only what works.",
        )
