"""The project's virtual environment, filled from pinned requirement files."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from local.commands import Watch, run
from local.workspace import Workspace

__all__ = ["FOR_RUNNING", "FOR_TESTING", "ensure_packages"]

FOR_RUNNING = ("requirements.txt", "local/requirements.txt")
FOR_TESTING = (
    *FOR_RUNNING,
    "app/requirements.txt",
    "local/emulator_image/requirements.txt",
    "tests/requirements.txt",
)


def ensure_packages(workspace: Workspace, files: tuple[str, ...], watch: Watch) -> str:
    """Install the requirement files into `.venv`; nothing is done if they are installed already.

    Raises:
        LocalError: if the installation fails.
    """
    if _works(workspace) and any(_stamp(workspace, each).exists() for each in (files, FOR_TESTING)):
        return "up to date"
    if not _works(workspace):
        run(
            [sys.executable, "-m", "venv", "--clear", workspace.venv],
            log=workspace.logs / "venv.log",
            fix="On Debian and Ubuntu `apt install python3-venv` may be missing.",
        )
    paths = [workspace.root / file for file in files]
    arguments = [word for path in paths for word in ("--requirement", str(path))]
    run(
        [workspace.python, "-m", "pip", "install", "--disable-pip-version-check", *arguments],
        log=workspace.logs / "pip.log",
        watch=watch,
        fix="Can this machine reach its Python package index?",
    )
    for stamp in workspace.venv.glob(".installed-*"):
        stamp.unlink()
    _stamp(workspace, files).touch()
    return f"installed {' and '.join(files)}"


def _works(workspace: Workspace) -> bool:
    """Whether there is a virtual environment that can install; half-made ones exist."""
    if not workspace.python.exists():
        return False
    check = f"import pip, sys; sys.exit(sys.prefix != {str(workspace.venv)!r})"
    command = [str(workspace.python), "-c", check]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _stamp(workspace: Workspace, files: tuple[str, ...]) -> Path:
    named = [workspace.root / file for file in (*files, "constraints.txt")]
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in named)).hexdigest()
    return workspace.venv / f".installed-{digest[:12]}"
