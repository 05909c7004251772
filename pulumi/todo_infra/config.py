"""The stack's config: every key, its type, its default; read and checked once.

`Pulumi.yaml` declares the same keys and defaults to the CLI, and a test holds the two
together. The product team owns `todo:capacity` and `todo:database`; the platform team
owns the rest.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Annotated, Any

import pulumi

from .config_rules import (
    CidrList,
    OneOf,
    Text,
    WholeNumber,
    YesNo,
    key_of,
    read_settings,
    unknown_keys,
)
from .errors import ConfigError, ConfigErrors
from .sizes import DATABASE_CLASSES, TASK_SIZES

__all__ = [
    "PROJECT",
    "Capacity",
    "Database",
    "DatabaseOperations",
    "Deployment",
    "Image",
    "LoadBalancer",
    "Logs",
    "Settings",
    "TerraformState",
    "load",
]

PROJECT = "todo"

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
_RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827)
_RELATIVE_PATH = Text(
    r"(?!/)(?!.*(^|/)\.\.(/|$)).+", "a path below the project's root, without a leading /"
)
_REGION = Text(r"[a-z]{2}(-[a-z]+)+-\d", "an AWS region such as eu-west-1")


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """How much traffic the service is there for.

    Attributes:
        task_size: T-shirt size of one task; see `sizes.TASK_SIZES`.
        min_tasks: Tasks that always run. Two survive the loss of a zone.
        max_tasks: Tasks that autoscaling may start.
        requests_per_task_per_second: The load of one task that autoscaling aims at.
    """

    task_size: Annotated[str, OneOf(tuple(TASK_SIZES))] = "small"
    min_tasks: Annotated[int, WholeNumber(1, 1000)] = 2
    max_tasks: Annotated[int, WholeNumber(1, 1000)] = 10
    requests_per_task_per_second: Annotated[int, WholeNumber(1, 100_000)] = 100


@dataclass(frozen=True, kw_only=True)
class Database:
    """How big the database is.

    Attributes:
        size: T-shirt size of the instance; see `sizes.DATABASE_CLASSES`. Changing it
            restarts the database in its maintenance window.
        storage_gib: Storage at the start, in GiB. It grows by itself up to four times as
            much, and never shrinks.
    """

    size: Annotated[str, OneOf(tuple(DATABASE_CLASSES))] = "small"
    # gp3 begins at 20 GiB and ends at 64 TiB, which four times the highest value reaches.
    storage_gib: Annotated[int, WholeNumber(20, 16_384)] = 20


@dataclass(frozen=True, kw_only=True)
class TerraformState:
    """Where the state of the existing infrastructure is.

    Attributes:
        backend: The kind of Terraform backend.
        path: The state file, relative to the project's root.
    """

    backend: Annotated[str, OneOf(("local",))] = "local"
    path: Annotated[str, _RELATIVE_PATH] = "terraform/terraform.tfstate"


@dataclass(frozen=True, kw_only=True)
class Image:
    """How the application's image is built, and where it goes.

    Attributes:
        registry: Host of a mirror that answers for the ECR registry; the repository's path
            stays the same. None uses the registry in the repository's own URL.
        platform: Processor architecture, of the image and of the tasks.
        base_image: Replaces the Dockerfile's default `BASE_IMAGE`.
    """

    registry: Annotated[
        str | None, Text(r"[a-z0-9.-]+(:\d{1,5})?", "a host, or host:port, without https://")
    ] = None
    platform: Annotated[str, OneOf(("linux/amd64", "linux/arm64"))] = "linux/amd64"
    base_image: Annotated[str | None, Text(r"\S+", "an image reference")] = None


@dataclass(frozen=True, kw_only=True)
class DatabaseOperations:
    """How the database is run.

    Attributes:
        multi_az: Keep a standby in a second zone.
        backup_retention_days: Days that point-in-time recovery reaches back.
        deletion_protection: Refuse to delete the instance.
        final_snapshot: Take a snapshot before the instance is deleted.
        managed_master_password: Let RDS make, keep and rotate the master password. False
            has this program make it once and keep it in a secret of its own.
        certificate_authority_file: PEM file, relative to the project's root, of the
            authority that signed the server's certificate. None trusts the bundle of AWS
            authorities in the image.
        engine_version: MySQL version; a long-term support line, with or without its patch.
    """

    multi_az: Annotated[bool, YesNo()] = True
    backup_retention_days: Annotated[int, WholeNumber(1, 35)] = 14
    deletion_protection: Annotated[bool, YesNo()] = True
    final_snapshot: Annotated[bool, YesNo()] = True
    managed_master_password: Annotated[bool, YesNo()] = True
    certificate_authority_file: Annotated[str | None, _RELATIVE_PATH] = None
    engine_version: Annotated[
        str, Text(r"(8\.4|9\.7)(\.\d+)?", 'a text such as "8.4" or "8.4.6", of line 8.4 or 9.7')
    ] = "8.4"


@dataclass(frozen=True, kw_only=True)
class LoadBalancer:
    """Who reaches the application, and how.

    Attributes:
        ingress_cidrs: IPv4 networks that may connect to the listener.
        certificate_arn: ACM certificate of the HTTPS listener.
        allow_plain_http: Serve over HTTP when there is no certificate.
        deletion_protection: Refuse to delete the load balancer.
    """

    ingress_cidrs: Annotated[tuple[str, ...], CidrList()] = ("0.0.0.0/0",)
    certificate_arn: Annotated[
        str | None,
        Text(r"arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/[0-9a-f-]+", "an ACM ARN"),
    ] = None
    allow_plain_http: Annotated[bool, YesNo()] = False
    deletion_protection: Annotated[bool, YesNo()] = True


@dataclass(frozen=True, kw_only=True)
class Logs:
    """How long logs are kept.

    Attributes:
        retention_days: Days; CloudWatch Logs knows these numbers only.
    """

    retention_days: Annotated[int, OneOf(_RETENTION_DAYS)] = 90


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """How a deployment goes.

    Attributes:
        wait_for_steady_state: Let `pulumi up` end when the new tasks serve, and fail when
            they do not.
    """

    wait_for_steady_state: Annotated[bool, YesNo()] = True


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything the stack's config says; each field but the region is one `todo:` key."""

    region: str
    capacity: Capacity
    database: Database
    terraform_state: TerraformState
    image: Image
    database_operations: DatabaseOperations
    load_balancer: LoadBalancer
    logs: Logs
    deployment: Deployment


