"""Local systems in copies of the checkout: brought up, cut off, held to the whole, and removed."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from pathlib import Path

from local import stack
from local.containers import docker
from local.workspace import Workspace
from tests.faults.interruption import Cut, Phase, Run, processes
from tests.faults.inventory import Inventory, inventory, remains, volumes
from tests.running_system import RunningSystem
from tests.scratch import Scratch, copy_checkout, free_port

__all__ = ["Systems", "bring_down", "bring_up", "check", "cut_off"]


class Systems:
    """Copies of the checkout, each with a local system of its own."""

    def __init__(self, source: Workspace, folder: Path) -> None:
        self._source, self._folder = source, folder
        self._lock = threading.Lock()
        self._copies: list[Scratch] = []
        self.whole: Future[tuple[Scratch, Inventory]] = Future()
        """A system whose first run was not cut off, and what it consisted of then."""

    def copy(self, name: str) -> Scratch:
        """Make a copy, in which nothing runs."""
        with self._lock:  # else two may find the same port
            taken = {port for one in self._copies for port in _ports(one.workspace)}
            port = next(port for port in iter(free_port, None) if port not in taken)
            made = copy_checkout(self._source, self._folder / name, port=port)
            self._copies.append(made)
        return made

    def make_whole(self) -> None:
        """Have the system that the others are compared with."""
        try:
            scratch = self.copy("whole")
            bring_up(scratch)
            self.whole.set_result((scratch, inventory(scratch)))
        except BaseException as error:  # noqa: BLE001 - whoever waits for it has to know
            self.whole.set_exception(error)

    def close(self) -> None:
        """Remove what still runs, as after a failure, and the images."""
        for one in self._copies:
            one.local("down")
            # By name: others may have the same image under a name of theirs.
            filters = ("--filter", f"reference={one.workspace.image_prefix}/*")
            named = docker("image", "ls", *filters, "--format", "{{.Repository}}:{{.Tag}}")
            if images := named.split():
                docker("image", "rm", *images)


def _ports(workspace: Workspace) -> range:
    return range(workspace.port - 3, workspace.https_port + 1)


def bring_up(scratch: Scratch) -> float:
    """Run `up` to its end, and return how long it took."""
    began = time.monotonic()
    up = scratch.local("up")
    assert up.code == 0, up.output
    with RunningSystem(workspace=scratch.workspace, first_up=up.output).client() as client:
        assert client.get("/readyz").status_code == 200
    return round(time.monotonic() - began, 1)


def cut_off(scratch: Scratch, phase: Phase, cut: Cut, after: float, command: str = "up") -> str:
    """Cut a run off some seconds after a phase began; tell what was under way."""
    with Run(scratch, command) as run:
        run.reach(phase)
        goes_on = run.goes_on(after)
        under_way = run.under_way()
        code = run.cut(cut) if goes_on else run.wait()
        assert code == (cut.code if goes_on else 0), run.output
        if cut.is_in_order:
            left = processes(scratch.workspace.root)
            assert left == {}, f"{left}\n{run.output}"
    return under_way


def bring_down(scratch: Scratch) -> None:
    """Run `down`, after which nothing is left."""
    had = volumes(scratch.workspace)
    down = scratch.local("down")
    assert down.code == 0, down.output
    assert remains(scratch.workspace, had) == []


def check(scratch: Scratch, whole: Inventory | None) -> None:
    """Check that the system is what one is that was not cut off."""
    found = inventory(scratch)
    assert found.pending == ()
    assert set(found.doubled) == set()
    if whole is not None:
        assert found == whole
    options = ["--stack", stack.STACK, *stack.config_file(scratch.workspace)]
    preview = scratch.pulumi("preview", "--diff", "--expect-no-changes", *options)
    assert preview.code == 0, preview.output
    drift = scratch.local("drift")
    assert drift.code == 0, drift.output
