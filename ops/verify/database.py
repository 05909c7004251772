"""The way to the database: TLS required where the server says so, and in the sessions it has."""

import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pymysql
from botocore.exceptions import ClientError

from ops.errors import OpsError
from ops.verify.deployed import Deployed
from ops.verify.lines import Line, failed, passed, skipped

__all__ = ["Server", "login_lines", "server_lines", "session_line"]

_INSTANCE = "aws:rds/instance:Instance"
_GROUP = "aws:rds/parameterGroup:ParameterGroup"
_PROXY = "aws:rds/proxy:Proxy"
_SAFE_VERSIONS = {"TLSv1.2", "TLSv1.3"}
_SECURE_TRANSPORT_REQUIRED = 3159
_DENIED = {1045, 1698}
_DAYS_LEFT = 60
# In which AWS says that an instance serves as ever: the nightly backup is the usual one. In others
# it may restart, as in `modifying`, or be away.
_WORKS = {
    "available",
    "backing-up",
    "configuring-enhanced-monitoring",
    "configuring-iam-database-auth",
    "configuring-log-exports",
    "resetting-master-credentials",
    "storage-initialization",
    "storage-optimization",
}
_SECONDS = 3
# What the application says of its first session; see app/todo_app/pool.py.
_SAID = "database session over "

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


def server_lines(deployed: Deployed, rds: Any, now: datetime) -> Iterator[Line]:  # noqa: ANN401 - boto3's
    """Say what RDS has of each instance, replicas and proxy included."""
    ours = {str(group["name"]) for group in deployed.all(_GROUP)}
    for resource in deployed.all(_INSTANCE):
        name = str(resource["identifier"])
        (instance,) = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
        yield _requires_tls(rds, resource.name, instance, ours)
        yield _authority(resource.name, instance, now)
    for proxy in deployed.all(_PROXY):
        (found,) = rds.describe_db_proxies(DBProxyName=proxy["name"])["DBProxies"]
        verdict = passed if found["RequireTLS"] else failed
        yield verdict(f"{proxy.name} TLS", f"the proxy's RequireTLS is {found['RequireTLS']}")


def _requires_tls(rds: Any, name: str, instance: Json, ours: set[str]) -> Line:  # noqa: ANN401 - boto3's
    line = f"{name} TLS"
    if (status := instance["DBInstanceStatus"]) not in _WORKS:
        return failed(line, f"the instance is {status}")
    busy = "" if status == "available" else f"; the instance is {status}, and works"
    (group,) = instance["DBParameterGroups"]
    attached = group["DBParameterGroupName"]
    if attached not in ours:
        return failed(line, f"has the parameter group {attached}, which is not the stack's")
    if (state := group["ParameterApplyStatus"]) != "in-sync":
        return failed(line, f"{attached} is {state}: what it says is not in force yet")
    values = _parameters(rds, attached)
    required = values.get("require_secure_transport", "")
    versions = {one for one in values.get("tls_version", "").split(",") if one}
    if required.upper() not in {"1", "ON"}:
        return failed(line, f"require_secure_transport is {required or 'not set'} in {attached}")
    if not versions or versions - _SAFE_VERSIONS:
        return failed(line, f"tls_version is {','.join(sorted(versions)) or 'not set'}")
    told = f"required and in sync, {' and '.join(sorted(versions))} ({attached})"
    return passed(line, told + busy)


def _parameters(rds: Any, group: str) -> dict[str, str]:  # noqa: ANN401 - boto3's
    pages = rds.get_paginator("describe_db_parameters").paginate(DBParameterGroupName=group)
    return {
        one["ParameterName"]: one.get("ParameterValue", "")
        for page in pages
        for one in page["Parameters"]
    }


def _authority(name: str, instance: Json, now: datetime) -> Line:
    line, details = f"{name} certificate", instance.get("CertificateDetails", {})
    authority = details.get("CAIdentifier") or instance.get("CACertificateIdentifier", "unknown")
    if "ValidTill" not in details:
        return skipped(line, f"by {authority}; RDS does not say until when")
    days = (details["ValidTill"].astimezone(UTC) - now).days
    verdict = passed if days >= _DAYS_LEFT else failed
    return verdict(line, f"by {authority}, {days} days left")


def session_line(deployed: Deployed, ecs: Any, logs: Any) -> Line:  # noqa: ANN401 - boto3's
    """Say over what the application's own sessions go: each task says it of its first."""
    name, options = "app's sessions", deployed.containers()["app"]["logConfiguration"]["options"]
    listed = ecs.get_paginator("list_tasks").paginate(
        cluster=deployed.outputs["cluster"], serviceName=deployed.outputs["service"]
    )
    tasks = {arn.rpartition("/")[2] for page in listed for arn in page["taskArns"]}
    found = logs.get_paginator("filter_log_events").paginate(
        logGroupName=options["awslogs-group"],
        logStreamNamePrefix=f"{options['awslogs-stream-prefix']}/",
        filterPattern=f'"{_SAID.strip()}"',
    )
    said = {
        event["logStreamName"].rpartition("/")[2]: session
        for page in found
        for event in page["events"]
        if (session := _session(event["message"]))
    }
    told = [said[task] for task in sorted(tasks & said.keys())]
    if weak := [one for one in told if one.partition(" ")[0] not in _SAFE_VERSIONS]:
        return failed(name, f"over {weak[0]}")
    if not told:
        return skipped(name, f"no task says it in {options['awslogs-group']}, or not any more")
    return passed(name, f"{len(told)} of {len(tasks)} tasks: {', '.join(sorted(set(told)))}")


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
    with connection, connection.cursor() as cursor:
        cursor.execute("SHOW SESSION STATUS WHERE Variable_name IN ('Ssl_cipher', 'Ssl_version')")
        found = {str(key): str(value) for key, value in cursor.fetchall()}
        cursor.execute("SELECT @@version")
        flavour = str(cursor.fetchone())
    version, cipher = found.get("Ssl_version", ""), found.get("Ssl_cipher", "")
    verdict = passed if version in _SAFE_VERSIONS else failed
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
