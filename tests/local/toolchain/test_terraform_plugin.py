import inspect
import json
import re
from pathlib import Path

import pulumi_terraform
import pytest
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import InvokeRequest, InvokeResponse

from local.toolchain.property_values import to_data
from local.toolchain.terraform_plugin import TerraformState, read_local
from local.toolchain.terraform_s3 import ARGUMENTS as S3_ARGUMENTS

KNOWN_TO_S3 = {re.sub(r"(?=[A-Z])", "_", name).lower() for name in S3_ARGUMENTS}
OUTPUTS: dict[str, dict[str, object]] = {
    "vpc_id": {"value": "vpc-1"},
    "subnets": {"value": ["a", None, {"zone": 1, "public": True}]},
    "count": {"value": 3},
    "ratio": {"value": 0.5},
    "nothing": {"value": None},
    "password": {"value": {"text": "s3cret"}, "sensitive": True},
}
STATE = json.dumps({"version": 4, "outputs": OUTPUTS})


@pytest.fixture
def state(tmp_path: Path) -> Path:
    path = tmp_path / "terraform.tfstate"
    path.write_text(STATE)
    return path


async def invoke(function: str, **arguments: str) -> InvokeResponse:
    values = {name: PropertyValue(value) for name, value in arguments.items()}
    return await TerraformState().invoke(InvokeRequest(f"terraform:state:{function}", values))


async def test_outputs_keep_their_values_and_types(state: Path) -> None:
    response = await invoke("getLocalReference", path=str(state))
    assert response.return_value is not None
    outputs = to_data(response.return_value["outputs"])
    assert outputs == {name: output["value"] for name, output in OUTPUTS.items()}


def test_sensitive_outputs_are_secrets_and_others_are_not(state: Path) -> None:
    outputs = read_local({"path": str(state)})
    assert {name for name, value in outputs.items() if value.is_secret} == {"password"}


def test_the_default_is_terraform_tfstate_in_the_workspace_directory(state: Path) -> None:
    assert to_data(read_local({"workspaceDir": str(state.parent)})["vpc_id"]) == "vpc-1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[]", "no format version"),
        ("{}", "no format version"),
        ('{"version": 3, "modules": []}', "not a Terraform state of format 4 but of format 3"),
        ('{"version": 4}', "not a Terraform state of format 4"),
    ],
)
async def test_what_is_no_state_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(text)
    [failure] = (await invoke("getLocalReference", path=str(path))).failures
    assert failure.property == "path"
    assert str(path) in failure.reason
    assert message in failure.reason


async def test_a_missing_state_says_to_apply_first(tmp_path: Path) -> None:
    [failure] = (await invoke("getLocalReference", path=str(tmp_path / "none"))).failures
    assert "terraform apply" in failure.reason


async def test_a_directory_is_no_state(tmp_path: Path) -> None:
    [failure] = (await invoke("getLocalReference", path=str(tmp_path))).failures
    assert "Cannot read" in failure.reason


async def test_other_states_are_refused_with_the_way_out() -> None:
    [failure] = (await invoke("getAzureRmReference", key="k")).failures
    assert "pulumi plugin install resource terraform" in failure.reason


async def test_an_encrypted_state_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text('{"encrypted_data": "AAAA", "encryption_version": "v0"}')
    [failure] = (await invoke("getLocalReference", path=str(path))).failures
    assert "is an encrypted state" in failure.reason


FUNCTIONS = {
    "get_local_reference": {"path", "workspace_dir"},
    "get_s3_reference": KNOWN_TO_S3,
    "get_remote_reference": {"hostname", "organization", "token", "workspaces"},
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_arguments_are_those_of_the_sdk(function: str) -> None:
    parameters = inspect.signature(getattr(pulumi_terraform.state, function)).parameters
    assert set(parameters) - {"opts"} == FUNCTIONS[function]
