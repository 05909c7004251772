"""The containers of a task, as ECS wants them written. No resources here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

__all__ = ["SERVICE_PORT", "ContainerSettings", "container_definitions", "secret_key"]

SERVICE_PORT = 8080
# The user that the image makes and owns nothing with.
_USER = "65532:65532"
# Above the time that the application takes to finish what it has begun.
_STOP_TIMEOUT_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class ContainerSettings:
    """Everything the containers differ in from one deployment to another.

    Attributes:
        image: Reference by digest.
        region: Where the log group is.
        log_group: Its name.
        environment: Plain variables, the same for both containers; nothing secret.
        migrate_secrets: Variables of `migrate` alone, and the secrets they come from: the master's.
    """

    image: pulumi.Input[str]
    region: str
    log_group: str
    environment: Mapping[str, pulumi.Input[str]]
    migrate_secrets: Mapping[str, pulumi.Input[str]]


def secret_key(arn: pulumi.Input[str], key: str) -> pulumi.Output[str]:
    """Name one key of a JSON secret, in its current version, as ECS wants it."""
    return pulumi.Output.concat(arn, ":", key, "::")


def container_definitions(settings: ContainerSettings) -> list[dict[str, Any]]:
    """Return the definitions of `app`, which serves, and of `migrate`, which ends before it does.

    Only `migrate` gets the master's credentials. The application's own are in nobody's environment,
    where they would stay as they were when the task started: they are read at run time.
    """
    migrate = _container(settings, "migrate") | {
        "essential": False,
        "secrets": [
            {"name": variable, "valueFrom": source}
            for variable, source in settings.migrate_secrets.items()
        ],
    }
    app = _container(settings, "app", argument="serve") | {
        "essential": True,
        "dependsOn": [{"containerName": "migrate", "condition": "SUCCESS"}],
        "portMappings": [
            {"containerPort": SERVICE_PORT, "hostPort": SERVICE_PORT, "protocol": "tcp"}
        ],
        "stopTimeout": _STOP_TIMEOUT_SECONDS,
    }
    return [app, migrate]


def _container(
    settings: ContainerSettings, name: str, argument: str | None = None
) -> dict[str, Any]:
    return {
        "name": name,
        "image": settings.image,
        "command": [argument or name],
        "environment": [
            {"name": key, "value": value} for key, value in sorted(settings.environment.items())
        ],
        "user": _USER,
        "readonlyRootFilesystem": True,
        "linuxParameters": {"capabilities": {"drop": ["ALL"]}, "initProcessEnabled": True},
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": settings.log_group,
                "awslogs-region": settings.region,
                "awslogs-stream-prefix": name,
                # A slow log service must not stop the application: lines wait in memory.
                "mode": "non-blocking",
                "max-buffer-size": "4m",
            },
        },
    }
