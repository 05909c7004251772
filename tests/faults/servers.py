"""Containers in the scenarios: the database server and copies of the application."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any, Final

import httpx2
import pymysql
from pymysql.cursors import Cursor

from local.containers import docker
from tests.faults.http1 import Address
from tests.faults.ledger import Row

__all__ = ["ADMIN_PASSWORD", "APP_USER", "App", "Container", "Database"]

ADMIN_PASSWORD: Final = "the master's own"
APP_USER: Final = "todo_app"
_READY_SECONDS: Final = 60
# What the service may need to end, on ECS and elsewhere; then comes SIGKILL.
_STOP_SECONDS: Final = 20


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

    def run(self, *command: str) -> str:
        """Run a command in it and return what that printed."""
        return docker("exec", self.id, *command)


@dataclass(frozen=True)
class Database(Container):
    """The database server; its data survives a restart, not a removal."""

    name: str
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

    def wait_until_waited_for(self, count: int = 1) -> None:
        """Wait until so many statements of the application wait for a lock."""
        deadline = time.monotonic() + _READY_SECONDS
        waiting = (
            "SELECT 1 FROM information_schema.processlist "
            "WHERE user = %s AND state LIKE 'Waiting for table%%'"
        )
        with self.connect() as connection, connection.cursor() as cursor:
            while cursor.execute(waiting, (APP_USER,)) < count:
                assert time.monotonic() < deadline
                time.sleep(0.1)

    def sessions(self) -> list[int]:
        """Numbers of the sessions that the application's account has."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM information_schema.processlist WHERE user = %s", (APP_USER,)
            )
            return [row[0] for row in cursor.fetchall()]

    def kill_sessions(self) -> int:
        """End every session of the application's account; return how many there were."""
        sessions = self.sessions()
        with self.connect() as connection, connection.cursor() as cursor:
            for session in sessions:
                try:
                    cursor.execute("KILL %s", (session,))
                except pymysql.OperationalError:
                    continue  # gone meanwhile
        return len(sessions)

    @property
    def is_mariadb(self) -> bool:
        """Whether it is the stand-in, which has some words of its own."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT VERSION()")
            ((version,),) = cursor.fetchall()
        return "MariaDB" in version

    def execute(self, statement: str, values: tuple[object, ...] = ()) -> None:
        """Run a statement as the master."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)


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
