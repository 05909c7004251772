"""What the database's servers are made with, from the stack's config. No resources here."""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from . import config, sizes
from .ports import DATABASE_PORT

__all__ = [
    "DATABASE_NAME",
    "MASTER_USERNAME",
    "Generation",
    "generations",
    "origin",
    "shared_inputs",
    "writer_inputs",
]

DATABASE_NAME = "todo"
MASTER_USERNAME = "todo_admin"
# Signed with RSA 2048 until 2061; RDS renews the server's certificate under it by itself.
_CERTIFICATE_AUTHORITY = "rds-ca-rsa2048-g1"
_STORAGE_GROWTH = 4
_ORIGINS = ("snapshot_identifier", "restore_to_point_in_time")


@dataclass(frozen=True, kw_only=True)
class Generation:
    """Which of a stack's databases one is: the first, or one that a restore made.

    Attributes:
        name: The restore's; None for the first.
        restore: What it is being made of; None when that is over, or never was.
    """

    name: str | None
    restore: config.Restore | None = None

    @property
    def end(self) -> str:
        """The end of its resources' names."""
        return f"-{self.name}" if self.name else ""

    @property
    def forgotten(self) -> list[str]:
        """What a finished restore says otherwise than it did: else it would be made anew.

        That is where its data came from, and the schema's name, which it was made without.
        """
        return [*_ORIGINS, "db_name"] if self.name and self.restore is None else []

    def identifier(self, start: pulumi.Output[str]) -> pulumi.Output[str]:
        """Return its identifier."""
        return pulumi.Output.concat(start, self.end) if self.name else start


def generations(operations: config.DatabaseOperations) -> tuple[Generation, Generation | None]:
    """Return the stack's database, and the one that is restored from it."""
    restore = operations.restore
    restored = Generation(name=restore.name, restore=restore) if restore else None
    return Generation(name=operations.generation), restored


def origin(restore: config.Restore, source: pulumi.Input[str]) -> dict[str, Any]:
    """Return what makes an instance of the data that another one had.

    Args:
        restore: Which data.
        source: The other one's identifier.
    """
    # As much storage as the data had: it may have grown beyond what the config begins with, and
    # AWS refuses to make it less.
    # The schema is in the data, too: RDS takes no name for it when it restores MySQL.
    of_the_data = {"allocated_storage": None, "db_name": None}
    if restore.snapshot:
        return {**of_the_data, "snapshot_identifier": restore.snapshot}
    moment = aws.rds.InstanceRestoreToPointInTimeArgs(
        restore_time=restore.time, source_db_instance_identifier=source
    )
    return {**of_the_data, "restore_to_point_in_time": moment}


def shared_inputs(
    settings: config.Settings,
    *,
    parameter_group_name: pulumi.Input[str],
    security_group_id: pulumi.Input[str],
) -> dict[str, Any]:
    """Return what the instance and its replicas have in common."""
    operations, size = settings.database_operations, settings.database
    return {
        "instance_class": sizes.DATABASE_CLASSES[size.size],
        "parameter_group_name": parameter_group_name,
        "ca_cert_identifier": _CERTIFICATE_AUTHORITY,
        "storage_type": "gp3",
        "storage_encrypted": True,
        "max_allocated_storage": size.storage_gib * _STORAGE_GROWTH,
        "vpc_security_group_ids": [security_group_id],
        "publicly_accessible": False,
        "iam_database_authentication_enabled": operations.iam_authentication,
        "maintenance_window": operations.maintenance_window,
        "copy_tags_to_snapshot": True,
        "auto_minor_version_upgrade": True,
        "apply_immediately": operations.apply_immediately,
    }


def writer_inputs(settings: config.Settings, identifier: pulumi.Input[str]) -> dict[str, Any]:
    """Return what only the instance has that takes the writes.

    There is no engine_lifecycle_support: changing it would replace the database.
    """
    operations = settings.database_operations
    return {
        "identifier": identifier,
        "engine": "mysql",
        "engine_version": operations.engine_version,
        "allow_major_version_upgrade": operations.allow_major_version_upgrade,
        "db_name": DATABASE_NAME,
        "port": DATABASE_PORT,
        "username": MASTER_USERNAME,
        "allocated_storage": settings.database.storage_gib,
        "multi_az": operations.multi_az,
        "backup_retention_period": operations.backup_retention_days,
        "backup_window": operations.backup_window,
        "delete_automated_backups": not operations.final_snapshot,
        "deletion_protection": operations.deletion_protection,
        "skip_final_snapshot": not operations.final_snapshot,
        # Set from the start, since a missing one is only found out at the end.
        "final_snapshot_identifier": (
            pulumi.Output.concat(identifier, "-final") if operations.final_snapshot else None
        ),
    }
