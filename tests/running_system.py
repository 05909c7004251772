"""The running local system, as the engine, browser and fault tests see it."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import httpx2
import pymysql
from pymysql.cursors import Cursor

from local.containers import Container, containers
from local.pulumi_engine import engine_environment
from local.system import load_balancer_host
from local.workspace import REGION, Workspace

__all__ = [
    "CommandResult",
    "RunningSystem",
    "aws_client",
    "local_command",
    "plain_pulumi",
    "run_command",
]


@dataclass(frozen=True, kw_only=True)
class CommandResult:
    """What a command printed, and its exit code."""

    code: int
    output: str


def run_command(
    words: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None
) -> CommandResult:
    """Run a command to its end, whatever that is."""
    done = subprocess.run(
        words,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=1500,
    )
    return CommandResult(code=done.returncode, output=done.stdout)


def local_command(
    command: str, workspace: Workspace, env: Mapping[str, str] | None = None
) -> CommandResult:
    """Run `python3 -m local COMMAND` in a checkout, as the Makefile does."""
    env = {**(os.environ if env is None else env), "LOCAL_PORT": str(workspace.port)}
    return run_command([sys.executable, "-m", "local", command], cwd=workspace.root, env=env)


def plain_pulumi(workspace: Workspace, *arguments: str) -> CommandResult:
    """Run `pulumi` itself in a checkout, with nothing of ours but the environment."""
    words = ["pulumi", *arguments, "--non-interactive", "--color", "never"]
    return run_command(words, cwd=workspace.root, env=engine_environment(workspace))


def aws_client(session: Any, workspace: Workspace, service: str) -> Any:  # noqa: ANN401 - boto3's
    """Make an AWS client for a local system; `boto3` itself is a session, for one thread."""
    scaling = service == "application-autoscaling"
    return session.client(
        service,
        endpoint_url=workspace.autoscaling_endpoint if scaling else workspace.endpoint,
        region_name=REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


@dataclass(frozen=True, kw_only=True)
class RunningSystem:
    """A system that `make up` has brought up.

    Attributes:
        workspace: its checkout and port.
        first_up: what that `make up` printed.
    """

    workspace: Workspace = field(default_factory=Workspace)
    first_up: str

    @property
    def host(self) -> str:
        """Name under which the load balancer answers."""
        return load_balancer_host(self.workspace)

    def client(self) -> httpx2.Client:
        """An HTTP client that goes through the load balancer, as a user's would."""
        return httpx2.Client(
            base_url=f"http://127.0.0.1:{self.workspace.http_port}",
            headers={"Host": self.host},
            timeout=30,
        )

    def aws(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its classes at run time
        """An AWS client for the emulator, or for what the local stack has besides."""
        return aws_client(boto3, self.workspace, service)

    def database_address(self) -> tuple[str, int]:
        """Host and port of the database instance."""
        (instance,) = self.aws("rds").describe_db_instances()["DBInstances"]
        return instance["Endpoint"]["Address"], instance["Endpoint"]["Port"]

    def password(self, username: str) -> str:
        """Password of a database account, from its secret."""
        manager = self.aws("secretsmanager")
        for secret in manager.list_secrets()["SecretList"]:
            value = json.loads(manager.get_secret_value(SecretId=secret["ARN"])["SecretString"])
            if value["username"] == username:
                return str(value["password"])
        raise LookupError(username)

    def database(
        self, username: str = "todo_admin", tls: ssl.SSLContext | None = None
    ) -> pymysql.Connection[Cursor]:
        """A connection as one of the database's accounts; `tls` defaults to our authority."""
        host, port = self.database_address()
        authority = self.workspace.tls / "database-ca.pem"
        return pymysql.connect(
            host=host,
            port=port,
            user=username,
            password=self.password(username),
            database="todo",
            ssl=tls or ssl.create_default_context(cafile=authority),
            autocommit=True,
        )

    def titles(self) -> set[str]:
        """Titles of every todo in the database's table."""
        with self.database() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT title FROM todos")
            return {str(row[0]) for row in cursor.fetchall()}

    def containers(self) -> list[Container]:
        """Every container of the system."""
        return containers(self.workspace)

    def tasks(self) -> list[Container]:
        """The running containers of the service."""
        return [c for c in self.containers() if c.name.endswith("-app") and c.is_running]

    def addresses(self, container: Container) -> list[str]:
        """The container's addresses in its networks."""
        template = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
        shown = subprocess.run(
            ["docker", "inspect", "--format", template, container.id],
            capture_output=True,
            text=True,
            check=True,
        )
        return shown.stdout.split()
