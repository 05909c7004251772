"""What commands leave behind: they outlive a run that is killed, and their children outlive them.

Pulumi has each plugin in a process group of its own, and does not end the one that it is about to
start when Ctrl+C comes: a language host was there for most of a second more.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from local.commands import OWNER_VARIABLE
from local.errors import LocalError
from local.workspace import Workspace

__all__ = ["end_children", "end_leftovers"]

_KILL_SECONDS = 20


@dataclass(frozen=True, kw_only=True)
class _Process:
    """One process of a command.

    Attributes:
        command: name of the command's log.
    """

    id: int
    command: str

    @property
    def leads(self) -> bool:
        """Whether it is the command itself, and not a child of it."""
        try:
            return os.getsid(self.id) == self.id
        except ProcessLookupError:
            return False

    def send(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.id, number)


def end_leftovers(workspace: Workspace, *, patience: float) -> list[str]:
    """End what still runs of an earlier run of this checkout; Linux only, elsewhere none is found.

    Args:
        workspace: whose lock the caller holds, so that no other run is alive.
        patience: seconds that commands have to end in order, with their state written.

    Returns:
        Names of the commands.

    Raises:
        LocalError: if one cannot be ended.
    """
    found = list(_processes(workspace, _is_gone))
    for process in found:
        if process.leads and patience:
            process.send(signal.SIGINT)
    _wait(lambda: any(process.leads for process in _processes(workspace, _is_gone)), patience)
    _wait(lambda: _kill(workspace, _is_gone), _KILL_SECONDS)
    if rest := [str(process.id) for process in _processes(workspace, _is_gone)]:
        raise LocalError(
            f"An earlier run was killed, and what it left cannot be ended: {', '.join(rest)}.",
            fix=f"End these processes (`kill -9 {' '.join(rest)}`) and repeat.",
        )
    return sorted({process.command for process in found})


def end_children(workspace: Workspace) -> None:
    """Kill what commands of this run have started; the commands themselves have ended."""
    _wait(lambda: _kill(workspace, _is_this_run), _KILL_SECONDS)


def _kill(workspace: Workspace, is_owner: Callable[[str], bool]) -> bool:
    """Kill what is left; return whether there was something."""
    left = list(_processes(workspace, is_owner))
    for process in left:
        process.send(signal.SIGKILL)
    return bool(left)


def _wait(is_under_way: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while is_under_way() and time.monotonic() < deadline:
        time.sleep(0.1)


def _processes(workspace: Workspace, is_owner: Callable[[str], bool]) -> Iterator[_Process]:
    """Processes whose environment names a log of this checkout, and such an owner."""
    mark = f"{OWNER_VARIABLE}=".encode()
    for file in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):  # it has ended, or is somebody else's
            for entry in file.read_bytes().split(b"\0"):
                if entry.startswith(mark):
                    owner, _, log = os.fsdecode(entry.removeprefix(mark)).partition(":")
                    if Path(log).parent == workspace.logs and is_owner(owner):
                        yield _Process(id=int(file.parent.name), command=Path(log).stem)


def _is_this_run(process: str) -> bool:
    return process == str(os.getpid())


def _is_gone(process: str) -> bool:
    """Whether there is no such process, or only its exit code that nobody asked for."""
    try:
        return not Path("/proc", process, "cmdline").read_bytes()
    except OSError:
        return True
