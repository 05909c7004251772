import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from local import stack
from local.workspace import Workspace

UP = """Updating (local):
    pulumi:pulumi:Stack todo-local running
Resources:
    + 3 to create

Outputs:
    url: "http://todo/"

Resources:
    + 2 created
    35 unchanged

Duration: 4s
"""

FAILED = """Previewing update (local):
    pulumi:pulumi:Stack todo-local running
Policies:
    ❌ todo@v1.0.0 (local: policies)
        - [mandatory]  database-tls-required  (aws:rds/instance:Instance: todo-database)
"""


def test_the_summary_is_that_of_the_update_not_of_its_preview() -> None:
    assert stack._summary(UP) == "+ 2 created, 35 unchanged"


def test_a_failure_shows_the_violations_without_the_progress_before_them() -> None:
    shown = stack._diagnostics(FAILED)
    assert shown.startswith("Policies:")
    assert "database-tls-required" in shown
    assert "running" not in shown


def test_a_failure_without_any_heading_shows_the_end_of_the_output() -> None:
    assert stack._diagnostics("error: no stack\n") == "error: no stack\n"


def test_a_system_on_the_default_port_uses_the_stacks_own_config() -> None:
    assert stack.config_file(Workspace()) == []


def test_a_system_on_another_port_pushes_images_to_that_port(tmp_path: Path) -> None:
    shutil.copy(Workspace().root / "Pulumi.local.yaml", tmp_path)
    workspace = Workspace(root=tmp_path, port=4600)
    workspace.run.mkdir(parents=True)
    option, file = stack.config_file(workspace)
    assert option == "--config-file"
    config = Path(file).read_text()
    assert "registry: localhost:4600" in config
    assert "4566" not in config


CREATING = {"resource": {"urn": "urn:pulumi:local::todo::aws:rds:Instance::db"}, "type": "creating"}
UPDATING = {**CREATING, "type": "updating"}
BEFORE_THE_PAGE = {"type": "pulumi:pulumi:Stack"}
ONCE_COMPLETE = {"type": "pulumi:pulumi:Stack", "outputs": {"url": "http://todo/"}}


def _with_checkpoint(root: Path, latest: object) -> Workspace:
    workspace = Workspace(root=root)
    file = workspace.pulumi_state / ".pulumi" / "stacks" / "todo" / "local.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"version": 3, "checkpoint": {"latest": latest}}))
    return workspace


@pytest.mark.parametrize(
    ("resources", "operations", "half_made"),
    [
        ([], [], False),
        ([BEFORE_THE_PAGE], [], False),
        ([BEFORE_THE_PAGE], [CREATING], True),
        ([], [CREATING], True),
        ([BEFORE_THE_PAGE], [UPDATING], False),
        ([ONCE_COMPLETE], [CREATING], False),
    ],
)
def test_a_killed_creation_makes_a_start_afresh_before_there_were_todos(
    tmp_path: Path, resources: list[object], operations: list[object], *, half_made: bool
) -> None:
    latest = {"resources": resources, "pending_operations": operations}
    assert stack.is_half_made(_with_checkpoint(tmp_path, latest)) is half_made


@pytest.mark.parametrize("complete", [True, False])
def test_a_killed_apply_makes_a_start_afresh_before_there_were_todos(
    tmp_path: Path, *, complete: bool
) -> None:
    resources = [ONCE_COMPLETE] if complete else []
    workspace = _with_checkpoint(tmp_path, {"resources": resources})
    workspace.run.mkdir(parents=True)
    workspace.terraform_applied.write_text("")
    assert not stack.is_half_made(workspace)
    workspace.terraform_applied.write_text("under way")
    assert stack.is_half_made(workspace) is not complete


def test_a_stack_that_was_never_updated_is_not_half_made(tmp_path: Path) -> None:
    assert not stack.is_half_made(Workspace(root=tmp_path))
    assert not stack.is_half_made(_with_checkpoint(tmp_path, None))


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        (0, ""),
        (1, "\nWhat ECS says:\n  ✗ deployment  todo-local-app:1 runs"),
        (2, ""),
    ],
    ids=["the service is well", "a version was taken back", "nothing is deployed yet"],
)
def test_a_failure_is_told_with_what_ecs_says_of_the_service(
    monkeypatch: pytest.MonkeyPatch, code: int, shown: str
) -> None:
    def run(words: list[str], **_: object) -> SimpleNamespace:
        assert words[1:] == ["-m", "ops.verify", "--stack", "local", "--only", "service"]
        return SimpleNamespace(returncode=code, stdout="  ✗ deployment  todo-local-app:1 runs\n")

    monkeypatch.setattr("subprocess.run", run)
    monkeypatch.setattr(stack, "engine_environment", lambda _: {})
    assert stack._what_ecs_says(Workspace()) == shown
