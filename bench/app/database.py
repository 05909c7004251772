"""The database of a run: one container, TLS required, with schemas of 10², 10⁴ and 10⁶ to-dos."""

from __future__ import annotations

import contextlib
import secrets
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pymysql

from bench.app.containers import Container, Containers, free_port
from local.commands import last_lines
from local.containers import docker
from local.errors import LocalError
from local.images import database_image
from local.workspace import Workspace

__all__ = ["LIST_SIZE", "Database", "list_id", "start_database"]

LIST_SIZE = 20
_HOST = "127.0.0.1"
_DEADLINE_SECONDS = 60

# Ten to the sixth by crossing digits: neither MySQL nor MariaDB needs anything of its own for it.
_SEED = """
INSERT INTO todos (list_id, position, title)
WITH d AS (SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL
           SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL
           SELECT 8 UNION ALL SELECT 9),
numbers AS (SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n + 100000 * f.n AS n
            FROM d AS a, d AS b, d AS c, d, d AS e, d AS f)
SELECT UNHEX(LPAD(HEX(n DIV %(size)s), 32, '0')), n, CONCAT('To-do number ', n)
FROM numbers WHERE n < %(rows)s ORDER BY n
"""


@dataclass(frozen=True, kw_only=True)
class Database:
    """A running server; `container` is None until it has started."""

    port: int
    ca_pem: str
    container: Container | None = None
    admin_password: str = field(repr=False)
    app_password: str = field(repr=False)

    def environment(self, schema: str) -> dict[str, str]:
        """What a server of ours, or a peer, reads to use a schema; its account has its name."""
        return {
            "DATABASE_HOST": _HOST,
            "DATABASE_PORT": str(self.port),
            "DATABASE_NAME": schema,
            "DATABASE_USER": schema,
            "DATABASE_PASSWORD": self.app_password,
            "DATABASE_CA_PEM": self.ca_pem,
        }

    def admin_environment(self, schema: str) -> dict[str, str]:
        """What our `migrate` reads to make a schema and its account."""
        return {
            **self.environment(schema),
            "DATABASE_ADMIN_USER": "root",
            "DATABASE_ADMIN_PASSWORD": self.admin_password,
        }

    def seed(self, schema: str, rows: int) -> None:
        """Fill a schema with lists of 20 to-dos each."""
        with contextlib.closing(self._connect(schema)) as connection:
            cursor = connection.cursor()
            cursor.execute(_SEED, {"size": LIST_SIZE, "rows": rows})
            connection.commit()
            cursor.execute("ANALYZE TABLE todos")

    def version(self) -> str:
        """What the server says it is."""
        with contextlib.closing(self._connect(None)) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT VERSION()")
            (version,) = cursor.fetchone() or ("",)
            return str(version)

    def _connect(self, schema: str | None) -> pymysql.Connection[pymysql.cursors.Cursor]:
        return pymysql.connect(
            host=_HOST,
            port=self.port,
            user="root",
            password=self.admin_password,
            database=schema,
            ssl=ssl.create_default_context(cadata=self.ca_pem),
        )


def list_id(number: int) -> str:
    """The id of a list that `seed` made, or of one that is empty as yet."""
    return f"{number:032x}"


def start_database(
    containers: Containers, workspace: Workspace, *, cpu: int | None, options: Sequence[str] = ()
) -> Database:
    """Start a server and wait until it answers.

    Its files are in memory: what a disk does is not what is measured.

    Raises:
        LocalError: if it does not answer.
    """
    database = Database(
        port=free_port(),
        ca_pem=(workspace.tls / "database-ca.pem").read_text(),
        admin_password=secrets.token_urlsafe(),
        app_password=secrets.token_urlsafe(),
    )
    name = containers.create(
        database_image(workspace),
        *("--require_secure_transport=1", f"--port={database.port}", f"--bind-address={_HOST}"),
        "--innodb_buffer_pool_size=512M",
        cpu=cpu,
        environment={"MYSQL_ROOT_PASSWORD": database.admin_password},
        options=("--tmpfs", "/var/lib/mysql", *options),
    )
    database = replace(database, container=containers.start(name))
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while True:
        try:
            database.version()
        except pymysql.OperationalError as error:
            if time.monotonic() > deadline:
                raise LocalError(
                    f"The database does not answer: {error.args[-1]}",
                    fix=f"It printed:\n{last_lines(docker('logs', name))}",
                ) from None
            time.sleep(0.1)
        else:
            return database
