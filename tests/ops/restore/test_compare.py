"""A database that is looked through and goes away: one message, and nothing else."""

from __future__ import annotations

import ssl
from typing import Self

import pymysql
import pytest

from ops.errors import OpsError
from ops.restore.compare import Account, account, tables
from ops.verify.database import Server
from tests.ops.verify.stack import SECRET, answering

ACCOUNT = Account(
    host="db.example",
    port=3306,
    schema="todo",
    user="admin",
    password="secret-one",
    authority=ssl.create_default_context(),
)


class Breaking:
    """Plays a session of PyMySQL that ends at a statement."""

    def __init__(self, at: str) -> None:
        self.at = at

    def cursor(self) -> Breaking:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, statement: str, _: object = ()) -> None:
        if self.at in statement:
            raise pymysql.OperationalError(2013, "Lost connection to MySQL server during query")

    def fetchall(self) -> object:
        return (("todo", "id"),)


@pytest.mark.parametrize("at", ["SET SESSION", "information_schema", "COUNT(*)"])
def test_a_database_that_goes_away_while_it_is_read_is_one_message(
    monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    monkeypatch.setattr(pymysql, "connect", lambda **_: Breaking(at))
    with pytest.raises(OpsError) as told:
        tables(ACCOUNT)
    assert str(told.value) == (
        "db.example was not read to its end (Lost connection to MySQL server during query). "
        "Nothing was changed: repeat `compare` when it is well, or go on without."
    )
    assert told.value.__suppress_context__


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (pymysql.OperationalError(1045, "Access denied"), "db.example lets admin not in: Access"),
        (pymysql.OperationalError(2003, "timed out"), "is not reached from here (timed out)"),
    ],
)
def test_a_database_that_cannot_be_read_says_why(
    monkeypatch: pytest.MonkeyPatch, error: Exception, says: str
) -> None:
    def refuse(**_: object) -> None:
        raise error

    monkeypatch.setattr(pymysql, "connect", refuse)
    with pytest.raises(OpsError) as told:
        tables(ACCOUNT)
    assert says in str(told.value)


def test_a_restored_database_has_the_schema_of_the_one_that_serves() -> None:
    told = Server(
        host="db.example",
        port=3306,
        schema="todo",
        authority=ssl.create_default_context(),
        secret_arn=SECRET,
    )
    # No dbName: RDS was told of none, and need not have one on record.
    restored = {"address": "restored.example", "port": 3306}
    secret = {"SecretString": '{"username": "admin", "password": "secret-one"}'}
    with answering("secretsmanager", ("get_secret_value", secret)) as manager:
        found = account(restored, "arn:master", manager, told)
    assert (found.host, found.schema, found.authority) == (
        "restored.example",
        "todo",
        told.authority,
    )
