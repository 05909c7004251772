"""What a killed run left is found by its environment, asked to end, and killed if it does not."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from local.commands import OWNER_VARIABLE
from local.leftovers import end_children, end_leftovers
from local.workspace import Workspace

NOBODY = 2**22  # beyond the highest process id of Linux
ENDS_IN_ORDER = """
import signal, sys, time
def end(*_):
    time.sleep(0.5)
    sys.exit("in order")
signal.signal(signal.SIGINT, end)
print("ready", flush=True)
time.sleep(600)
"""
IGNORES = """
import signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""


class Start(Protocol):
    def __call__(
        self, workspace: Workspace, program: str, owner: int = NOBODY
    ) -> subprocess.Popen[str]: ...


@pytest.fixture
def start() -> Iterator[Start]:
    processes: list[subprocess.Popen[str]] = []

    def start(workspace: Workspace, program: str, owner: int = NOBODY) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            env={**os.environ, OWNER_VARIABLE: f"{owner}:{workspace.logs / 'pulumi-up.log'}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        processes.append(process)
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_a_command_has_time_to_end_in_order(start: Start, tmp_path: Path) -> None:
    workspace = Workspace(root=tmp_path)
    process = start(workspace, ENDS_IN_ORDER)
    assert end_leftovers(workspace, patience=30) == ["pulumi-up"]
    assert process.communicate()[1] == "in order\n"


def test_one_that_does_not_listen_is_killed(start: Start, tmp_path: Path) -> None:
    workspace = Workspace(root=tmp_path)
    process = start(workspace, IGNORES)
    end_leftovers(workspace, patience=0.2)
    assert process.wait() == -9


def test_without_patience_nothing_is_asked(start: Start, tmp_path: Path) -> None:
    workspace = Workspace(root=tmp_path)
    process = start(workspace, ENDS_IN_ORDER)
    end_leftovers(workspace, patience=0)
    assert process.wait() == -9


def test_the_children_of_a_command_that_is_gone_do_not_cost_any_patience(
    start: Start, tmp_path: Path
) -> None:
    workspace = Workspace(root=tmp_path)
    child = 'import subprocess; subprocess.Popen(["sleep", "600"]); print("ready")'
    start(workspace, child).communicate  # noqa: B018 - its pipes stay open
    began = time.monotonic()
    while not end_leftovers(workspace, patience=600):
        assert time.monotonic() - began < 30
    assert time.monotonic() - began < 300


def test_another_checkouts_commands_are_left_alone(start: Start, tmp_path: Path) -> None:
    process = start(Workspace(root=tmp_path / "theirs"), IGNORES)
    assert end_leftovers(Workspace(root=tmp_path / "their"), patience=0) == []
    assert process.poll() is None


def test_the_commands_of_a_run_that_is_alive_are_left_alone(start: Start, tmp_path: Path) -> None:
    workspace = Workspace(root=tmp_path)
    process = start(workspace, IGNORES, owner=os.getpid())
    assert end_leftovers(workspace, patience=0) == []
    assert process.poll() is None


def test_the_children_of_this_runs_commands_end_with_it(start: Start, tmp_path: Path) -> None:
    workspace = Workspace(root=tmp_path)
    ours = start(workspace, IGNORES, owner=os.getpid())
    another_runs = start(workspace, IGNORES, owner=os.getppid())
    elsewhere = start(Workspace(root=tmp_path / "theirs"), IGNORES, owner=os.getpid())
    end_children(workspace)
    assert ours.wait() == -9
    assert another_runs.poll() is elsewhere.poll() is None


def test_nothing_is_left_of_a_run_that_ended(tmp_path: Path) -> None:
    assert end_leftovers(Workspace(root=tmp_path), patience=600) == []