def load() -> Settings:
    """Read and check the running stack's config.

    Raises:
        ConfigErrors: With every problem found, when there is one.
    """
    problems: list[ConfigError] = []
    groups = {field.name: field.type for field in fields(Settings) if field.name != "region"}
    values: dict[str, Any] = {
        name: read_settings(group, f"{PROJECT}:{key_of(name)}", _raw(key_of(name)), problems)
        for name, group in groups.items()
        if isinstance(group, type)
    }
    values["region"] = _region(problems)
    settings = Settings(**values)
    problems.extend(unknown_keys(PROJECT, [key_of(name) for name in groups]))
    # Only once each value is right by itself: a default in place of a refused one misleads.
    if problems := problems or list(_contradictions(settings)):
        raise ConfigErrors(problems)
    return settings


def _raw(key: str) -> object:
    """Return a config value as the stack file has it; the engine hands over JSON text."""
    text = pulumi.Config(PROJECT).get(key)
    try:
        return None if text is None else json.loads(text)
    except json.JSONDecodeError:
        return text


def _region(problems: list[ConfigError]) -> str:
    region = pulumi.Config("aws").get("region")
    try:
        return _REGION.parse(region)
    except ValueError:
        fix = "Set it with `pulumi config set aws:region eu-west-1`."
        problems.append(ConfigError("aws:region", region, _REGION.allowed, fix))
        return ""


def _contradictions(settings: Settings) -> Iterator[ConfigError]:
    """Yield what no single value shows."""
    capacity, balancer = settings.capacity, settings.load_balancer
    if capacity.max_tasks < capacity.min_tasks:
        yield ConfigError(
            f"{PROJECT}:capacity.maxTasks",
            capacity.max_tasks,
            f"minTasks ({capacity.min_tasks}) or more",
            "Raise maxTasks or lower minTasks.",
        )
    if balancer.certificate_arn is None and not balancer.allow_plain_http:
        yield ConfigError(
            f"{PROJECT}:loadBalancer.certificateArn",
            None,
            "the ARN of an ACM certificate",
            f"Give one, or set {PROJECT}:loadBalancer.allowPlainHttp to true where "
            "traffic may be read on its way.",
        )
