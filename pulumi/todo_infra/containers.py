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
# Process and socket, and nothing else: what the database does must not end the task. The image has
# no shell, and ECS does not read the image's own check; a test holds the two together.
_ALIVE = (
    "import os, socket\n"
    "with socket.create_connection(('127.0.0.1', int(os.environ['HTTP_PORT'])), 2) as s:\n"
    " s.sendall(b'GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n')\n"
    " raise SystemExit(b' 200 ' not in s.recv(64))"
)
_HEALTH_CHECK = {
    "command": ["CMD", "python", "-I", "-S", "-c", _ALIVE],
    "interval": 10,
    "timeout": 3,
    "retries": 3,
    # The smallest task takes its time to start; failures before do not count.
    "startPeriod": 30,
}


@dataclass(frozen=True, kw_only=True)
class ContainerSettings:
    """Everything the containers differ in from one deployment to another.

    Attributes:
        image: Reference by digest.
        region: Where the log group is.
        log_group: Its name.
        environment: Plain variables, the same for both containers; nothing secret.
        migrate_secrets: Variables of `migrate` alone, and the secrets they come from: the master's.
        pool_size: Database connections that `app` opens at most, to each server.
        lame_duck_seconds: How long `app` goes on serving everybody after it was told to stop.
        allow_exec: Let people into `app`.
    """

    image: pulumi.Input[str]
    region: str
    log_group: str
    environment: Mapping[str, pulumi.Input[str]]
    migrate_secrets: Mapping[str, pulumi.Input[str]]
    pool_size: int
    lame_duck_seconds: int
    allow_exec: bool = False


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
    variables = {
        "DATABASE_POOL_SIZE": str(settings.pool_size),
        "LAME_DUCK_SECONDS": str(settings.lame_duck_seconds),
    }
    app = _container(settings, "app", argument="serve", environment=variables) | {
        "essential": True,
        "dependsOn": [{"containerName": "migrate", "condition": "SUCCESS"}],
        "portMappings": [
            {"containerPort": SERVICE_PORT, "hostPort": SERVICE_PORT, "protocol": "tcp"}
        ],
        "healthCheck": _HEALTH_CHECK,
        "stopTimeout": _STOP_TIMEOUT_SECONDS,
        # The agent that lets people in writes beside them, and AWS has no other way for it.
        "readonlyRootFilesystem": not settings.allow_exec,
    }
    return [app, migrate]


def _container(
    settings: ContainerSettings,
    name: str,
    argument: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    variables = {**settings.environment, **(environment or {})}
    return {
        "name": name,
        "image": settings.image,
        "command": [argument or name],
        "environment": [{"name": key, "value": value} for key, value in sorted(variables.items())],
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
