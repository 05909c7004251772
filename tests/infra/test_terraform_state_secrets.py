"""Sensitive outputs: nothing of them is registered, exported or printed."""

import json
from pathlib import Path

import pytest

from tests.infra.recorder import Deployment, deploy_stack
from tests.infra.terraform_bridge import STATES, Cloud, read_state, state_named
from todo_infra import terraform_state
from todo_infra.config import TerraformState
from todo_infra.errors import InfrastructureError
from todo_infra.terraform_paths import StateOutputs

SECRET = "correct-horse-battery-staple"


def complaint(settings: TerraformState, root: Path = STATES) -> str:
    with pytest.raises(InfrastructureError) as caught:
        read_state(settings, root=root)
    assert SECRET not in str(caught.value)
    return str(caught.value)


def test_the_secret_is_in_the_state_twice() -> None:
    outputs = state_named("sensitive")["outputs"]
    assert {name for name, output in outputs.items() if output.get("sensitive")} == {
        "admin_password",
        "network",
    }
    assert json.dumps(outputs).count(SECRET) == 2


def test_a_deployment_on_a_state_with_secrets_has_none_of_them(project: Path) -> None:
    state = project / "terraform" / "terraform.tfstate"
    state.write_text((STATES / "sensitive.json").read_text())
    deployment = deploy_stack(project, "prod")
    assert deployment.without_stack()
    assert SECRET not in repr((deployment.registrations, deployment.exports, deployment.calls))


def test_what_is_read_holds_none_of_them() -> None:
    assert SECRET not in repr(read_state(TerraformState(path="sensitive.json")))


@pytest.mark.parametrize("path", ["admin_password", "network.vpn_key", "network.vpc_id"])
def test_a_sensitive_output_is_refused_whatever_is_in_it(path: str) -> None:
    settings = TerraformState(path="sensitive.json", outputs={"vpc_id": path})
    message = complaint(settings)
    assert f"output vpc_id (at {path}) is sensitive in Terraform" in message
    assert "nonsensitive(…)" in message
    assert "todo:terraformState.allowSensitive" in message


def test_an_id_in_a_sensitive_output_is_taken_when_that_is_allowed_by_name() -> None:
    settings = TerraformState(
        path="sensitive.json", outputs={"vpc_id": "network.vpc_id"}, allow_sensitive=True
    )
    assert read_state(settings).vpc_id == "vpc-0a1b2c3d4e5f60718"


@pytest.mark.parametrize("path", ["admin_password", "network.vpn_key", "network"])
def test_what_is_no_id_in_a_sensitive_output_is_not_printed(path: str) -> None:
    settings = TerraformState(path="sensitive.json", outputs={"vpc_id": path}, allow_sensitive=True)
    message = complaint(settings)
    assert "(not shown, as it may be sensitive); it has to look like vpc-" in message


def test_nothing_is_printed_of_a_state_that_does_not_say_what_is_sensitive() -> None:
    outputs = StateOutputs(values={"vpc_id": SECRET}, sensitive=None)
    assert outputs.quote("vpc_id", SECRET) == (
        "a text of 28 characters (not shown, as it may be sensitive)"
    )


def test_a_list_with_a_secret_among_the_ids_does_not_print_it(tmp_path: Path) -> None:
    state = state_named("plain")
    state["outputs"]["public_subnet_ids"] |= {"value": [SECRET, "x"], "sensitive": True}
    (tmp_path / "state").write_text(json.dumps(state))
    settings = TerraformState(path="state", allow_sensitive=True)
    assert "output public_subnet_ids holds a text of 28 characters" in complaint(settings, tmp_path)


@pytest.mark.parametrize(
    ("content", "marks"),
    [
        ('{"outputs": {"a": {"sensitive": true}, "b": {"value": 1}}}', {"a"}),
        ('{"outputs": {}}', set()),
        ('{"modules": []}', None),
        ('{"outputs": []}', None),
        ('{"outputs": {"a": 1}}', None),
        ("[]", None),
        ("{", None),
        ("\x00", None),
    ],
)
def test_knows_what_a_file_calls_sensitive_or_that_it_does_not_say(
    tmp_path: Path, content: str, marks: set[str] | None
) -> None:
    (tmp_path / "state").write_text(content)
    assert terraform_state._sensitive(tmp_path / "state") == marks


def test_a_file_that_is_gone_says_nothing(tmp_path: Path) -> None:
    assert terraform_state._sensitive(tmp_path / "state") is None


def test_the_plugin_is_handed_no_secret() -> None:
    cloud = Cloud()
    read_state(TerraformState(path="sensitive.json"), cloud)
    assert SECRET not in repr(cloud.asked)


def test_the_program_uses_nothing_but_the_contract(project: Path) -> None:
    recorded = Deployment()
    state = project / "terraform" / "terraform.tfstate"
    state.write_text((STATES / "sensitive.json").read_text())
    changes = {"outputs": {"vpc_id": "admin_password"}}
    with pytest.raises(InfrastructureError) as caught:
        deploy_stack(project, "prod", recorded, terraformState=changes)
    assert SECRET not in str(caught.value)
    assert recorded.without_stack() == []
