"""Ctrl+C reaches each command once, and what is under way ends before we do."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.workspace import Workspace

PROGRAM = """
import signal, sys
from pathlib import Path
from local.commands import pause, run
from local.steps import Step, run_steps

signal.signal(signal.SIGINT, signal.default_int_handler)  # it may be ignored where tests run
log, command = Path(sys.argv[1]), sys.argv[2:]
steps = [
    Step(name="command", run=lambda watch: run(command, log=log)),
    Step(name="patient", run=lambda watch: pause(600)),
    Step(name="next", run=lambda watch: run(["true"], log=log), needs=("command",)),
]
try:
    run_steps(steps)
except KeyboardInterrupt:
    print("ended in order")
"""
IN_ORDER = """
import signal, time
def end(*_):
    print("asked", flush=True)
    time.sleep(0.5)
    raise SystemExit("done")
signal.signal(signal.SIGINT, end)
print("begun", flush=True)
time.sleep(600)
"""
AT_THE_SECOND = """
import signal, time
def end(*_):
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    print("asked", flush=True)
signal.signal(signal.SIGINT, end)
print("begun", flush=True)
time.sleep(600)
"""
NEVER = """
import signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
print("begun", flush=True)
time.sleep(600)
"""


class Running:
    """The program above, with a command in it."""

    def __init__(self, folder: Path, script: str) -> None:
        self._log = folder / "command.log"
        words = [sys.executable, "-c", PROGRAM, str(self._log), sys.executable, "-c", script]
        self.process = subprocess.Popen(
            words,
            cwd=Workspace().root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def wait_for(self, word: str) -> None:
        deadline = time.monotonic() + 30
        while not (self._log.exists() and word in self._log.read_text().split()):
            assert time.monotonic() < deadline, word
            time.sleep(0.02)

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def ended(self) -> tuple[str, list[str]]:
        """What the program printed, and what the command did."""
        output, _ = self.process.communicate(timeout=30)
        return output, self._log.read_text().split()


@pytest.fixture
def started() -> Iterator[list[Running]]:
    programs: list[Running] = []
    yield programs
    for program in programs:
        program.process.kill()
        program.process.communicate()


def test_a_command_is_asked_once_and_ends_in_order(started: list[Running], tmp_path: Path) -> None:
    started.append(program := Running(tmp_path, IN_ORDER))
    program.wait_for("begun")
    program.interrupt()
    output, words = program.ended()
    assert words == ["begun", "asked", "done"]
    assert "interrupted" in output
    assert output.endswith("ended in order\n")
    assert "next" not in output


def test_the_second_interruption_is_passed_on(started: list[Running], tmp_path: Path) -> None:
    started.append(program := Running(tmp_path, AT_THE_SECOND))
    program.wait_for("begun")
    program.interrupt()
    program.wait_for("asked")
    program.interrupt()
    output, words = program.ended()
    assert words == ["begun", "asked"]
    assert output.endswith("ended in order\n")


def test_the_third_interruption_ends_what_does_not_listen(
    started: list[Running], tmp_path: Path
) -> None:
    started.append(program := Running(tmp_path, NEVER))
    program.wait_for("begun")
    while program.process.poll() is None:
        program.interrupt()
        time.sleep(0.2)
    output, _ = program.ended()
    assert output.endswith("ended in order\n")
