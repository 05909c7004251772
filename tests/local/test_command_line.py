"""Whatever is missing on a machine, a command ends with one message and no traceback."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from local.workspace import Workspace
from tests.running_system import run_command


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The runner alone, in a checkout where nothing was ever run."""
    source = Workspace().root
    shutil.copytree(source / "local", tmp_path / "local", ignore=shutil.ignore_patterns("__pyc*"))
    for name in ("Pulumi.local.yaml", "constraints.txt"):
        shutil.copy(source / name, tmp_path)
    for name in ("requirements.txt", "local/requirements.txt"):
        (tmp_path / name).write_text("")  # nothing is downloaded here
    return tmp_path


@pytest.mark.parametrize(
    ("command", "code"),
    [
        *(("status", 1), ("down", 0), ("parity", 0), ("env", 0), ("up", 1), ("preview local", 1)),
        *(("verify", 1), ("drift --json", 1), ("restore compare", 1), ("status --json", 2)),
    ],
)
def test_a_machine_with_no_program_at_all(checkout: Path, command: str, code: int) -> None:
    env = {"PATH": "", "LOCAL_TOOLCHAIN": "built", "DOCKER_HOST": "unix:///nowhere"}
    words = [sys.executable, "-m", "local", *command.split()]
    done = run_command(words, cwd=checkout, env=env)
    assert done.code == code, done.output
    assert "Traceback" not in done.output


def test_down_does_not_forget_what_a_stopped_engine_holds(checkout: Path) -> None:
    state = checkout / ".local" / "state"
    state.mkdir(parents=True)
    env = {"PATH": "", "DOCKER_HOST": "unix:///nowhere"}
    done = run_command([sys.executable, "-m", "local", "down"], cwd=checkout, env=env)
    assert done.code == 1
    assert "Docker is not running" in done.output
    assert state.exists()


def test_a_place_that_cannot_be_written_to(checkout: Path) -> None:
    (checkout / ".local").write_text("a file where a directory belongs")
    done = run_command([sys.executable, "-m", "local", "down"], cwd=checkout)
    assert done.code == 1
    assert "✗" in done.output
    assert "Traceback" not in done.output


def test_the_environment_leaves_nothing_of_the_users_own_accounts(checkout: Path) -> None:
    own = {"AWS_PROFILE": "production", "TF_WORKSPACE": "prod", "PULUMI_ACCESS_TOKEN": "pul-1"}
    env = {**os.environ, "LOCAL_TOOLCHAIN": "built", "LOCAL_PORT": "4566", **own}
    script = f'eval "$({sys.executable} -m local env)"; env'
    done = run_command(["sh", "-c", script], cwd=checkout, env=env)
    assert done.code == 0, done.output
    variables = dict(line.split("=", 1) for line in done.output.splitlines() if "=" in line)
    assert own.keys() & variables.keys() == set()
    assert variables["AWS_ENDPOINT_URL"] == "http://localhost:4566"
    assert variables["TF_DATA_DIR"].startswith(str(checkout))
    assert variables["PATH"].startswith(str(checkout))
