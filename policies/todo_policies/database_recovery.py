"""What a database can be brought back from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pulumi_policy import PolicyResource, Severity

from todo_policies.databases import has_to_be, is_replica
from todo_policies.graph import linked
from todo_policies.parameters import parameter
from todo_policies.reading import is_set, shown
from todo_policies.resource_types import CLUSTER, CLUSTER_INSTANCE, INSTANCE
from todo_policies.rule import ResourceRule, StackRule, Subject

__all__ = [
    "DATABASE_BACKUPS",
    "DATABASE_DELETION_PROTECTION",
    "DATABASE_MULTI_AZ",
    "DATABASE_SNAPSHOT_TAGS",
]

_DATABASES = frozenset({INSTANCE, CLUSTER})
_MEMBERS = 2


@dataclass(frozen=True, kw_only=True)
class BackupParameters:
    """How much is kept, and what of it outlives the database."""

    minimum_days: int = parameter(
        7, "Days that automatic backups are kept for.", minimum=1, maximum=35
    )
    final_snapshot: bool = parameter(
        default=True, description="Ask for a snapshot before a deletion, and keep the backups."
    )


def _not_a_replica(database: Subject) -> bool:
    return not is_replica(database)


def _unprotected(database: Subject) -> Iterator[str]:
    yield from has_to_be(database, "deletionProtection", value=True)


def _without_backups(database: Subject, parameters: BackupParameters) -> Iterator[str]:
    days = database.props.get("backupRetentionPeriod")
    if days is None or days < parameters.minimum_days:
        yield (
            f"backupRetentionPeriod is {shown(days)}, but at least {parameters.minimum_days} days "
            "are asked for."
        )
    if not parameters.final_snapshot:
        return
    if database.props.get("skipFinalSnapshot") is not False:
        state = shown(database.props.get("skipFinalSnapshot"))
        yield f"skipFinalSnapshot is {state}, but has to be False."
    if not is_set(database.props, "finalSnapshotIdentifier"):
        yield "finalSnapshotIdentifier is not set, which only a deletion would find out."
    if database.props.get("deleteAutomatedBackups") is not False:
        yield "deleteAutomatedBackups is not False, so the backups go with the database."


def _untagged(database: Subject) -> Iterator[str]:
    yield from has_to_be(database, "copyTagsToSnapshot", value=True)


def _in_one_zone(database: PolicyResource, stack: Sequence[PolicyResource]) -> Iterator[str]:
    if is_replica(database):
        return
    if database.resource_type == INSTANCE:
        yield from has_to_be(database, "multiAz", value=True)
    elif not is_set(database.props, "dbClusterInstanceClass"):
        members = [
            one
            for one in stack
            if one.resource_type == CLUSTER_INSTANCE
            and database in linked(one, "clusterIdentifier", {CLUSTER}, stack)
        ]
        if len(members) < _MEMBERS:
            yield f"the cluster has {len(members)} instances, but a failover needs {_MEMBERS}."


DATABASE_DELETION_PROTECTION = ResourceRule(
    name="database-deletion-protection",
    severity=Severity.HIGH,
    why="A database is not deleted by a slip of the hand.",
    fix="Set deletion_protection=True; to delete the database, take it off first, on purpose.",
    controls=("RDS.7", "RDS.8"),
    resource_types=_DATABASES,
    applies_to=_not_a_replica,
    check=_unprotected,
)

DATABASE_BACKUPS = ResourceRule(
    name="database-backups",
    severity=Severity.HIGH,
    why="Data can be brought back from every moment of the last days, and after a deletion.",
    fix="Set backup_retention_period, skip_final_snapshot=False with a "
    "final_snapshot_identifier, and delete_automated_backups=False.",
    controls=("RDS.11",),
    parameters=BackupParameters(),
    resource_types=_DATABASES,
    applies_to=_not_a_replica,
    check=_without_backups,
)

DATABASE_SNAPSHOT_TAGS = ResourceRule(
    name="database-snapshot-tags",
    severity=Severity.LOW,
    why="Snapshots carry their database's tags, so that they are found, owned and accounted for.",
    fix="Set copy_tags_to_snapshot=True.",
    controls=("RDS.16", "RDS.17"),
    resource_types=_DATABASES,
    check=_untagged,
)

DATABASE_MULTI_AZ = StackRule(
    name="database-multi-az",
    severity=Severity.MEDIUM,
    why="A database outlives the loss of a zone.",
    fix="Set multi_az=True; give an Aurora cluster a second instance.",
    controls=("RDS.5", "RDS.15"),
    resource_types=_DATABASES,
    check=_in_one_zone,
)
