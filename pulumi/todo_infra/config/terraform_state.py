"""Where the state of the existing infrastructure is, and what its outputs are called."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Annotated

from todo_infra.errors import ConfigError

from .rules import RELATIVE_PATH, OneOf, Text, YesNo, key_of, rules_of

__all__ = ["OUTPUT_NAMES", "OUTPUT_PATH", "OutputPaths", "TerraformState", "contradictions"]

OUTPUT_NAMES = (
    "vpc_id",
    "public_subnet_ids",
    "private_subnet_ids",
    "availability_zones",
    "repository_url",
)
"""The outputs that the program reads, by the names that `terraform/outputs.tf` gives them."""


@dataclass(frozen=True)
class OutputPaths:
    """Our names of outputs, and where the state has them.

    A path is an output's name, followed by keys, list positions or `*` for every item:
    `network.vpc.id`, `subnets.0`, `private_subnets.*.id`.
    """

    allowed: str = (
        f"an object that maps {', '.join(OUTPUT_NAMES)} to outputs of the state, "
        "such as network.vpc.id or private_subnets.*.id"
    )

    def parse(self, value: object) -> Mapping[str, str]:
        """Accept our own names only, each with the path of an output."""
        if not isinstance(value, Mapping) or not set(value) <= set(OUTPUT_NAMES):
            raise ValueError(value)
        if not all(
            isinstance(path, str) and re.fullmatch(OUTPUT_PATH, path) for path in value.values()
        ):
            raise ValueError(value)
        return dict(value)


OUTPUT_PATH = r"[A-Za-z_][\w-]*(\.([\w/ -]+|\*))*"
_WORKSPACE = Text(r"[A-Za-z0-9_.-]+", "the name of a Terraform workspace")
_URL = Text(r"https?://[^\s/]+/?", "a URL such as https://s3.example.com")


@dataclass(frozen=True, kw_only=True)
class TerraformState:
    """Where the state of the existing infrastructure is.

    Credentials are no config: AWS's and HCP Terraform's come from the environment.

    Attributes:
        backend: The kind of Terraform backend.
        path: local: the state file, relative to the project's root.
        bucket: s3: the bucket.
        key: s3: the state's key in the bucket, without the workspace's prefix.
        region: s3: the bucket's region; default: the stack's.
        workspace: s3, remote: the workspace; default in s3: Terraform's own `default`.
        workspace_key_prefix: s3: the prefix of other workspaces; default: Terraform's `env:`.
        endpoint: s3: another service that speaks S3, or a private endpoint of it.
        sts_endpoint: s3: where the role is assumed, if not at AWS's public endpoint.
        role_arn: s3: the role to read as, in an account of its own for instance.
        external_id: s3: what the role's trust policy asks for.
        profile: s3: the profile of the shared AWS config to read as.
        hostname: remote: the host of HCP Terraform or Terraform Enterprise.
        organization: remote: the organization of the workspace.
        outputs: Where the state has what is called otherwise there.
        allow_sensitive: Take ids out of outputs that Terraform calls sensitive; they are
            no secrets here, but plain text in previews and in this stack's state.
        verify_subnets: Ask AWS whether the subnets are in the VPC, and in which zones.
    """

    backend: Annotated[str, OneOf(("local", "s3", "remote"))] = "local"
    path: Annotated[str, RELATIVE_PATH] = "terraform/terraform.tfstate"
    bucket: Annotated[
        str | None, Text(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "the name of an S3 bucket")
    ] = None
    key: Annotated[
        str | None, Text(r"[^/\s]\S*", "the state's key in the bucket, without a leading /")
    ] = None
    region: Annotated[
        str | None, Text(r"[a-z]{2}(-[a-z]+)+-\d", "an AWS region such as eu-west-1")
    ] = None
    workspace: Annotated[str | None, _WORKSPACE] = None
    workspace_key_prefix: Annotated[
        str | None, Text(r"[^/\s](\S*[^/\s])?", "a prefix of keys, without / at its ends")
    ] = None
    endpoint: Annotated[str | None, _URL] = None
    sts_endpoint: Annotated[str | None, _URL] = None
    role_arn: Annotated[
        str | None, Text(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+", "the ARN of an IAM role")
    ] = None
    external_id: Annotated[str | None, Text(r"[\w+=,.@:/-]{2,1224}", "an external id")] = None
    profile: Annotated[str | None, Text(r"[^\s\[\]]+", "the name of an AWS profile")] = None
    hostname: Annotated[
        str, Text(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d+)?", "a host, or host:port, in lower case")
    ] = "app.terraform.io"
    organization: Annotated[str | None, Text(r"[\w-]+", "the name of an organization")] = None
    outputs: Annotated[Mapping[str, str] | None, OutputPaths()] = None
    allow_sensitive: Annotated[bool, YesNo()] = False
    verify_subnets: Annotated[bool, YesNo()] = True


_BACKENDS_OF = {
    "path": ("local",),
    "bucket": ("s3",),
    "key": ("s3",),
    "region": ("s3",),
    "workspace": ("s3", "remote"),
    "workspace_key_prefix": ("s3",),
    "endpoint": ("s3",),
    "sts_endpoint": ("s3",),
    "role_arn": ("s3",),
    "external_id": ("s3",),
    "profile": ("s3",),
    "hostname": ("remote",),
    "organization": ("remote",),
}
"""Which backends a field is for; the others are for all of them."""

_NEEDED: dict[str, tuple[str, ...]] = {
    "local": (),
    "s3": ("bucket", "key"),
    "remote": ("organization", "workspace"),
}


def contradictions(settings: TerraformState, key: str) -> Iterator[ConfigError]:
    """Yield what is stated for another backend, and what is missing for this one.

    Args:
        settings: What the stack says.
        key: The full key of the object, such as `todo:terraformState`.
    """
    for field in fields(settings):
        value = getattr(settings, field.name)
        backends = _BACKENDS_OF.get(field.name, (settings.backend,))
        if settings.backend not in backends and value != field.default:
            allowed = f"nothing with backend {settings.backend}"
            yield ConfigError(
                f"{key}.{key_of(field.name)}", value, allowed, _way_out(settings, key, field.name)
            )
    for name in _NEEDED[settings.backend]:
        if getattr(settings, name) is None:
            allowed = rules_of(TerraformState)[name].allowed
            fix = f"Backend {settings.backend} needs it."
            yield ConfigError(f"{key}.{key_of(name)}", None, allowed, fix)
    if settings.backend == "s3" and settings.external_id and not settings.role_arn:
        yield ConfigError(
            f"{key}.externalId",
            settings.external_id,
            "nothing without roleArn",
            f"Remove it, or name the role in {key}.roleArn.",
        )


def _way_out(settings: TerraformState, key: str, name: str) -> str:
    if settings.backend == "local" and name == "workspace":
        file = f"terraform/terraform.tfstate.d/{settings.workspace}/terraform.tfstate"
        return f"Remove it, and name the workspace's own file in {key}.path, such as {file}."
    return f"Remove it, or set {key}.backend to {' or '.join(_BACKENDS_OF[name])}."
