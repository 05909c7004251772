"""What a database can be made of: a snapshot that fits, or a moment that AWS still has."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from ops.errors import OpsError

__all__ = ["as_text", "moment", "snapshot"]

Json = Mapping[str, Any]


def as_text(moment: datetime) -> str:
    """Write a moment as the config has it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(rds: Any, identifier: str, wanted: datetime | None) -> str:  # noqa: ANN401 - boto3's
    """Return a moment that can be restored.

    Args:
        rds: Client.
        identifier: The database's.
        wanted: The moment; None for the latest.

    Raises:
        OpsError: It is too early, or too late.
    """
    found = rds.describe_db_instance_automated_backups(DBInstanceIdentifier=identifier)
    windows = [one.get("RestoreWindow", {}) for one in found["DBInstanceAutomatedBackups"]]
    window = next((one for one in windows if {"EarliestTime", "LatestTime"} <= one.keys()), None)
    if window is None:
        raise OpsError(
            f"AWS has no backup of {identifier} yet. Does it have todo:databaseOperations."
            "backupRetentionDays, and was it there for an hour? A snapshot may do: --snapshot ID."
        )
    earliest, latest = window["EarliestTime"], window["LatestTime"]
    chosen = latest if wanted is None else wanted
    if not earliest <= chosen <= latest:
        raise OpsError(
            f"{as_text(chosen)} cannot be restored: AWS has {identifier} from {as_text(earliest)} "
            f"to {as_text(latest)}. The end moves on every few minutes; --latest takes it."
        )
    return as_text(chosen)


def snapshot(rds: Any, identifier: str, instance: Json) -> str:  # noqa: ANN401 - boto3's
    """Return the identifier of a snapshot that the database can be made of.

    Args:
        rds: Client.
        identifier: The snapshot's.
        instance: The database, as AWS describes it.

    Raises:
        OpsError: There is none, it is not complete, or it does not fit.
    """
    try:
        (found,) = rds.describe_db_snapshots(DBSnapshotIdentifier=identifier)["DBSnapshots"]
    except (ClientError, ValueError) as error:
        raise OpsError(
            f"There is no snapshot {identifier} here: {error}. `aws rds describe-db-snapshots "
            "--query 'DBSnapshots[].[DBSnapshotIdentifier,SnapshotCreateTime]'` lists them."
        ) from None
    if found["Status"] != "available":
        raise OpsError(f"Snapshot {identifier} is {found['Status']}: wait until it is available.")
    if found["Engine"] != instance["Engine"]:
        raise OpsError(f"Snapshot {identifier} is of {found['Engine']}, not {instance['Engine']}.")
    # Else the next deployment would find a database under another key, and replace it.
    key = instance.get("KmsKeyId")
    if not found.get("Encrypted") or found.get("KmsKeyId") != key:
        raise OpsError(
            f"Snapshot {identifier} is not encrypted with the key of the database. Copy it, and "
            f"restore the copy: aws rds copy-db-snapshot --source-db-snapshot-identifier "
            f"{identifier} --target-db-snapshot-identifier {identifier.removeprefix('rds:')}-copy "
            f"--kms-key-id {key}"
        )
    return identifier
