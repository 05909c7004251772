"""Steps of a run: each starts when those it needs are done, and says how it goes."""

from __future__ import annotations

import contextlib
import itertools
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import TextIO

from local.commands import Watch, interrupt_commands
from local.errors import LocalError

__all__ = ["Step", "run_steps"]

_HEARTBEAT_SECONDS = 15.0
_WIDTH = 96


@dataclass(frozen=True, kw_only=True)
class Step:
    """One part of a run.

    Attributes:
        name: what the step brings, as shown to people.
        run: does it; gets a `Watch` for its progress and returns what to show when done.
        needs: names of the steps that must be done before.
    """

    name: str
    run: Callable[[Watch], str]
    needs: tuple[str, ...] = ()


class _Board:
    """Prints one line when a step starts, when it ends, and now and then while it takes long."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._lock = threading.Lock()

    def show(self, mark: str, name: str, seconds: float | None, text: str) -> None:
        took = "" if seconds is None else f"{seconds:6.1f} s"
        line = f"  {mark} {name:<26} {took:>8}  {text}".rstrip()
        # A terminal that was closed meanwhile is no reason to leave something half-made.
        with self._lock, contextlib.suppress(OSError):
            print(line if mark in "✓✗" else line[:_WIDTH], file=self._out, flush=True)

    def execute(self, step: Step) -> None:
        began = last_shown = time.monotonic()
        self.show("·", step.name, None, "")

        def watch(line: str) -> None:
            nonlocal last_shown
            now = time.monotonic()
            if now - last_shown >= _HEARTBEAT_SECONDS:
                last_shown = now
                self.show("…", step.name, now - began, line)

        try:
            result = step.run(watch)
        except BaseException:
            self.show("✗", step.name, time.monotonic() - began, "")
            raise
        self.show("✓", step.name, time.monotonic() - began, result)


def run_steps(steps: Sequence[Step], *, out: TextIO = sys.stdout) -> None:
    """Run the steps, side by side where their needs allow.

    After a failure nothing new is started; what is under way ends first, so that nothing is left
    half-made. An interruption (Ctrl+C) is passed on to what is under way.

    Raises:
        LocalError: what failed; several independent failures are explained in one.
    """
    board = _Board(out)
    running: dict[Future[None], str] = {}
    began = time.monotonic()
    with ThreadPoolExecutor(max_workers=len(steps)) as pool:
        try:
            failures = _run_in_order(steps, running, lambda step: pool.submit(board.execute, step))
        except KeyboardInterrupt:
            board.show("·", "interrupted", None, "what is under way ends; once more: at once")
            _end(running)
            raise
    if failures:
        raise _together(failures)
    board.show("✓", "total", time.monotonic() - began, "")


def _run_in_order(
    steps: Sequence[Step],
    running: dict[Future[None], str],
    submit: Callable[[Step], Future[None]],
) -> list[BaseException]:
    """Run each step after those it needs; return what failed."""
    by_name = {step.name: step for step in steps}
    order = TopologicalSorter({step.name: step.needs for step in steps})
    order.prepare()
    failures: list[BaseException] = []
    while order.is_active():
        if not failures:
            for name in order.get_ready():
                running[submit(by_name[name])] = name
        if not running:
            break
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            name = running.pop(future)
            if error := future.exception():
                failures.append(error)
            else:
                order.done(name)
    return failures


def _end(running: Collection[Future[None]]) -> None:
    """Have every command end in order, at the second interruption at once, and then by force."""
    for number in itertools.chain([signal.SIGINT] * 2, itertools.repeat(signal.SIGKILL)):
        interrupt_commands(number)
        try:
            wait(running)
        except KeyboardInterrupt:
            continue
        return


def _together(failures: Sequence[BaseException]) -> BaseException:
    """One error for all: a mistake of ours first, else every explanation."""
    unexplained = [failure for failure in failures if not isinstance(failure, LocalError)]
    if unexplained or len(failures) == 1:
        return [*unexplained, *failures][0]
    *others, last = (failure for failure in failures if isinstance(failure, LocalError))
    return LocalError("\n\n✗ ".join([*map(str, others), last.args[0]]), fix=last.fix)
