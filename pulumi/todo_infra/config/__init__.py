"""The stack's config: every key, its type, its default; read and checked once.

`Pulumi.yaml` declares the same keys and defaults to the CLI, and a test holds the two
together. The product team owns `todo:capacity` and `todo:database`; the platform team
owns the rest.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from pulumi.runtime import config as runtime_config

from todo_infra.errors import ConfigError, ConfigErrors

from .audit import Audit
from .capacity import Capacity
from .capacity import contradictions as capacity_contradictions
from .database import Database, DatabaseOperations, replica_contradictions
from .database import contradictions as database_contradictions
from .encryption import Encryption
from .image import Image
from .load_balancer import LoadBalancer
from .load_balancer import contradictions as load_balancer_contradictions
from .network import Network
from .observability import Observability
from .observability import contradictions as observability_contradictions
from .restore import Restore
from .rules import Text, key_of, read_settings, unknown_keys
from .secrets import Secrets
from .service import Deployment, Logs
from .terraform_state import TerraformState
from .terraform_state import contradictions as terraform_state_contradictions

__all__ = [
    "PROJECT",
    "REGION",
    "Audit",
    "Capacity",
    "Database",
    "DatabaseOperations",
    "Deployment",
    "Encryption",
    "Image",
    "LoadBalancer",
    "Logs",
    "Network",
    "Observability",
    "Restore",
    "Secrets",
    "Settings",
    "TerraformState",
    "load",
    "parse",
]

PROJECT = "todo"

REGION = Text(r"[a-z]{2}(-[a-z]+)+-\d", "an AWS region such as eu-west-1")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything the stack's config says; each field but the region is one `todo:` key."""

    region: str
    capacity: Capacity
    database: Database
    terraform_state: TerraformState
    image: Image
    database_operations: DatabaseOperations
    encryption: Encryption
    secrets: Secrets
    load_balancer: LoadBalancer
    network: Network
    logs: Logs
    deployment: Deployment
    observability: Observability
    audit: Audit


def load() -> Settings:
    """Read and check the running stack's config.

    Raises:
        ConfigErrors: With every problem found, when there is one.
    """
    stated = {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}
    # The engine hands over JSON text.
    return parse({key: _decoded(value) for key, value in stated.items()})


def parse(stated: Mapping[str, object]) -> Settings:
    """Check a config, wherever it comes from.

    Args:
        stated: By full key, such as `todo:capacity`.

    Raises:
        ConfigErrors: With every problem found, when there is one.
    """
    problems: list[ConfigError] = []
    groups = {field.name: field.type for field in fields(Settings) if field.name != "region"}
    values: dict[str, Any] = {
        name: read_settings(
            group, f"{PROJECT}:{key_of(name)}", stated.get(f"{PROJECT}:{key_of(name)}"), problems
        )
        for name, group in groups.items()
        if isinstance(group, type)
    }
    values["region"] = _region(stated.get("aws:region"), problems)
    settings = Settings(**values)
    problems.extend(unknown_keys(PROJECT, [key_of(name) for name in groups], stated))
    # Only once each value is right by itself: a default in place of a refused one misleads.
    if problems := problems or list(_contradictions(settings)):
        raise ConfigErrors(problems)
    return settings


def _decoded(text: str) -> object:
    """Return a config value as the stack file has it."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # also what is JSON, but beyond what Python reads
        return text


def _region(region: object, problems: list[ConfigError]) -> str:
    try:
        return REGION.parse(region)
    except ValueError:
        fix = "Set it with `pulumi config set aws:region eu-west-1`."
        problems.append(ConfigError("aws:region", region, REGION.allowed, fix))
        return ""


def _contradictions(settings: Settings) -> Iterator[ConfigError]:
    """Yield what no single value shows."""
    yield from terraform_state_contradictions(settings.terraform_state, f"{PROJECT}:terraformState")
    yield from database_contradictions(
        settings.database_operations, f"{PROJECT}:databaseOperations", datetime.now(UTC).date()
    )
    yield from replica_contradictions(settings.database, settings.database_operations, PROJECT)
    yield from capacity_contradictions(settings.capacity, f"{PROJECT}:capacity")
    yield from load_balancer_contradictions(settings.load_balancer, f"{PROJECT}:loadBalancer")
    yield from observability_contradictions(settings.observability, f"{PROJECT}:observability")
