"""The containers of a task, as ECS wants them written. No resources here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["SERVICE_PORT", "ContainerSettings", "container_definitions"]

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
        app_secret_arn: Secret with the `password` of the application's account.
        master_secret_arn: Secret with the master's `username` and `password`.
    """

    image: str
    region: str
    log_group: str
    environment: Mapping[str, str]
    app_secret_arn: str
    master_secret_arn: str


def container_definitions(settings: ContainerSettings) -> list[dict[str, Any]]:
    """Return the definitions of `app`, which serves, and of `migrate`, which ends before it does.

    Only `migrate` gets the master's credentials.
    """
    app_password = _secret("DATABASE_PASSWORD", settings.app_secret_arn, "password")
    migrate = _container(settings, "migrate") | {
        "essential": False,
        "secrets": [
            _secret("DATABASE_ADMIN_USER", settings.master_secret_arn, "username"),
            _secret("DATABASE_ADMIN_PASSWORD", settings.master_secret_arn, "password"),
            app_password,
        ],
    }
    app = _container(settings, "app", argument="serve") | {
        "essential": True,
        "dependsOn": [{"containerName": "migrate", "condition": "SUCCESS"}],
        "portMappings": [
            {"containerPort": SERVICE_PORT, "hostPort": SERVICE_PORT, "protocol": "tcp"}
        ],
        "stopTimeout": _STOP_TIMEOUT_SECONDS,
        "secrets": [app_password],
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


def _secret(variable: str, arn: str, key: str) -> dict[str, str]:
    """Let ECS put one key of a JSON secret, in its current version, into a variable."""
    return {"name": variable, "valueFrom": f"{arn}:{key}::"}
