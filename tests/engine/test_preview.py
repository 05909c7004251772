"""`make preview`: a stack's real config on the emulator, for whoever has no AWS account."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from local.preview import Options, preview_stack
from tests.running_system import RunningSystem, run_command
from tests.scratch import Scratch, copy_checkout

pytestmark = pytest.mark.engine

OWN = {  # nothing of which may be used, and none of which would work
    "AWS_PROFILE": "of-nobody",
    "AWS_ACCESS_KEY_ID": "AKIAOFSOMEBODY",
    "AWS_SECRET_ACCESS_KEY": "key-of-somebody",
    "AWS_CONFIG_FILE": "/nonexistent",
    "PULUMI_ACCESS_TOKEN": "pul-of-somebody",
    "PULUMI_CONFIG_PASSPHRASE": "of somebody",
}


@pytest.fixture
def scratch(system: RunningSystem, tmp_path: Path) -> Scratch:
    """A copy with the running system's state file; nothing in it is ever deployed."""
    copy = copy_checkout(system.workspace, tmp_path / "copy", port=system.workspace.port)
    copy.workspace.terraform_state.write_text(system.workspace.terraform_state.read_text())
    return copy


def stack_files(root: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in root.glob("Pulumi*.yaml")}


def read_events(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines() if line]


def of_kind(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event[kind] for event in events if kind in event]


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_stack_is_previewed_without_credentials_and_its_file_stays(
    system: RunningSystem, stack: str, tmp_path: Path
) -> None:
    workspace = system.workspace
    before, file = stack_files(workspace.root), tmp_path / "events.json"
    done = run_command(
        [sys.executable, "-m", "local", "preview", stack, "--events", str(file)],
        cwd=workspace.root,
        env={**os.environ, **OWN, "LOCAL_PORT": str(workspace.port)},
    )
    assert done.code == 0, done.output
    assert "to create" in done.output
    assert ("todo:audit.trail" in done.output) == (stack == "prod")
    assert stack_files(workspace.root) == before
    events = read_events(file)
    assert of_kind(events, "summaryEvent")[0]["PolicyPacks"] == {"todo|local|policies": "0.0.1"}
    resources = of_kind(events, "resourcePreEvent")
    types = {event["metadata"]["type"] for event in resources}
    assert {"aws:rds/instance:Instance", "aws:ecs/service:Service"} <= types
    assert ("aws:wafv2/webAcl:WebAcl" in types) == (stack == "prod")
    assert not any(own in file.read_text() for own in OWN.values())


def test_a_preview_selects_no_stack_and_keeps_what_is_deployed(system: RunningSystem) -> None:
    def selected() -> list[dict[str, str]]:
        files = sorted((system.workspace.pulumi_home / "workspaces").iterdir())
        return [json.loads(file.read_text())["stacks"] for file in files]

    before = selected()
    assert {system.workspace.pulumi_state.as_uri(): "organization/todo/local"} in before
    assert preview_stack(system.workspace, Options(stack="dev")) == 0
    assert selected() == before


def test_what_is_deployed_already_is_compared(
    system: RunningSystem, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "events.json"
    assert preview_stack(system.workspace, Options(stack="local", events=file)) == 0
    assert "unchanged" in capfd.readouterr().out
    (summary,) = of_kind(read_events(file), "summaryEvent")
    assert set(summary["resourceChanges"]) == {"same"}


def test_a_violation_fails_the_preview_with_its_message(
    scratch: Scratch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    scratch.replace(
        *("pulumi/todo_infra/database_inputs.py", '"publicly_accessible": False'),
        '"publicly_accessible": True',
    )
    file = tmp_path / "events.json"
    assert preview_stack(scratch.workspace, Options(stack="prod", events=file)) == 1
    printed = capfd.readouterr()
    assert "[mandatory]" in printed.out
    assert "database-not-public" in printed.out
    assert "prod cannot be updated" in printed.err
    violations = of_kind(read_events(file), "policyEvent")
    assert ("database-not-public", "mandatory") in {
        (event["policyName"], event["enforcementLevel"]) for event in violations
    }


def test_a_program_that_fails_fails_the_preview(
    scratch: Scratch, capfd: pytest.CaptureFixture[str]
) -> None:
    scratch.replace("Pulumi.prod.yaml", "taskSize: medium", "taskSize: huge")
    assert preview_stack(scratch.workspace, Options(stack="prod")) == 1
    assert "todo:capacity" in capfd.readouterr().out
