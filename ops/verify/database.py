"""The way to the database: over what the tasks' sessions go, and whether a login needs TLS."""

import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pymysql
from botocore.exceptions import ClientError

from ops.errors import OpsError
from ops.verify.deployed import Deployed
from ops.verify.instances import SAFE_VERSIONS
from ops.verify.lines import Line, failed, passed, skipped
from ops.verify.tasks import log_stream, tasks_of

__all__ = ["Server", "login_lines", "session_line"]

_SECURE_TRANSPORT_REQUIRED = 3159
_DENIED = {1045, 1698}
_SECONDS = 3
# What the application says of its first session; see app/todo_app/pool.py.
_SAID = "database session over "
# A task without a session is not ready, and replaced some time after its two minutes of grace.
_FIRST = timedelta(minutes=5)

Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Server:
    """The database as the tasks are told of it.

    Attributes:
        host: Its name.
        port: Its port.
        schema: The application's schema.
        authority: What may vouch for it.
        secret_arn: Where the account of the application is.
    """

    host: str
    port: int
    schema: str
    authority: ssl.SSLContext
    secret_arn: str

    @classmethod
    def of(cls, environment: Mapping[str, str], root: Path) -> "Server":
        """Read what a task is told.

        Raises:
            OpsError: Something is missing in it.
        """
        try:
            pem = environment.get("DATABASE_CA_PEM")
            # The image's own file is the repository's.
            bundle = root / "app" / "certs" / Path(environment.get("DATABASE_CA_FILE", "")).name
            return cls(
                host=environment["DATABASE_HOST"],
                port=int(environment["DATABASE_PORT"]),
                schema=environment["DATABASE_NAME"],
                authority=ssl.create_default_context(
                    cadata=pem, cafile=None if pem else str(bundle)
                ),
                secret_arn=environment["DATABASE_SECRET_ARN"],
            )
        except (KeyError, ValueError, OSError) as error:
            raise OpsError(f"The tasks are not told of a database: {error!r}.") from error


def session_line(deployed: Deployed, ecs: Any, logs: Any) -> Line:  # noqa: ANN401 - boto3's
    """Say over what the application's own sessions go: each task says it of its first."""
    name, options = "app's sessions", deployed.containers()["app"]["logConfiguration"]["options"]
    cluster, service = deployed.outputs["cluster"], deployed.outputs["service"]
    tasks = tasks_of(ecs, cluster, service, "RUNNING")
    told = [said for task in tasks if (said := _first_session(task, options, logs))]
    if weak := [one for one in told if one.partition(" ")[0] not in SAFE_VERSIONS]:
        return failed(name, f"over {weak[0]}")
    if not told:
        return skipped(name, f"no task says it in {options['awslogs-group']}, or not any more")
    return passed(name, f"{len(told)} of {len(tasks)} tasks: {', '.join(sorted(set(told)))}")


def _first_session(task: Json, options: Json, logs: Any) -> str:  # noqa: ANN401 - boto3's
    """Return what a task says of its first session; empty where it does not.

    Of the task's own stream only the beginning is searched, and no further than to the line: the
    rest of it is the access log, which may be terabytes.
    """
    if "startedAt" not in task:
        return ""
    found = logs.get_paginator("filter_log_events").paginate(
        logGroupName=options["awslogs-group"],
        logStreamNames=[log_stream(task, "app", options)],
        # Its containers may run before ECS says that the task has started.
        startTime=_milliseconds(task["createdAt"]),
        endTime=_milliseconds(task["startedAt"] + _FIRST),
        filterPattern=f'"{_SAID.strip()}"',
    )
    try:
        sessions = (_session(event["message"]) for page in found for event in page["events"])
        return next(filter(None, sessions), "")
    except ClientError as error:
        # A group that is gone has the same code, and is a fault.
        if "log stream does not exist" in str(error):
            return ""
        raise


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _session(message: str) -> str:
    try:
        text = str(json.loads(message)["message"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return text.removeprefix(_SAID) if text.startswith(_SAID) else ""


def login_lines(server: Server, manager: Any) -> Iterator[Line]:  # noqa: ANN401 - boto3's
    """Try it, where the database can be reached from here at all."""
    try:
        socket.create_connection((server.host, server.port), _SECONDS).close()
    except OSError as error:
        reason = f"not reachable from here ({error}): judged by its parameter group"
        yield skipped("login", reason)
        yield skipped("plain text", reason)
        return
    try:
        text = manager.get_secret_value(SecretId=server.secret_arn)["SecretString"]
        account = json.loads(text)
        user, password = str(account["username"]), str(account["password"])
    except (ClientError, ValueError, KeyError, TypeError) as error:
        yield skipped("login", f"the app's secret cannot be read: {error}")
        yield _plain(server, None)
        return
    line, flavour = _login(server, user, password)
    yield line
    # MySQL refuses before it looks at a login. MariaDB looks first, by a scramble that is of no
    # use to who listens; with MySQL's own method no password of ours is risked in the clear.
    yield _plain(server, (user, password) if "MariaDB" in flavour else None)


def _login(server: Server, user: str, password: str) -> tuple[Line, str]:
    try:
        connection = pymysql.connect(
            host=server.host,
            port=server.port,
            user=user,
            password=password,
            database=server.schema,
            ssl=server.authority,
            connect_timeout=_SECONDS,
        )
    except pymysql.MySQLError as error:
        return failed("login", f"{user} cannot log in over verified TLS: {error.args[-1]}"), ""
    query = "SHOW SESSION STATUS WHERE Variable_name IN ('Ssl_cipher', 'Ssl_version')"
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(query)
            found = {str(key): str(value) for key, value in cursor.fetchall()}
            cursor.execute("SELECT @@version")
            flavour = str(cursor.fetchone())
    except pymysql.MySQLError as error:
        return failed("login", f"{user} logs in, and its session breaks: {error.args[-1]}"), ""
    version, cipher = found.get("Ssl_version", ""), found.get("Ssl_cipher", "")
    verdict = passed if version in SAFE_VERSIONS else failed
    return verdict("login", f"{user} gets {version or 'no TLS'}, {cipher or 'no cipher'}"), flavour


def _plain(server: Server, account: tuple[str, str] | None) -> Line:
    user, password = account or ("verify-plain-text", "")
    try:
        pymysql.connect(
            host=server.host,
            port=server.port,
            user=user,
            password=password,
            ssl_disabled=True,
            connect_timeout=_SECONDS,
        ).close()
    except pymysql.MySQLError as error:
        code, text = error.args[0], error.args[-1]
        if code == _SECURE_TRANSPORT_REQUIRED or (account and code in _DENIED):
            return passed("plain text", f"refused ({code}): {text}")
        return failed("plain text", f"not refused for being plain text ({code}): {text}")
    return failed("plain text", f"{user} got in without TLS")
