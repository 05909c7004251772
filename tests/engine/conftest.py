from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pymysql
import pytest

from local.containers import docker
from local.images import database_image
from local.workspace import Workspace
from tests.engine.deployment import (  # noqa: F401 - fixtures
    admin,
    closed_transports,
    environment,
    migrated,
    migration,
    pool,
    serving,
)
from tests.engine.service_by_hand import deployed, no_scaling, service  # noqa: F401 - fixtures

SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class MySQLServer:
    """A running server that speaks TLS and refuses everything else."""

    host: str
    port: int
    admin_user: str
    admin_password: str
    ca_file: Path


@pytest.fixture(scope="session")
def mysql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MySQLServer]:
    password = "ro\"ot\\ 'pw"
    container = docker(
        *("run", "--detach", "--rm", "--env", f"MYSQL_ROOT_PASSWORD={password}"),
        *(database_image(Workspace.from_environment()), "--require_secure_transport=1"),
    ).strip()
    try:
        ca_file = tmp_path_factory.mktemp("mysql") / "ca.pem"
        docker("cp", f"{container}:/etc/local-tls/ca.pem", str(ca_file))
        network = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        server = MySQLServer(
            host=docker("inspect", "--format", network, container).strip(),
            port=3306,
            admin_user="root",
            admin_password=password,
            ca_file=ca_file,
        )
        wait_until_ready(server)
        yield server
    finally:
        docker("rm", "--force", "--volumes", container)


def wait_until_ready(server: MySQLServer) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            pymysql.connect(
                host=server.host,
                port=server.port,
                user=server.admin_user,
                password=server.admin_password,
                ssl_ca=str(server.ca_file),
            ).close()
        except pymysql.OperationalError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return
