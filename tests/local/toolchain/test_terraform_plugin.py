import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import InvokeRequest, InvokeResponse

from local.toolchain.property_values import to_data
from local.toolchain.terraform_plugin import StateError, TerraformState, read_local, read_s3

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


async def test_remote_states_are_refused_with_the_way_out() -> None:
    [failure] = (await invoke("getRemoteReference", organization="o")).failures
    assert "pulumi plugin install resource terraform" in failure.reason


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An S3 endpoint with STATE at states/network and at states/env:/blue/network."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path in ("/states/network", "/states/env%3A/blue/network")
            body = STATE.encode() if found else b"<Error><Code>NoSuchKey</Code></Error>"
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    yield endpoint
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("workspace", [{}, {"workspace": "default"}, {"workspace": "blue"}])
def test_reads_states_from_s3(bucket: str, workspace: dict[str, str]) -> None:
    arguments = {"bucket": "states", "key": "network", "region": "eu-west-1", **workspace}
    assert to_data(read_s3(arguments)["vpc_id"]) == "vpc-1"
    assert bucket


def test_a_missing_object_is_named(bucket: str) -> None:
    arguments = {"bucket": "states", "key": "other", "region": "eu-west-1", "endpoint": bucket}
    with pytest.raises(StateError, match="s3://states/other"):
        read_s3(arguments)


def test_settings_it_would_have_to_ignore_are_refused() -> None:
    with pytest.raises(StateError, match="roleArn is not supported"):
        read_s3({"bucket": "states", "key": "network", "roleArn": "arn:aws:iam::1:role/x"})
