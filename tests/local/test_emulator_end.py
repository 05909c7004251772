"""A deployment ends with the emulator that it is made at, and with nothing else."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from local.workspace import Workspace
from tests.running_system import CommandResult, run_command

PROGRAM = """
import sys
from pathlib import Path
from local.commands import run
from local.emulator_end import commands_end_with_emulator
from local.errors import LocalError
from local.workspace import Workspace

try:
    with commands_end_with_emulator(Workspace()):
        run(["sleep", sys.argv[1]], log=Path(sys.argv[2]))
    print("the command ended")
except LocalError as error:
    print(error)
"""


@pytest.fixture
def docker(tmp_path: Path) -> Path:
    """A client of Docker that says at once what `docker wait` would in the end."""
    script = tmp_path / "docker"
    script.write_text('#!/bin/sh\n[ "$1 $2" = "wait todo-local-emulator" ] && exit "$ENDS_WITH"\n')
    script.chmod(0o755)
    return script


def _run(docker: Path, *, ends_with: int, seconds: str) -> CommandResult:
    path = f"{docker.parent}{os.pathsep}{os.environ['PATH']}"
    words = [sys.executable, "-c", PROGRAM, seconds, str(docker.parent / "it.log")]
    env = {**os.environ, "PATH": path, "ENDS_WITH": str(ends_with)}
    return run_command(words, cwd=Workspace().root, env=env)


def test_a_command_is_killed_when_the_emulator_ends(docker: Path) -> None:
    done = _run(docker, ends_with=0, seconds="600")
    assert "`sleep 600` was ended by SIGKILL" in done.output or "Interrupted." in done.output


def test_a_command_goes_on_when_nobody_can_tell_of_the_emulator(docker: Path) -> None:
    assert _run(docker, ends_with=1, seconds="1").output == "the command ended\n"
