"""The database: what RDS says of it, what tasks say of their sessions, and what is tried."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import pymysql
import pytest
from botocore.exceptions import ClientError

from ops.errors import OpsError
from ops.verify.database import Server, login_lines, session_line
from ops.verify.instances import server_lines
from ops.verify.lines import Line, Verdict
from tests.ops.verify.stack import (
    ENVIRONMENT,
    SECRET,
    Json,
    answering,
    deployed,
    resource,
    said,
)

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 12, 1, tzinfo=UTC)
TLS = "todo-prod-database TLS"
REQUIRED = {"require_secure_transport": "1", "tls_version": "TLSv1.2,TLSv1.3"}


def instance(**changed: Any) -> Json:  # noqa: ANN401
    return {
        "DBInstanceIdentifier": "todo-prod-database-1",
        "DBInstanceStatus": "available",
        "DBParameterGroups": [{"DBParameterGroupName": "pg", "ParameterApplyStatus": "in-sync"}],
        "CertificateDetails": {
            "CAIdentifier": "rds-ca-rsa2048-g1",
            "ValidTill": NOW + timedelta(days=300),
        },
        **changed,
    }


def group(name: str = "pg", status: str = "in-sync") -> Json:
    return {"DBParameterGroups": [{"DBParameterGroupName": name, "ParameterApplyStatus": status}]}


def shown(found: Json, parameters: dict[str, str] | None = None) -> dict[str, tuple[str, str]]:
    told = [("describe_db_instances", {"DBInstances": [found]})]
    if parameters is not None:
        values = [
            {"ParameterName": key, "ParameterValue": value} for key, value in parameters.items()
        ]
        told.append(("describe_db_parameters", {"Parameters": values}))
    with answering("rds", *told) as rds:
        return said(server_lines(deployed(), rds, NOW))


def test_a_database_that_requires_tls() -> None:
    assert shown(instance(), REQUIRED) == {
        TLS: ("pass", "required and in sync, TLSv1.2 and TLSv1.3 (pg)"),
        "todo-prod-database certificate": ("pass", "by rds-ca-rsa2048-g1, 300 days left"),
    }


@pytest.mark.parametrize("value", ["ON", "on"])
def test_mysql_has_two_words_for_it(value: str) -> None:
    assert shown(instance(), REQUIRED | {"require_secure_transport": value})[TLS][0] == "pass"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (group("default.mysql8.4"), "has the parameter group default.mysql8.4, which is not"),
        (group(status="pending-reboot"), "pg is pending-reboot"),
        (group(status="applying"), "pg is applying"),
        ({"DBInstanceStatus": "rebooting"}, "the instance is rebooting"),
        ({"DBInstanceStatus": "modifying"}, "the instance is modifying"),
    ],
)
def test_parameters_that_are_not_in_force(changed: Json, reason: str) -> None:
    verdict, text = shown(instance(**changed))[TLS]
    assert verdict == "fail"
    assert text.startswith(reason)


@pytest.mark.parametrize(
    "status", ["backing-up", "storage-optimization", "configuring-log-exports"]
)
def test_a_database_that_is_busy_and_works_is_judged_by_its_parameters(status: str) -> None:
    busy = instance(DBInstanceStatus=status)
    verdict, text = shown(busy, REQUIRED)[TLS]
    assert verdict == "pass"
    assert text.endswith(f"(pg); the instance is {status}, and works")
    off = shown(busy, REQUIRED | {"require_secure_transport": "0"})[TLS]
    assert off == ("fail", "require_secure_transport is 0 in pg")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"require_secure_transport": "0"}, "require_secure_transport is 0 in pg"),
        ({"require_secure_transport": ""}, "require_secure_transport is not set in pg"),
        ({"tls_version": "TLSv1.1,TLSv1.2"}, "tls_version is TLSv1.1,TLSv1.2"),
        ({"tls_version": ""}, "tls_version is not set"),
    ],
)
def test_parameters_that_do_not_require_tls(changed: dict[str, str], reason: str) -> None:
    assert shown(instance(), REQUIRED | changed)[TLS] == ("fail", reason)


def test_a_certificate_near_its_end() -> None:
    near = {"CAIdentifier": "rds-ca-2019", "ValidTill": NOW + timedelta(days=59)}
    certificate = shown(instance(CertificateDetails=near), REQUIRED)[
        "todo-prod-database certificate"
    ]
    assert certificate == ("fail", "by rds-ca-2019, 59 days left")


@pytest.mark.parametrize(("required", "verdict"), [(True, "pass"), (False, "fail")])
def test_a_proxy_has_to_require_it_too(required: bool, verdict: str) -> None:
    proxy = resource("aws:rds/proxy:Proxy", "todo-prod-proxy", name="proxy-1")
    without = ("aws:rds/instance:Instance",)
    with answering(
        "rds", ("describe_db_proxies", {"DBProxies": [{"RequireTLS": required}]})
    ) as rds:
        lines = said(server_lines(deployed(proxy, without=without), rds, NOW))
    assert lines["todo-prod-proxy TLS"][0] == verdict


GROUP = "/ecs/todo-prod"
TASKS = "arn:aws:ecs:eu-west-1:111122223333:task/c"


def task(name: str, **changed: Any) -> Json:  # noqa: ANN401
    began = NOW - timedelta(days=9)
    return {
        "taskArn": f"{TASKS}/{name}",
        "createdAt": began,
        "startedAt": began + timedelta(seconds=40),
        **changed,
    }


def sessions(*told: Json | str, tasks: tuple[Json, ...] = (task("one"), task("two"))) -> Line:
    """What is said of tasks, each of which has said so, or has not: an answer of its own."""
    answers = [{"events": [{"message": one}]} if isinstance(one, str) else one for one in told]
    arns = [one["taskArn"] for one in tasks]
    with (
        answering(
            "ecs", ("list_tasks", {"taskArns": arns}), ("describe_tasks", {"tasks": list(tasks)})
        ) as ecs,
        answering("logs", *(("filter_log_events", answer) for answer in answers)) as logs,
    ):
        return session_line(deployed(), ecs, logs)


def over(session: str) -> str:
    return json.dumps({"message": f"database session over {session}"})


def test_each_task_says_what_its_sessions_go_over() -> None:
    line = sessions(over("TLSv1.3 AES"), over("TLSv1.3 AES"))
    assert (line.verdict, line.reason) == (Verdict.PASS, "2 of 2 tasks: TLSv1.3 AES")


@pytest.mark.parametrize("session", ["no TLS", "TLSv1.1 RC4"])
def test_a_session_that_is_not_safe(session: str) -> None:
    line = sessions(over("TLSv1.3 AES"), over(session))
    assert (line.verdict, line.reason) == (Verdict.FAIL, f"over {session}")


@pytest.mark.parametrize(
    "answer",
    [
        "no JSON",
        "[]",
        json.dumps({"message": "another"}),
        {
            "error": "ResourceNotFoundException",
            "message": "The specified log stream does not exist.",
        },
    ],
)
def test_nothing_said_is_nothing_known(answer: Json | str) -> None:
    assert sessions(answer, tasks=(task("one"),)).verdict is Verdict.SKIP


def test_a_log_group_that_is_gone_is_not_taken_for_a_task_that_says_nothing() -> None:
    gone = {
        "error": "ResourceNotFoundException",
        "message": "The specified log group does not exist.",
    }
    with pytest.raises(ClientError):
        sessions(gone, tasks=(task("one"),))


def test_a_task_that_starts_has_said_nothing_yet_and_is_not_asked() -> None:
    starting = task("two")
    del starting["startedAt"]
    line = sessions(over("TLSv1.3 AES"), tasks=(task("one"), starting))
    assert line.reason == "1 of 2 tasks: TLSv1.3 AES"


def test_the_access_log_is_not_searched() -> None:
    """Only the beginning of the task's own stream is, page by page, and only to the line."""
    began = NOW - timedelta(days=9)
    asked = {
        "logGroupName": GROUP,
        "logStreamNames": ["app/app/one"],
        "startTime": int(began.timestamp() * 1000),
        "endTime": int((began + timedelta(minutes=5, seconds=40)).timestamp() * 1000),
        "filterPattern": '"database session over"',
    }
    pages: tuple[Json, Json] = (
        {"events": [], "nextToken": "2"},
        {"events": [{"message": over("TLSv1.3 AES")}], "nextToken": "3"},
    )
    arns, described = {"taskArns": [f"{TASKS}/one"]}, {"tasks": [task("one")]}
    with (
        answering("ecs", ("list_tasks", arns), ("describe_tasks", described)) as ecs,
        answering(
            "logs",
            ("filter_log_events", pages[0], asked),
            ("filter_log_events", pages[1], {**asked, "nextToken": "2"}),
            # There is no answer to a third.
        ) as logs,
    ):
        assert session_line(deployed(), ecs, logs).verdict is Verdict.PASS


