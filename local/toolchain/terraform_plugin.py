"""`pulumi-resource-terraform`: reads the outputs of Terraform states, for pulumi-terraform."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import (
    CheckFailure,
    GetSchemaRequest,
    GetSchemaResponse,
    InvokeRequest,
    InvokeResponse,
    Provider,
)

from local.toolchain.plugin_server import serve
from local.toolchain.property_values import from_data, to_data
from local.toolchain.versions import required_version

__all__ = ["StateError", "TerraformState", "outputs_of", "read_local", "read_s3"]

_DEFAULT_PATH = "terraform.tfstate"
_DEFAULT_WORKSPACE_PREFIX = "env:"
_SUPPORTED_VERSION = 4  # of the state format, since Terraform 0.12

Arguments = Mapping[str, object]


class StateError(Exception):
    """A state that cannot be read.

    Attributes:
        argument: the argument of the reference that has to be changed.
    """

    def __init__(self, argument: str, reason: str) -> None:
        super().__init__(reason)
        self.argument = argument


class TerraformState(Provider):
    """Functions that read states; no resources."""

    async def get_schema(self, _request: GetSchemaRequest) -> GetSchemaResponse:
        """Give the least that counts as a schema."""
        version = required_version("pulumi-terraform")
        return GetSchemaResponse(json.dumps({"name": "terraform", "version": version}))

    async def invoke(self, request: InvokeRequest) -> InvokeResponse:
        """Read a state's outputs."""
        readers = {
            "terraform:state:getLocalReference": read_local,
            "terraform:state:getS3Reference": read_s3,
        }
        arguments = {name: to_data(value) for name, value in request.args.items()}
        if request.tok not in readers:
            return _refusal(request.tok)
        try:
            outputs = readers[request.tok](arguments)
        except StateError as error:
            return InvokeResponse(failures=[CheckFailure(error.argument, str(error))])
        return InvokeResponse({"outputs": PropertyValue(outputs)})


def _refusal(token: str) -> InvokeResponse:
    reason = (
        f"{token} is not supported by the offline stand-in for Pulumi's Terraform plugin, which "
        "reads local and S3 states. Install the real plugin to use it: "
        "`pulumi plugin install resource terraform`."
    )
    return InvokeResponse(failures=[CheckFailure("", reason)])


def read_local(arguments: Arguments) -> dict[str, PropertyValue]:
    """Read a state from `path`, by default terraform.tfstate in `workspaceDir`.

    Raises:
        StateError: if there is no readable state.
    """
    directory = Path(str(arguments.get("workspaceDir") or "."))
    path = directory / str(arguments.get("path") or _DEFAULT_PATH)
    try:
        text = path.read_text()
    except FileNotFoundError:
        raise StateError(
            "path",
            f"There is no Terraform state at {path.resolve()}. "
            "Run `terraform apply` there first, or correct the path.",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise StateError("path", f"Cannot read the Terraform state {path}: {error}.") from None
    return outputs_of(text, str(path), argument="path")


def read_s3(arguments: Arguments) -> dict[str, PropertyValue]:
    """Read a state from an S3 bucket, with the AWS SDK's own way of finding credentials.

    Raises:
        StateError: if there is no readable state, or an argument is not supported here.
    """
    _refuse_unsupported(arguments)
    bucket, key = str(arguments["bucket"]), _s3_key(arguments)
    location = f"s3://{bucket}/{key}"
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    try:
        client = boto3.Session(
            aws_access_key_id=_text(arguments, "accessKey"),
            aws_secret_access_key=_text(arguments, "secretKey"),
            aws_session_token=_text(arguments, "token"),
            profile_name=_text(arguments, "profile"),
            region_name=_text(arguments, "region"),
        ).client("s3", endpoint_url=_text(arguments, "endpoint") or endpoint)
        body = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    except (BotoCoreError, ClientError) as error:
        raise StateError("key", f"Cannot read the Terraform state {location}: {error}") from None
    return outputs_of(body.decode(errors="replace"), location, argument="key")


def outputs_of(text: str, location: str, *, argument: str) -> dict[str, PropertyValue]:
    """Take the outputs out of a state; those that Terraform calls sensitive become secrets.

    Raises:
        StateError: if the text is no Terraform state of the current format.
    """
    try:
        state = json.loads(text)
    except json.JSONDecodeError as error:
        raise StateError(
            argument, f"{location} is not a Terraform state: it is not JSON ({error})."
        ) from None
    version = state.get("version") if isinstance(state, dict) else None
    if version != _SUPPORTED_VERSION or not isinstance(state.get("outputs"), dict):
        raise StateError(
            argument,
            f"{location} is not a Terraform state of format {_SUPPORTED_VERSION}"
            + (f" but of format {version}." if version else ": it has no format version."),
        )
    return {
        name: from_data(output["value"], secret=output.get("sensitive", False))
        for name, output in state["outputs"].items()
    }


def _s3_key(arguments: Arguments) -> str:
    """The object that holds a workspace's state, by the rule of Terraform's S3 backend."""
    key, workspace = str(arguments["key"]), _text(arguments, "workspace")
    if workspace is None or workspace == "default":
        return key
    prefix = _text(arguments, "workspaceKeyPrefix") or _DEFAULT_WORKSPACE_PREFIX
    return f"{prefix}/{workspace}/{key}"


def _refuse_unsupported(arguments: Arguments) -> None:
    for name in ("roleArn", "sseCustomerKey", "sharedCredentialsFile"):
        if arguments.get(name):
            raise StateError(
                name, f"{name} is not supported by the offline stand-in; use a profile instead."
            )


def _text(arguments: Arguments, name: str) -> str | None:
    value = arguments.get(name)
    return None if value in (None, "") else str(value)


if __name__ == "__main__":
    serve(TerraformState(), required_version("pulumi-terraform"))
