"""The project's virtual environment, filled from pinned requirement files."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from local.commands import Watch, run
from local.errors import LocalError
from local.workspace import Workspace

__all__ = ["FOR_RUNNING", "FOR_TESTING", "ensure_packages"]

FOR_RUNNING = ("requirements.txt", "local/requirements.txt")
FOR_TESTING = (*FOR_RUNNING, "app/requirements.txt", "tests/requirements.txt")

_OLDEST_PYTHON = (3, 11)


def ensure_packages(workspace: Workspace, files: tuple[str, ...], watch: Watch) -> str:
    """Install the requirement files into `.venv`; nothing is done if they are installed already.

    Raises:
        LocalError: if this Python is too old, or the installation fails.
    """
    if sys.version_info < _OLDEST_PYTHON:
        raise LocalError(
            f"Python {sys.version.split()[0]} is too old.",
            fix="Run with Python 3.11, 3.12 or 3.13: `make PYTHON=python3.13 up`.",
        )
    paths = [workspace.root / file for file in files]
    installed = _stamp(workspace, paths)
    if installed.exists():
        return "up to date"
    if not workspace.python.exists():
        run(
            [sys.executable, "-m", "venv", workspace.venv],
            log=workspace.logs / "venv.log",
            fix="On Debian and Ubuntu `apt install python3-venv` may be missing.",
        )
    arguments = [word for path in paths for word in ("--requirement", str(path))]
    run(
        [workspace.python, "-m", "pip", "install", "--disable-pip-version-check", *arguments],
        log=workspace.logs / "pip.log",
        watch=watch,
        fix="Can this machine reach its Python package index?",
    )
    installed.touch()
    return f"installed {' and '.join(files)}"


def _stamp(workspace: Workspace, paths: list[Path]) -> Path:
    named = [*paths, workspace.root / "constraints.txt"]
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in named)).hexdigest()
    return workspace.venv / f".installed-{digest[:12]}"
