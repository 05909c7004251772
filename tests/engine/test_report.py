"""What a pull request is told, from the real engine: docs/examples holds three such comments.

Each is a change to the deployed stack, in a copy of the checkout, and nothing of it is deployed.
UPDATE=1 writes the examples anew.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.preview import Options, preview_stack
from tests.running_system import RunningSystem, run_command
from tests.scratch import Scratch, copy_checkout

pytestmark = pytest.mark.engine

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
# They come with time: of a version's end of support, for one.
WARNINGS = re.compile(r"\n#### Warnings\n\n(- .*\n)+")
# What differs from one deployment to the next.
GENERATED = [
    (re.compile(r"-[0-9a-f]{7}\b"), "-0000000"),
    (
        re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        "00000000-0000-0000-0000-000000000000",
    ),
    (re.compile(r"(task-definition/[\w-]+):\d+"), r"\1:1"),
    (re.compile(r"\b(sg|subnet|vpc)-[0-9a-f]{8,17}\b"), r"\1-00000000"),
]


class PullRequest:
    """A copy of the checkout as a repository, with a change on a branch of its own."""

    def __init__(self, scratch: Scratch, folder: Path) -> None:
        self.scratch = scratch
        self._events = folder / "events.jsonl"
        self._verdict = folder / "ownership.json"
        self.git("init", "--quiet", "--initial-branch", "main")
        self.commit("As it is deployed")
        self.git("switch", "--quiet", "--create", "change")

    def git(self, *words: str) -> None:
        """Run git in the copy."""
        who = ["-c", "user.name=Team", "-c", "user.email=team@example.com"]
        subprocess.run(
            ["git", *who, *words],
            cwd=self.scratch.workspace.root,
            check=True,
            capture_output=True,
            env=os.environ | {"GIT_CONFIG_GLOBAL": "/dev/null"},
        )

    def commit(self, message: str) -> None:
        """Commit all there is."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def config(self, key: str) -> dict[str, Any]:
        """Return what the stack's config says of a key."""
        text = (self.scratch.workspace.root / "Pulumi.local.yaml").read_text()
        values: dict[str, Any] = yaml.safe_load(text)["config"][f"todo:{key}"]
        return values

    def settings(self, key: str, **values: object) -> None:
        """Change values in the stack's config."""
        path = self.scratch.workspace.root / "Pulumi.local.yaml"
        config = yaml.safe_load(path.read_text())
        config["config"].setdefault(f"todo:{key}", {}).update(values)
        path.write_text(yaml.safe_dump(config))

    def comment(self) -> tuple[int, str]:
        """Preview the change, and return the preview's exit code and the comment."""
        self.commit("The change")
        options = Options(stack="local", events=self._events)
        code = preview_stack(self.scratch.workspace, options)
        result = "failure" if code else "success"
        self._run("ops.ownership", "--base", "main", "--json", str(self._verdict))
        text = self._run(
            *("ops.report", "--base", "main", "--events", f"local={self._events}"),
            *("--ownership", str(self._verdict), "--now", "2026-12-01T00:00Z"),
            *("--check", "lint=success", "--check", f"preview={result}"),
        )
        return code, text

    def _run(self, *words: str) -> str:
        done = run_command(
            [sys.executable, "-m", *words],
            cwd=self.scratch.workspace.root,
            env=os.environ | {"PYTHONPATH": f".{os.pathsep}pulumi"},
        )
        assert done.code == 0, done.output
        return done.output


@pytest.fixture
def pull_request(system: RunningSystem, tmp_path: Path) -> PullRequest:
    scratch = copy_checkout(system.workspace, tmp_path / "copy", port=system.workspace.port)
    shutil.copy(system.workspace.terraform_state, scratch.workspace.terraform_state)
    shutil.copytree(
        system.workspace.pulumi_state, scratch.workspace.pulumi_state, dirs_exist_ok=True
    )
    return PullRequest(scratch, tmp_path)


def _capacity_up(request: PullRequest) -> None:
    capacity = request.config("capacity")
    traffic = capacity.keys() & {"peakRequestsPerSecond", "maxTasks"}
    request.settings("capacity", **{key: capacity[key] * 3 // 2 for key in traffic})
    request.settings("database", size="medium")


def _tls_switched_off(request: PullRequest) -> None:
    request.scratch.replace(
        "pulumi/todo_infra/database_parameters.py",
        'yield "require_secure_transport", "1", True',
        'yield "require_secure_transport", "0", True',
    )


def _database_replaced(request: PullRequest) -> None:
    request.settings("database", size="medium")
    request.scratch.replace(
        "pulumi/todo_infra/database_inputs.py",
        'MASTER_USERNAME = "todo_admin"',
        'MASTER_USERNAME = "todo_owner"',
    )


@pytest.mark.parametrize(
    ("name", "change", "code", "said"),
    [
        (
            "capacity-up",
            _capacity_up,
            0,
            ["## ✅ Infrastructure:", "max capacity: ", "**Review**: product team only"],
        ),
        (
            "tls-switched-off",
            _tls_switched_off,
            1,
            ["cannot be deployed", "⛔ **database-tls-required**", "**Fix**: ", "`1` → `0`"],
        ),
        (
            "database-replaced",
            _database_replaced,
            None,  # whether a rule stands against it is for the rules to say
            [
                "> - **The database `todo-local-database` is REPLACED.**",
                "`todo_admin` → `todo_owner`",
            ],
        ),
    ],
)
def test_the_example_is_what_the_engine_says(
    pull_request: PullRequest,
    name: str,
    change: Callable[[PullRequest], None],
    code: int | None,
    said: list[str],
) -> None:
    change(pull_request)
    ended, comment = pull_request.comment()
    assert code in (None, ended)
    for part in said:
        assert part in comment
    comment = WARNINGS.sub("", comment)
    for pattern, word in GENERATED:
        comment = pattern.sub(word, comment)
    example = EXAMPLES / f"{name}.md"
    if os.environ.get("UPDATE"):
        example.parent.mkdir(exist_ok=True)
        example.write_text(comment)
    assert comment == example.read_text(), "UPDATE=1 writes the examples anew"


def test_a_program_that_fails_is_told_with_its_reason(pull_request: PullRequest) -> None:
    pull_request.settings("capacity", taskSize="gigantic")
    code, comment = pull_request.comment()
    assert code != 0
    assert "## ⛔ Infrastructure: the preview failed" in comment
    assert "todo:capacity.taskSize" in comment
    assert "gigantic" in comment
    assert "is DELETED" not in comment
    assert "**Review**: product team only" in comment
