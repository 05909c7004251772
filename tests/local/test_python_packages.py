import subprocess
import sys
from pathlib import Path

import pytest

from local.python_packages import FOR_RUNNING, FOR_TESTING, ensure_packages
from local.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A checkout whose requirements are empty, so that nothing is downloaded."""
    for name in (*FOR_TESTING, "constraints.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return Workspace(root=tmp_path)


def _ensure(workspace: Workspace, files: tuple[str, ...] = FOR_RUNNING) -> str:
    return ensure_packages(workspace, files, lambda _line: None)


def test_packages_are_installed_once(workspace: Workspace) -> None:
    assert _ensure(workspace).startswith("installed")
    assert _ensure(workspace) == "up to date"


def test_what_tests_need_is_enough_for_running(workspace: Workspace) -> None:
    _ensure(workspace, FOR_TESTING)
    assert _ensure(workspace) == "up to date"


def test_changed_requirements_are_installed_also_when_changed_back(workspace: Workspace) -> None:
    _ensure(workspace)
    requirements = workspace.root / "requirements.txt"
    for content in ("# another version\n", ""):
        requirements.write_text(content)
        assert _ensure(workspace).startswith("installed")


def test_a_half_made_environment_is_made_again(workspace: Workspace) -> None:
    # As Debian leaves it without its package python3-venv.
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", workspace.venv], check=True)
    _ensure(workspace)
    assert _ensure(workspace) == "up to date"
    assert (workspace.venv / "bin" / "pip").exists()
