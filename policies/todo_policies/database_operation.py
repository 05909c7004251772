"""How a database is looked after: accounts, upgrades, and what it reports."""

from collections.abc import Iterator
from dataclasses import dataclass

from pulumi_policy import Severity

from todo_policies.databases import engine_of, has_to_be, is_replica
from todo_policies.parameters import parameter
from todo_policies.reading import is_set, shown
from todo_policies.resource_types import CLUSTER, CLUSTER_INSTANCE, INSTANCE
from todo_policies.rule import ResourceRule, Subject

__all__ = [
    "DATABASE_ADMIN_NAME",
    "DATABASE_IAM_AUTHENTICATION",
    "DATABASE_LOGS",
    "DATABASE_MONITORING",
    "DATABASE_UPGRADES",
]

_DATABASES = frozenset({INSTANCE, CLUSTER})
_GUESSABLE = frozenset(
    {"admin", "administrator", "awsuser", "master", "mysql", "postgres", "rdsadmin", "root", "user"}
)


@dataclass(frozen=True, kw_only=True)
class LogParameters:
    """Which logs leave the server."""

    mysql: tuple[str, ...] = parameter(
        ("error", "slowquery"), "Logs that MySQL and MariaDB servers export."
    )
    postgresql: tuple[str, ...] = parameter(("postgresql",), "Logs that PostgreSQL servers export.")


def _guessable(database: Subject) -> Iterator[str]:
    key = "username" if database.resource_type == INSTANCE else "masterUsername"
    name = database.props.get(key)
    if not name or str(name).lower() in _GUESSABLE:
        yield f"{key} is {shown(name)}, which is the first that anybody tries."


def _without_iam(database: Subject) -> Iterator[str]:
    yield from has_to_be(database, "iamDatabaseAuthenticationEnabled", value=True)


def _not_upgraded(database: Subject) -> Iterator[str]:
    yield from has_to_be(database, "autoMinorVersionUpgrade", value=True)


def _unlogged(database: Subject, parameters: LogParameters) -> Iterator[str]:
    asked = parameters.postgresql if "postgres" in engine_of(database.props) else parameters.mysql
    exported = list(database.props.get("enabledCloudwatchLogsExports") or ())
    for log in asked:
        if log not in exported:
            yield f"enabledCloudwatchLogsExports does not have {log}."


def _unmonitored(database: Subject) -> Iterator[str]:
    interval = database.props.get("monitoringInterval")
    if not interval:
        yield f"monitoringInterval is {shown(interval)}."
    elif not is_set(database.props, "monitoringRoleArn"):
        yield "monitoringRoleArn is not set, so nothing is measured."


DATABASE_ADMIN_NAME = ResourceRule(
    name="database-admin-name",
    severity=Severity.LOW,
    why="The name of the master account is not one that everybody tries.",
    fix="Choose a username of your own. Changing it replaces the database.",
    controls=("RDS.24", "RDS.25"),
    resource_types=_DATABASES,
    applies_to=lambda database: (
        not is_replica(database) and not is_set(database.props, "snapshotIdentifier")
    ),
    check=_guessable,
)

DATABASE_IAM_AUTHENTICATION = ResourceRule(
    name="database-iam-authentication",
    severity=Severity.MEDIUM,
    why="People can log in to a database with their own identity and a token of minutes, so that "
    "nobody has a reason to know a password.",
    fix="Set iam_database_authentication_enabled=True.",
    controls=("RDS.10", "RDS.12"),
    resource_types=_DATABASES,
    check=_without_iam,
)

DATABASE_UPGRADES = ResourceRule(
    name="database-upgrades",
    severity=Severity.MEDIUM,
    why="Fixes of the engine, security's among them, come by themselves.",
    fix="Set auto_minor_version_upgrade=True.",
    controls=("RDS.13", "RDS.35"),
    resource_types=frozenset({INSTANCE, CLUSTER_INSTANCE}),
    check=_not_upgraded,
)

DATABASE_LOGS = ResourceRule(
    name="database-logs",
    severity=Severity.MEDIUM,
    why="A server's logs are kept outside of it, where nobody on it can change them.",
    fix="Name the logs in enabled_cloudwatch_logs_exports.",
    controls=("RDS.9", "RDS.34", "RDS.36", "RDS.37", "RDS.42"),
    parameters=LogParameters(),
    resource_types=_DATABASES,
    check=_unlogged,
)

DATABASE_MONITORING = ResourceRule(
    name="database-monitoring",
    severity=Severity.LOW,
    why="A server's operating system is measured: what it does in a bad minute is known.",
    fix="Set monitoring_interval to 60 or less, and monitoring_role_arn.",
    controls=("RDS.6",),
    resource_types=frozenset({INSTANCE, CLUSTER_INSTANCE}),
    check=_unmonitored,
)
