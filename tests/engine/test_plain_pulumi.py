"""The platform engineer's way: `pulumi` itself in the checkout, without any command of ours."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local import stack
from tests.running_system import RunningSystem, plain_pulumi
from tests.scratch import Scratch, copy_checkout

pytestmark = pytest.mark.engine


@pytest.fixture
def scratch(system: RunningSystem, tmp_path: Path) -> Scratch:
    """A copy with the running system's state file; nothing in it is ever deployed."""
    scratch = copy_checkout(system.workspace, tmp_path / "copy", port=system.workspace.port)
    state = scratch.workspace.terraform_state
    default = scratch.workspace.root / "terraform" / "terraform.tfstate"  # of dev and prod
    for copy in (state, default):
        copy.write_text(system.workspace.terraform_state.read_text())
    return scratch


def _preview(scratch: Scratch, stack: str) -> tuple[int, str]:
    select = scratch.pulumi("stack", "select", "--create", stack)
    assert select.code == 0, select.output
    config = f"policies/config/{stack}.json"
    policies = ("--policy-pack", "policies", "--policy-pack-config", config)
    result = scratch.pulumi("preview", "--stack", stack, *policies)
    return result.code, result.output


@pytest.mark.parametrize("stack", ["local", "dev", "prod"])
def test_each_stacks_own_config_previews_with_the_policies_on(scratch: Scratch, stack: str) -> None:
    if stack == "prod":
        # The trail's component comes in a plugin that no package registry has.
        config = scratch.workspace.root / "Pulumi.prod.yaml"
        config.write_text(config.read_text() + "  todo:audit:\n    trail: false\n")
    code, output = _preview(scratch, stack)
    assert code == 0, output
    assert "to create" in output
    assert "[mandatory]" not in output


def test_plain_pulumi_up_finds_what_make_up_deployed(system: RunningSystem) -> None:
    policies = ("--policy-pack", "policies", "--policy-pack-config", "policies/config/local.json")
    up = plain_pulumi(system.workspace, "up", "--stack", "local", "--yes", *policies)
    assert up.code == 0, up.output
    assert re.fullmatch(r"\d+ unchanged", stack._summary(up.output)), up.output


def _edit_state(scratch: Scratch, edit: Callable[[dict[str, Any]], object]) -> None:
    path = scratch.workspace.terraform_state
    state = json.loads(path.read_text())
    edit(state["outputs"])
    path.write_text(json.dumps(state))


def _one_subnet(outputs: dict[str, Any]) -> None:
    del outputs["private_subnet_ids"]["value"][1:]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda outputs: outputs.pop("vpc_id"), "output vpc_id is missing"),
        (_one_subnet, "output private_subnet_ids is "),
    ],
    ids=["an output is missing", "one subnet only"],
)
def test_a_state_that_does_not_fit_is_one_message_and_nothing_is_registered(
    scratch: Scratch, edit: Callable[[dict[str, Any]], object], message: str
) -> None:
    _edit_state(scratch, edit)
    code, output = _preview(scratch, "local")
    assert code != 0
    assert output.partition("Diagnostics:")[2].count(message) == 1, output
    assert "Traceback" not in output
    assert "aws:" not in output, "a resource was registered"


def test_a_password_in_a_plain_variable_stops_at_the_preview(scratch: Scratch) -> None:
    scratch.replace(
        "pulumi/__main__.py",
        "environment=trust | ",
        'environment={"DATABASE_PASSWORD": "hunter2"} | trust | ',
    )
    code, output = _preview(scratch, "local")
    assert code != 0, output
    assert "[mandatory]" in output
    assert "no-plaintext-credentials" in output
    assert "DATABASE_PASSWORD" in output
    assert "hunter2" not in output.partition("Policies:")[2]


def test_a_missing_state_is_named_with_the_way_out(scratch: Scratch) -> None:
    scratch.workspace.terraform_state.unlink()
    code, output = _preview(scratch, "local")
    assert code != 0
    assert "There is no Terraform state at" in output
    assert "terraform apply" in output
    assert "Traceback" not in output


def test_a_garbled_state_is_named_with_the_way_out(scratch: Scratch) -> None:
    scratch.workspace.terraform_state.write_text('{"version": 4, "outputs": ')
    code, output = _preview(scratch, "local")
    assert code != 0
    assert "cannot be read" in output
    assert "Traceback" not in output


def test_a_bad_config_value_names_key_value_and_what_is_allowed(scratch: Scratch) -> None:
    scratch.replace(
        "Pulumi.local.yaml", "peakRequestsPerSecond: 300", "peakRequestsPerSecond: lots"
    )
    code, output = _preview(scratch, "local")
    assert code != 0
    assert "todo:capacity.peakRequestsPerSecond" in output
    assert "lots" in output
    assert "Traceback" not in output
