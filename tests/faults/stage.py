"""A private network with a database and applications in it, as containers of the real images."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import httpx2
import pymysql
from pymysql.cursors import Cursor

from local.commands import run
from local.containers import docker
from local.images import PYTHON, database_image, emulator_image
from local.workspace import REGION, Workspace
from tests.faults.http1 import Address
from tests.faults.ledger import Row

__all__ = ["App", "Container", "Database", "Stage", "build_app_image"]

ADMIN_PASSWORD: Final = "the master's own"
APP_USER, APP_PASSWORD = "todo_app", "the app's first"
_READY_SECONDS: Final = 60
# What the service may need to end, on ECS and elsewhere; then comes SIGKILL.
_STOP_SECONDS: Final = 20


def build_app_image(workspace: Workspace) -> str:
    """Build the application's image as a deployment does; unchanged layers are there already."""
    tag = f"{workspace.image_prefix}/faults:1"
    context = str(workspace.root / "app")
    run(
        ["docker", "build", "--build-arg", f"BASE_IMAGE={PYTHON}", "--tag", tag, context],
        log=workspace.logs / "image-faults.log",
        env=workspace.environment(),
    )
    return tag


@dataclass(frozen=True)
class Container:
    """A container of a stage."""

    id: str

    def inspect(self) -> Any:  # noqa: ANN401 - Docker's JSON
        """Everything that Docker knows of it."""
        (shown,) = json.loads(docker("inspect", self.id))
        return shown

    @property
    def ip(self) -> str:
        """Its address now; another start may bring another."""
        (network,) = self.inspect()["NetworkSettings"]["Networks"].values()
        return str(network["IPAddress"])

    def signal(self, name: str) -> None:
        """Send a signal to its first process."""
        docker("kill", "--signal", name, self.id)

    def wait(self) -> int:
        """Wait for its end and return the exit code."""
        return int(docker("wait", self.id))

    def stop(self) -> int:
        """SIGTERM, and SIGKILL (137) if it takes too long; return the exit code."""
        docker("stop", "--time", str(_STOP_SECONDS), self.id)
        return int(self.inspect()["State"]["ExitCode"])

    def log(self) -> str:
        """What it wrote."""
        return docker("logs", self.id)


