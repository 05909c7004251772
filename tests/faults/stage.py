"""A private network with a database and applications in it, as containers of the real images."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Final, Self

from local.commands import run
from local.containers import docker
from local.images import PYTHON, database_image, emulator_image
from local.workspace import REGION, Workspace
from tests.faults.chance import seed
from tests.faults.network import Relay, network_image
from tests.faults.servers import ADMIN_PASSWORD, APP_USER, App, Container, Database

__all__ = ["APP_PASSWORD", "Stage", "build_app_image"]

APP_PASSWORD: Final = "the app's first"


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

    def database(self, name: str = "database", *options: str) -> Database:
        """Start a database server with the schema in it.

        Args:
            name: by which applications find it, and for which its certificate is.
            options: of `docker create`.
        """
        container = self._run(
            database_image(self._workspace),
            # As the parameter group of every stack has it.
            *("--require_secure_transport=1", "--tls_version=TLSv1.2,TLSv1.3"),
            name=name,
            environment={"MYSQL_ROOT_PASSWORD": ADMIN_PASSWORD},
            options=options,
        )
        ca_pem = (self._workspace.tls / "database-ca.pem").read_text()
        database = Database(container.id, name, ca_pem)
        database.wait_until_ready()
        migration = self._run(self._app_image, "migrate", environment=_migrate(database))
        assert migration.wait() == 0, migration.log()
        return database

    def app(
        self,
        database: Database,
        environment: Mapping[str, str] | None = None,
        *,
        relay: Relay | None = None,
        options: tuple[str, ...] = (),
    ) -> App:
        """Start the application; it may not be ready yet.

        Args:
            database: which it uses.
            environment: instead of the usual one; an empty variable is taken away.
            relay: through which it reaches the database, which it believes to be there.
            options: of `docker create`.
        """
        own = {**_serve(database), **(environment or {})}
        own = {name: value for name, value in own.items() if value}
        hardened = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
        way = ("--add-host", f"{database.name}:{relay.ip}") if relay else ()
        options = (*hardened, *way, *options)
        return App(self._run(self._app_image, environment=own, options=options).id)

    def relay(self, fault: str, *numbers: int) -> Relay:
        """Start a relay to the server `database`; see its file for the faults it has."""
        arguments = (str(seed()), fault, *map(str, numbers))
        command = ("python", "-u", "/relay.py", *arguments)
        relay = Relay(self._run(network_image(self._workspace), *command, environment={}).id)
        relay.wait_until_ready()
        return relay

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
        "DATABASE_HOST": database.name,
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
