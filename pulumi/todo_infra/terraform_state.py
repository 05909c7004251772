"""The bridge to the existing infrastructure: reads Terraform's state, wherever it is kept.

Everything in it happens before the program registers a resource: a state that does not fit
stops the deployment with one message and no change.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pulumi_terraform as terraform

from .config import TerraformState
from .errors import InfrastructureError, one_line
from .terraform_outputs import ExistingInfrastructure, Repository, parse_outputs
from .terraform_paths import StateOutputs
from .terraform_subnets import verify_subnets

__all__ = ["ExistingInfrastructure", "Repository", "read", "remote_token"]

_HCP_TERRAFORM = "app.terraform.io"


def read(root: Path, settings: TerraformState, region: str) -> ExistingInfrastructure:
    """Read the state that the stack's config names, and check what it says.

    Args:
        root: The project's root directory.
        settings: Where the state is.
        region: The stack's region.

    Raises:
        InfrastructureError: The state is missing, unreadable, or not what is needed.
    """
    location = _location(root, settings)
    outputs = StateOutputs(
        values=_values(root, settings, region, location),
        sensitive=_sensitive(root / settings.path) if settings.backend == "local" else None,
        paths=settings.outputs or {},
        allow_sensitive=settings.allow_sensitive,
    )
    try:
        existing = parse_outputs(outputs, region, zones_are_looked_up=settings.verify_subnets)
        return verify_subnets(existing) if settings.verify_subnets else existing
    except InfrastructureError as error:
        raise InfrastructureError(f"The Terraform state at {location} does not fit: {error}") from (
            None
        )


def remote_token(hostname: str, environment: Mapping[str, str]) -> str | None:
    """Find the token for a host, where Terraform's own programs look for it.

    `TF_TOKEN_app_terraform_io` counts for the host it names, with `__` for a hyphen; TFE_TOKEN
    for the host in TFE_HOSTNAME, which is HCP Terraform's when nobody says otherwise. With
    neither, Pulumi's plugin looks into the file that `terraform login` writes. The token is
    no config: it would be the same for every stack, and in every checkout.
    """
    encoded = hostname.replace("-", "__").replace(".", "_")
    if token := environment.get(f"TF_TOKEN_{encoded}"):
        return token
    # Without a look at its host, the token would go to whatever host a stack file names.
    if environment.get("TFE_HOSTNAME", _HCP_TERRAFORM) == hostname:
        return environment.get("TFE_TOKEN") or None
    return None


def _values(
    root: Path, settings: TerraformState, region: str, location: str
) -> Mapping[str, object]:
    advice = _advice(settings)
    if settings.backend == "local" and not (root / settings.path).is_file():
        raise InfrastructureError(f"There is no Terraform state at {location}. {advice}")
    try:
        match settings.backend:
            case "s3":
                return _from_s3(settings, region)
            case "remote":
                return _from_remote(settings)
            case _:
                path = str(root / settings.path)
                return terraform.state.get_local_reference(path=path).outputs
    except Exception as error:
        raise InfrastructureError(
            f"The Terraform state at {location} cannot be read: {one_line(error)}. {advice}"
        ) from error


def _from_s3(settings: TerraformState, region: str) -> Mapping[str, object]:
    # What has an address of its own is seldom AWS: names in the path, and no check of the
    # credentials and the region against what AWS knows.
    elsewhere = True if settings.endpoint else None
    return terraform.state.get_s3_reference(
        bucket=settings.bucket,
        key=settings.key,
        region=settings.region or region,
        workspace=settings.workspace,
        workspace_key_prefix=settings.workspace_key_prefix,
        endpoint=settings.endpoint,
        force_path_style=elsewhere,
        skip_credentials_validation=elsewhere,
        skip_region_validation=elsewhere,
        sts_endpoint=settings.sts_endpoint,
        role_arn=settings.role_arn,
        external_id=settings.external_id,
        profile=settings.profile,
    ).outputs


def _from_remote(settings: TerraformState) -> Mapping[str, object]:
    return terraform.state.get_remote_reference(
        hostname=settings.hostname,
        organization=settings.organization,
        token=remote_token(settings.hostname, os.environ),
        workspaces={"name": settings.workspace or ""},
    ).outputs


def _sensitive(path: Path) -> frozenset[str] | None:
    """Return the sensitive outputs of a state file; None when it does not say.

    Pulumi's plugin hands over values only, without this mark (pulumi-terraform#449).
    """
    try:
        outputs = json.loads(path.read_text())["outputs"]
        return frozenset(name for name, output in outputs.items() if output.get("sensitive"))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _location(root: Path, settings: TerraformState) -> str:
    match settings.backend:
        case "s3":
            workspace = f" (workspace {settings.workspace})" if settings.workspace else ""
            return f"s3://{settings.bucket}/{settings.key}{workspace}"
        case "remote":
            return f"{settings.hostname}/{settings.organization}/{settings.workspace}"
        case _:
            return str(root / settings.path)


def _advice(settings: TerraformState) -> str:
    match settings.backend:
        case "s3":
            return (
                "Correct bucket, key, region or workspace in todo:terraformState; the AWS "
                "credentials need s3:GetObject and s3:ListBucket there, and kms:Decrypt if the "
                "state is encrypted with a key of yours."
            )
        case "remote":
            encoded = settings.hostname.replace("-", "__").replace(".", "_")
            return (
                "Correct hostname, organization or workspace in todo:terraformState; the token "
                f"comes from TF_TOKEN_{encoded}, TFE_TOKEN or `terraform login`, and needs to "
                "read the workspace's state."
            )
        case _:
            return "Run `terraform apply` in terraform/, or correct todo:terraformState.path."