@pytest.fixture
def server() -> Iterator[Server]:
    """A place that can be reached; what would answer there is played."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield Server(
            host="127.0.0.1",
            port=listening.getsockname()[1],
            schema="todo",
            authority=ssl.create_default_context(),
            secret_arn=SECRET,
        )


class Connections:
    """Plays PyMySQL: an answer, or an error, for plain and for encrypted connections."""

    def __init__(self, plain: object, encrypted: object, version: str = "8.4.3") -> None:
        self.plain, self.encrypted, self.version = plain, encrypted, version
        self.asked: list[Json] = []

    def connect(self, **options: Any) -> Connections:  # noqa: ANN401
        self.asked.append(options)
        answer = self.plain if options.get("ssl_disabled") else self.encrypted
        if isinstance(answer, pymysql.MySQLError):
            raise answer
        return self

    def cursor(self) -> Connections:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def close(self) -> None:
        pass

    def execute(self, _: str) -> None:
        if isinstance(self.encrypted, ConnectionError):  # which comes after the login
            raise pymysql.OperationalError(2013, str(self.encrypted))

    def fetchall(self) -> object:
        return self.encrypted

    def fetchone(self) -> object:
        return (self.version,)


STATUS = (("Ssl_cipher", "AES"), ("Ssl_version", "TLSv1.3"))
PLAIN_REFUSED = pymysql.OperationalError(3159, "Connections using insecure transport")
DENIED = pymysql.OperationalError(1045, "Access denied")
LOST = ConnectionError("Lost connection to MySQL server during query")


def tried(
    server: Server, monkeypatch: pytest.MonkeyPatch, connections: Connections, secret: Json | None
) -> dict[str, tuple[str, str]]:
    monkeypatch.setattr(pymysql, "connect", connections.connect)
    answer = secret or {
        "SecretString": json.dumps({"username": "todo_app", "password": "the-real-one"})
    }
    with answering("secretsmanager", ("get_secret_value", answer)) as manager:
        return said(login_lines(server, manager))


def test_mysql_refuses_plain_text_and_no_password_is_risked_for_it(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections = Connections(PLAIN_REFUSED, STATUS)
    assert tried(server, monkeypatch, connections, None) == {
        "login": ("pass", "todo_app gets TLSv1.3, AES"),
        "plain text": ("pass", "refused (3159): Connections using insecure transport"),
    }
    plain = [asked for asked in connections.asked if asked.get("ssl_disabled")]
    assert [asked["password"] for asked in plain] == [""]


def test_mariadb_refuses_the_right_password_in_plain_text(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections = Connections(DENIED, STATUS, "10.11.19-MariaDB")
    assert tried(server, monkeypatch, connections, None)["plain text"][0] == "pass"
    assert connections.asked[-1]["password"] == "the-real-one"


@pytest.mark.parametrize(
    ("connections", "line", "reason"),
    [
        (Connections((), STATUS), "plain text", "verify-plain-text got in without TLS"),
        (Connections(DENIED, STATUS), "plain text", "not refused for being plain text (1045)"),
        (Connections((), STATUS, "MariaDB"), "plain text", "todo_app got in without TLS"),
        (Connections(PLAIN_REFUSED, ()), "login", "todo_app gets no TLS, no cipher"),
        (Connections(PLAIN_REFUSED, DENIED), "login", "todo_app cannot log in over verified TLS"),
        (
            Connections(PLAIN_REFUSED, LOST),
            "login",
            "todo_app logs in, and its session breaks: Los",
        ),
    ],
)
def test_a_database_that_is_not_safe(
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    connections: Connections,
    line: str,
    reason: str,
) -> None:
    verdict, text = tried(server, monkeypatch, connections, None)[line]
    assert verdict == "fail"
    assert text.startswith(reason)


def test_who_may_not_read_the_secret_still_tries_plain_text(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = {"error": "AccessDeniedException"}
    lines = tried(server, monkeypatch, Connections(PLAIN_REFUSED, STATUS), refused)
    assert {name: verdict for name, (verdict, _) in lines.items()} == {
        "login": "skip",
        "plain text": "pass",
    }


def test_a_database_out_of_reach_is_judged_by_its_parameter_group(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object) -> socket.socket:
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", unreachable)
    with answering("secretsmanager") as manager:
        lines = said(login_lines(server, manager))
    reason = "not reachable from here (timed out): judged by its parameter group"
    assert lines == {"login": ("skip", reason), "plain text": ("skip", reason)}


def test_the_image_s_own_authorities_are_the_repository_s() -> None:
    server = Server.of(ENVIRONMENT, ROOT)
    assert (server.host, server.port, server.secret_arn) == ("db.example", 3306, SECRET)
    assert server.authority.verify_mode is ssl.CERT_REQUIRED
    assert server.authority.check_hostname
    assert len(server.authority.get_ca_certs()) > 50


@pytest.mark.parametrize("missing", ["DATABASE_HOST", "DATABASE_CA_FILE", "DATABASE_PORT"])
def test_tasks_that_are_told_of_no_database(missing: str) -> None:
    told = {key: value for key, value in ENVIRONMENT.items() if key != missing}
    with pytest.raises(OpsError, match="not told of a database"):
        Server.of(told, ROOT)
