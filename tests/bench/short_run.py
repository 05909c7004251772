"""The short form of a benchmark, as a process, and the containers that it has started."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from local.containers import docker
from local.workspace import Workspace

__all__ = ["containers_of", "short_run"]

_WORKSPACE = Workspace.from_environment()


def short_run(
    name: str, output: Path, *options: str, python_path: str = ""
) -> subprocess.Popen[str]:
    """Start `python -m bench.NAME --short`, with its output in a pipe."""
    command = (_WORKSPACE.python, "-u", "-m", f"bench.{name}", "--short", "--output", output)
    return subprocess.Popen(
        [*map(str, command), *options],
        cwd=_WORKSPACE.root,
        env={**os.environ, "PYTHONPATH": python_path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def containers_of(process: subprocess.Popen[str]) -> list[str]:
    """Names of the containers of a run, whether it has ended or not."""
    names = ("--filter", f"name=todo-bench-{process.pid}-", "--format", "{{.Names}}")
    return docker("ps", "--all", *names).split()
