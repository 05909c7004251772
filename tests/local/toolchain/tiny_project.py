"""Tiny Pulumi projects for the tests of the engine."""

import dataclasses
import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Project", "descendants", "is_running", "wait_until"]


@dataclass(frozen=True, kw_only=True)
class Project:
    """A Pulumi project with a stack called `dev`, for the built engine."""

    directory: Path
    environment: dict[str, str]

    def write(self, program: str) -> None:
        (self.directory / "pulumi" / "__main__.py").write_text(program)

    def command(self, *words: str) -> list[str]:
        return ["pulumi", *words, "--non-interactive", "--color=never"]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words),
            cwd=self.directory,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )

    def succeed(self, *words: str) -> str:
        done = self.run(*words)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def with_environment(self, more: Mapping[str, str]) -> "Project":
        return dataclasses.replace(self, environment={**self.environment, **more})

    def outputs(self) -> dict[str, object]:
        outputs: dict[str, object] = json.loads(self.succeed("stack", "output", "--json"))
        return outputs


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not is_zombie(pid)


def is_zombie(pid: int) -> bool:
    """Whether a process has ended and only waits for a parent that never asks."""
    state = ["ps", "-o", "stat=", "-p", str(pid)]
    return subprocess.run(state, capture_output=True, text=True, check=False).stdout.startswith("Z")


def descendants(pid: int) -> list[int]:
    """Ids of the processes that a process started, and of those that they started."""
    shown = subprocess.run(
        ["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout
    pairs = [tuple(map(int, line.split())) for line in shown.splitlines()]
    children = [child for child, parent in pairs if parent == pid]
    return [*children, *(each for child in children for each in descendants(child))]
