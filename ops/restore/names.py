"""What a restore is called: the day, and a letter where the day's name is taken."""

from string import ascii_lowercase
from typing import Any

from botocore.exceptions import ClientError

from ops.errors import OpsError

__all__ = ["new_name", "stated_name"]


def new_name(rds: Any, today: str, database: str, generation: str | None) -> str:  # noqa: ANN401 - boto3's
    """Return the first name of a day that no database has, nor had.

    Args:
        rds: Client.
        today: The day, as a name has it.
        database: The identifier of the stack's database.
        generation: The name of the restore that it came from; None for the first.

    Raises:
        OpsError: There is none left.
    """
    last = generation or ""
    for name in (today, *(today + letter for letter in ascii_lowercase)):
        is_older = last.startswith(today) and name <= last
        if not is_older and _last_snapshot(rds, name, database, generation) is None:
            return name
    raise OpsError(
        f"Every name from {today} to {today}z is taken: `begin` with --name and another day's, "
        "such as r20261129, or delete the last snapshots of restores that were dropped."
    )


def stated_name(rds: Any, name: str, database: str, generation: str | None) -> str:  # noqa: ANN401 - boto3's
    """Return a name that somebody chose; the other arguments are those of `new_name`.

    Raises:
        OpsError: The database could not be deleted with its last snapshot.
    """
    if snapshot := _last_snapshot(rds, name, database, generation):
        raise OpsError(
            f"{name} is taken: snapshot {snapshot} is the last of an earlier restore, and a second "
            "one could not be made when this database is deleted. Choose another --name (r, a day, "
            f"and a letter behind it), or leave it out; or delete the snapshot, if nobody needs it."
        )
    return name


def _last_snapshot(rds: Any, name: str, database: str, generation: str | None) -> str | None:  # noqa: ANN401 - boto3's
    """Return the last snapshot that a database of this name has left behind; None without one.

    AWS makes none over another, so that the database could not be deleted any more.
    """
    start = database.removesuffix(f"-{generation}") if generation else database
    identifier = f"{start}-{name}-final"  # as todo_infra.database_inputs has it
    try:
        found = rds.describe_db_snapshots(DBSnapshotIdentifier=identifier)["DBSnapshots"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "DBSnapshotNotFound":
            return None
        raise
    return identifier if found else None
