"""How big the database is, which the product team owns, and how it is run."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from todo_infra.errors import ConfigError
from todo_infra.mysql_support import support_of
from todo_infra.sizes import DATABASE_CLASSES

from .choices import SomeOf
from .database_windows import DailyWindow, WeeklyWindow, windows_overlap
from .restore import GENERATION, Restore, RestoreFrom
from .rules import RELATIVE_PATH, OneOf, Text, WholeNumber, YesNo

__all__ = ["Database", "DatabaseOperations", "contradictions", "replica_contradictions"]


@dataclass(frozen=True, kw_only=True)
class Database:
    """How big the database is.

    Attributes:
        size: T-shirt size of the instance; see `sizes.DATABASE_CLASSES`. Changing it
            restarts the database in its maintenance window.
        storage_gib: Storage at the start, in GiB. It grows by itself up to four times as
            much, and never shrinks.
        read_replicas: Copies that answer reads only, each as big as the database. Adding
            and removing them does not touch the database.
        connections_per_task: Connections that each task may open, to each server. More do
            not make it faster; with many tasks, fewer leave room for more of them.
    """

    size: Annotated[str, OneOf(tuple(DATABASE_CLASSES))] = "small"
    # gp3 begins at 20 GiB and ends at 64 TiB, which four times the highest value reaches.
    storage_gib: Annotated[int, WholeNumber(20, 16_384)] = 20
    read_replicas: Annotated[int, WholeNumber(0, 5)] = 0
    # Up to the application's own limit of DATABASE_POOL_SIZE.
    connections_per_task: Annotated[int, WholeNumber(1, 200)] = 8


@dataclass(frozen=True, kw_only=True)
class DatabaseOperations:
    """How the database is run.

    Attributes:
        multi_az: Keep a standby in a second zone.
        backup_retention_days: Days that point-in-time recovery reaches back.
        backup_window: When the daily backup is taken, in UTC.
        maintenance_window: When AWS may restart the database, in UTC: for new patches, and
            for changes that do not apply immediately.
        deletion_protection: Have AWS refuse to delete the instance.
        protect: Have Pulumi refuse to delete or replace the instance and its key.
        final_snapshot: Take a snapshot before the instance is deleted, and keep the backups.
        managed_master_password: Let RDS make, keep and rotate the master password. False
            has this program make it once and keep it in a secret of its own, as read replicas need.
        certificate_authority_file: PEM file, relative to the project's root, of the
            authority that signed the server's certificate. None trusts the bundle of AWS
            authorities in the image.
        engine_version: MySQL version; a long-term support line, with or without its patch.
        allow_major_version_upgrade: Let a change of engineVersion change the line.
        apply_immediately: Apply changes now, restart included, and not in the maintenance
            window.
        allow_extended_support: Accept a line whose standard support has ended, and AWS's
            surcharge for it.
        iam_authentication: Let accounts log in by IAM; the application uses a password.
        global_transaction_ids: Number transactions across servers, without which nothing is
            read from a replica. Turning it on later takes several restarts.
        log_exports: Server logs that go to CloudWatch.
        slow_query_seconds: What takes longer is in the log of slow queries.
        performance_insights: Keep a week of what the load consists of; only sizes from
            medium on have it.
        monitoring_seconds: How often the operating system is measured; 0 for never.
        proxy: Have tasks connect through RDS Proxy, which keeps their connections over a
            failover.
        generation: Name of the restore that the database came from; none is the first. Another
            name is another database: `ops.restore` sets it when a restore has taken over.
        restore: A second database, made of a snapshot or a moment of the first; with `serve` the
            application uses it. See docs/decisions/014-restore.md.
    """

    multi_az: Annotated[bool, YesNo()] = True
    backup_retention_days: Annotated[int, WholeNumber(1, 35)] = 14
    backup_window: Annotated[str, DailyWindow()] = "03:00-04:00"
    maintenance_window: Annotated[str, WeeklyWindow()] = "sun:05:00-sun:06:00"
    deletion_protection: Annotated[bool, YesNo()] = True
    protect: Annotated[bool, YesNo()] = True
    final_snapshot: Annotated[bool, YesNo()] = True
    managed_master_password: Annotated[bool, YesNo()] = True
    certificate_authority_file: Annotated[str | None, RELATIVE_PATH] = None
    engine_version: Annotated[
        str, Text(r"(8\.4|9\.7)(\.\d+)?", 'a text such as "8.4" or "8.4.6", of line 8.4 or 9.7')
    ] = "8.4"
    allow_major_version_upgrade: Annotated[bool, YesNo()] = False
    apply_immediately: Annotated[bool, YesNo()] = False
    allow_extended_support: Annotated[bool, YesNo()] = False
    iam_authentication: Annotated[bool, YesNo()] = True
    global_transaction_ids: Annotated[bool, YesNo()] = True
    log_exports: Annotated[tuple[str, ...], SomeOf(("error", "slowquery"))] = ("error", "slowquery")
    slow_query_seconds: Annotated[int, WholeNumber(0, 3600)] = 1
    performance_insights: Annotated[bool, YesNo()] = True
    monitoring_seconds: Annotated[int, OneOf((0, 1, 5, 10, 15, 30, 60))] = 60
    proxy: Annotated[bool, YesNo()] = False
    generation: Annotated[str | None, GENERATION] = None
    restore: Annotated[Restore | None, RestoreFrom()] = None


def contradictions(settings: DatabaseOperations, key: str, today: date) -> Iterator[ConfigError]:
    """Yield what no single value shows.

    Args:
        settings: What the stack says.
        key: The full key of the object, such as `todo:databaseOperations`.
        today: Decides whether the MySQL version is still supported.
    """
    if windows_overlap(settings.backup_window, settings.maintenance_window):
        yield ConfigError(
            f"{key}.maintenanceWindow",
            settings.maintenance_window,
            f"a window beside the daily backup, {settings.backup_window}",
            "Move one of the two.",
        )
    if settings.allow_major_version_upgrade and not settings.apply_immediately:
        yield ConfigError(
            f"{key}.allowMajorVersionUpgrade",
            settings.allow_major_version_upgrade,
            "true together with applyImmediately",
            "The old parameter group can only go when the database has left it, so a change of "
            "the line cannot wait for the maintenance window.",
        )
    if settings.restore and settings.restore.name == settings.generation:
        yield ConfigError(
            f"{key}.restore",
            settings.restore.name,
            f"another name than that of the database itself, {key}.generation",
            "Give it the day of this restore, and a letter behind it if need be.",
        )
    support = support_of(settings.engine_version, today)
    if support.has_ended and not settings.allow_extended_support:
        yield ConfigError(
            f"{key}.engineVersion",
            settings.engine_version,
            f"a line in standard support, which ended on {support.ends} for this one",
            f"Upgrade to {support.successor or 'a newer line'}, or pay for extended support and "
            f"set {key}.allowExtendedSupport to true.",
        )


def replica_contradictions(
    database: Database, operations: DatabaseOperations, project: str
) -> Iterator[ConfigError]:
    """Yield what AWS would refuse when half of an update is done.

    RDS for MySQL makes no replica of an instance whose master password it manages:
    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html, *Limitations*.
    """
    if database.read_replicas and operations.managed_master_password:
        yield ConfigError(
            f"{project}:database.readReplicas",
            database.read_replicas,
            f"0, while {project}:databaseOperations.managedMasterPassword is true",
            "RDS copies no database whose master password it manages. The platform team can have "
            "this program make the password: managedMasterPassword false, and the policy "
            "database-credentials-managed told so with managedByRds false.",
        )