@dataclass(frozen=True)
class Database(Container):
    """The database server; its data survives a restart, not a removal."""

    ca_pem: str

    def connect(
        self, user: str = "root", password: str = ADMIN_PASSWORD
    ) -> pymysql.Connection[Cursor]:
        """Connect, as the master or another; over TLS without questions: it is our own."""
        return pymysql.connect(
            host=self.ip,
            user=user,
            password=password,
            ssl_verify_cert=False,
            ssl={"check_hostname": False},
            autocommit=True,
        )

    def wait_until_ready(self) -> None:
        """Wait until logins succeed."""
        deadline = time.monotonic() + _READY_SECONDS
        while True:
            try:
                self.connect().close()
            except (pymysql.Error, ValueError):
                assert time.monotonic() < deadline, self.log()
                time.sleep(0.1)
            else:
                return

    def kill(self) -> None:
        """SIGKILL: no goodbye, no clean files."""
        self.signal("KILL")
        self.wait()

    def start(self) -> None:
        """Start it again after its end."""
        docker("start", self.id)

    def rows(self, lists: list[str]) -> list[Row]:
        """The to-dos in these lists."""
        marks = ", ".join(["UNHEX(%s)"] * len(lists))
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT LOWER(HEX(list_id)), id, title, completed "  # noqa: S608 - marks only
                f"FROM todo.todos WHERE list_id IN ({marks})",
                lists,
            )
            return [Row(row[0], row[1], row[2], bool(row[3])) for row in cursor.fetchall()]

    def kill_sessions(self) -> int:
        """End every session of the application's account; return how many there were."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM information_schema.processlist WHERE user = %s", (APP_USER,)
            )
            sessions = [row[0] for row in cursor.fetchall()]
            for session in sessions:
                try:
                    cursor.execute("KILL %s", (session,))
                except pymysql.OperationalError:
                    continue  # gone meanwhile
        return len(sessions)


@dataclass(frozen=True)
class App(Container):
    """One running copy of the application."""

    @property
    def address(self) -> Address:
        """Where it answers."""
        return self.ip, 8080

    def wait_until_ready(self) -> None:
        """Wait until it answers requests that need the database."""
        url = f"http://{self.ip}:8080/readyz"
        deadline = time.monotonic() + _READY_SECONDS
        while True:
            try:
                if httpx2.get(url, timeout=10).status_code == 200:
                    return
            except httpx2.TransportError:
                pass
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)


class Stage:
    """Makes containers in a network of their own; all are removed at its end."""

    def __init__(self, workspace: Workspace, app_image: str) -> None:
        self._workspace, self._app_image = workspace, app_image
        self._network = f"todo-faults-{uuid.uuid4().hex[:8]}"
        self._ids: list[str] = []

    def __enter__(self) -> Self:
        docker("network", "create", self._network)
        return self

    def __exit__(self, *_: object) -> None:
        if self._ids:
            docker("rm", "--force", "--volumes", *self._ids)
        docker("network", "rm", self._network)

    def database(self) -> Database:
        """Start a database server, `database` by name, with the schema in it."""
        container = self._run(
            database_image(self._workspace),
            "--require_secure_transport=1",
            name="database",
            environment={"MYSQL_ROOT_PASSWORD": ADMIN_PASSWORD},
        )
        ca_pem = (self._workspace.tls / "database-ca.pem").read_text()
        database = Database(container.id, ca_pem)
        database.wait_until_ready()
        migration = self._run(self._app_image, "migrate", environment=_migrate(database))
        assert migration.wait() == 0, migration.log()
        return database

    def app(self, database: Database, environment: Mapping[str, str] | None = None) -> App:
        """Start the application; it may not be ready yet."""
        own = {**_serve(database), **(environment or {})}
        own = {name: value for name, value in own.items() if value}
        hardened = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
        return App(self._run(self._app_image, environment=own, options=hardened).id)

    def secrets_manager(self) -> Container:
        """Start AWS Secrets Manager as the local system has it, `secrets` by name, port 4566."""
        environment = {"GATEWAY_PORT": "4566"}
        return self._run(emulator_image(self._workspace), name="secrets", environment=environment)

    def remove(self, container: Container) -> None:
        """Remove a container before the end."""
        docker("rm", "--force", "--volumes", container.id)
        self._ids.remove(container.id)

    def _run(
        self,
        image: str,
        *command: str,
        environment: Mapping[str, str],
        name: str | None = None,
        options: tuple[str, ...] = (),
    ) -> Container:
        named = ("--hostname", name, "--network-alias", name) if name else ()
        variables = [word for pair in environment.items() for word in ("--env", "=".join(pair))]
        identifier = docker(
            *("create", "--network", self._network, *named, *options, *variables),
            *(image, *command),
        ).strip()
        self._ids.append(identifier)
        docker("start", identifier)
        return Container(identifier)


def _reach(database: Database) -> dict[str, str]:
    return {
        "DATABASE_HOST": "database",
        "DATABASE_CA_PEM": database.ca_pem,
        "DATABASE_USER": APP_USER,
        "DATABASE_PASSWORD": APP_PASSWORD,
    }


def _migrate(database: Database) -> dict[str, str]:
    admin = {"DATABASE_ADMIN_USER": "root", "DATABASE_ADMIN_PASSWORD": ADMIN_PASSWORD}
    return {**_reach(database), **admin}


def _serve(database: Database) -> dict[str, str]:
    # All requests come from one address, and they are many.
    quiet = {"ACCESS_LOG": "off", "RATE_LIMIT_PER_SECOND": "0", "AWS_REGION": REGION}
    return {**_reach(database), **quiet}
