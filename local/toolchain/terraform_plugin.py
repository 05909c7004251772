"""`pulumi-resource-terraform`: reads the outputs of Terraform states, for pulumi-terraform."""

import json
from pathlib import Path

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
from local.toolchain.property_values import to_data
from local.toolchain.terraform_remote import read_remote
from local.toolchain.terraform_s3 import read_s3
from local.toolchain.terraform_states import Arguments, StateError, outputs_of, text
from local.toolchain.versions import required_version

__all__ = ["TerraformState", "read_local"]

_DEFAULT_PATH = "terraform.tfstate"


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
            "terraform:state:getRemoteReference": read_remote,
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
        "reads local, remote and S3 states. Install the real plugin to use it: "
        "`pulumi plugin install resource terraform`."
    )
    return InvokeResponse(failures=[CheckFailure("", reason)])


def read_local(arguments: Arguments) -> dict[str, PropertyValue]:
    """Read a state from `path`, by default terraform.tfstate in `workspaceDir`.

    Raises:
        StateError: if there is no readable state.
    """
    directory = Path(text(arguments, "workspaceDir") or ".")
    path = directory / (text(arguments, "path") or _DEFAULT_PATH)
    try:
        content = path.read_text()
    except FileNotFoundError:
        raise StateError(
            "path",
            f"There is no Terraform state at {path.resolve()}. "
            "Run `terraform apply` there first, or correct the path.",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise StateError("path", f"Cannot read the Terraform state {path}: {error}.") from None
    return outputs_of(content, str(path), argument="path")


if __name__ == "__main__":
    serve(TerraformState(), required_version("pulumi-terraform"))
