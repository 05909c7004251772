"""The data of two databases, table by table: how many rows, and whether they are the same."""

import json
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pymysql
from pymysql.cursors import Cursor

from ops.errors import OpsError
from ops.verify.database import Server

__all__ = ["Account", "Table", "account", "as_text", "compared", "tables"]

_SECONDS = 5
_DENIED = 1045
_COLUMNS = """
    SELECT table_name, column_name FROM information_schema.columns
    JOIN information_schema.tables USING (table_schema, table_name)
    WHERE table_schema = %s AND table_type = 'BASE TABLE' ORDER BY table_name, ordinal_position
"""


@dataclass(frozen=True, kw_only=True)
class Account:
    """How to log in to a database.

    Attributes:
        host: Its name.
        port: Its port.
        schema: The application's schema.
        user: The account.
        password: Its password.
        authority: What may vouch for the server.
    """

    host: str
    port: int
    schema: str
    user: str
    password: str
    authority: ssl.SSLContext


@dataclass(frozen=True, kw_only=True)
class Table:
    """What a table holds.

    Attributes:
        rows: How many rows.
        digest: The same for the same rows, in whatever order.
    """

    rows: int
    digest: str


def account(
    instance: Mapping[str, Any],
    secret_arn: str,
    manager: Any,  # noqa: ANN401 - boto3's
    told: Server,
) -> Account:
    """Return the master's account of an instance.

    Args:
        instance: The instance, as Pulumi's state has it.
        secret_arn: Its secret.
        manager: Client of Secrets Manager.
        told: What tasks are told of the database that serves: schema and authority are the same
            for both, and of a restored one no name of a schema was stated.
    """
    text = manager.get_secret_value(SecretId=secret_arn)["SecretString"]
    secret = json.loads(text)
    return Account(
        host=str(instance["address"]),
        port=int(instance["port"]),
        schema=told.schema,
        user=secret["username"],
        password=secret["password"],
        authority=told.authority,
    )


def tables(account: Account) -> dict[str, Table]:
    """Look through a database, as of one moment.

    Raises:
        OpsError: It cannot be reached, lets nobody in, or is not read to its end.
    """
    connection = _connected(account)
    try:
        with connection, connection.cursor() as cursor:
            return _read(cursor, account.schema)
    except pymysql.MySQLError as error:
        raise OpsError(
            f"{account.host} was not read to its end ({error.args[-1]}). Nothing was changed: "
            "repeat `compare` when it is well, or go on without."
        ) from None


def _connected(account: Account) -> "pymysql.Connection[Cursor]":
    try:
        return pymysql.connect(
            host=account.host,
            port=account.port,
            user=account.user,
            password=account.password,
            database=account.schema,
            ssl=account.authority,
            connect_timeout=_SECONDS,
        )
    except pymysql.MySQLError as error:
        if error.args[0] == _DENIED:
            raise OpsError(f"{account.host} lets {account.user} not in: {error.args[-1]}") from None
        raise OpsError(
            f"{account.host} is not reached from here ({error.args[-1]}). At AWS nothing outside "
            "the private subnets reaches a database: run this on a machine in there whose security "
            "group the database's lets in (docs/runbook.md, Restore), or go on without."
        ) from None


def _read(cursor: Cursor, schema: str) -> dict[str, Table]:
    cursor.execute("SET SESSION time_zone = '+00:00'")
    cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
    cursor.execute(_COLUMNS, (schema,))
    columns: dict[str, list[str]] = {}
    for table, column in cursor.fetchall():
        columns.setdefault(str(table), []).append(str(column))
    found = {}
    for table, names in columns.items():
        cursor.execute(_digest(table, names))
        rows, high, low = cursor.fetchall()[0]
        found[table] = Table(rows=int(rows), digest=f"{int(high):016x}{int(low):016x}")
    return found


def _digest(table: str, columns: Sequence[str]) -> str:
    """Return a query: a hash of each row, all of them as one number."""
    values = ", ".join(f"COALESCE(HEX(`{name}`), '-')" for name in columns)
    half = "COALESCE(BIT_XOR(CAST(CONV({}, 16, 10) AS UNSIGNED)), 0)"
    halves = ", ".join(half.format(part) for part in ("LEFT(h, 16)", "RIGHT(h, 16)"))
    return (
        f"SELECT COUNT(*), {halves} FROM "  # noqa: S608 - names from the server's own catalogue
        f"(SELECT SHA2(CONCAT_WS('|', {values}), 256) AS h FROM `{table}`) AS hashed"
    )


def compared(ours: Mapping[str, Table], restored: Mapping[str, Table]) -> Iterator[tuple[str, ...]]:
    """Yield a line for each table: name, rows in either, and how they compare."""
    for name in sorted(ours.keys() | restored.keys()):
        left, right = ours.get(name), restored.get(name)
        counts = (str(one.rows) if one else "no table" for one in (left, right))
        yield (name, *counts, "the same" if left == right else "differs")


def as_text(lines: Sequence[tuple[str, ...]], serving: str, other: str) -> str:
    """Return the lines in columns."""
    rows = [("table", serving, other, ""), *lines]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        f"  {row[0]:{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]}".rstrip()
        for row in rows
    )
