"""Chromium for the browser tests: installed already, Playwright's own, or a system package."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from local.commands import Watch, reachable, require, run
from local.docker_engine import install_packages
from local.workspace import Workspace

__all__ = ["ensure_browser", "find_browser"]

_DOWNLOADS = "https://cdn.playwright.dev"
_NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_browser() -> Path | None:
    """The system's Chromium or Chrome; None leaves the choice to Playwright."""
    found = (shutil.which(name) for name in _NAMES)
    return next((Path(path) for path in found if path), None)


def ensure_browser(workspace: Workspace, watch: Watch) -> str:
    """Have a browser that Playwright can drive.

    Raises:
        LocalError: if none is installed and none can be.
    """
    if found := find_browser():
        return str(found)
    if _playwrights_own(workspace):
        return "Playwright's Chromium"
    if reachable(_DOWNLOADS):
        needed = ["--with-deps"] if os.geteuid() == 0 else []
        run(
            [workspace.python, "-m", "playwright", "install", *needed, "chromium"],
            log=workspace.logs / "playwright.log",
            watch=watch,
        )
        return "Playwright's Chromium"
    install_packages(workspace, "chromium", watch=watch)
    return str(require("chromium", fix="Install Chromium or Chrome."))


def _playwrights_own(workspace: Workspace) -> bool:
    script = (
        "import os; from playwright.sync_api import sync_playwright as start\n"
        "with start() as p: raise SystemExit(not os.path.exists(p.chromium.executable_path))"
    )
    command = [str(workspace.python), "-c", script]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
