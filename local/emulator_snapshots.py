"""Snapshots and restores of databases, which MiniStack only keeps a record of.

A snapshot is a dump of the data. A restored instance is a new container into which it is loaded;
as of a moment, with the changes that the source's binary log has until then. Automatic backups are
one, of when an instance was made: the log goes back that far.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from ministack.services import rds

from local.emulator_backups import Backup, Server

__all__ = [
    "Answer",
    "Handler",
    "Instance",
    "Request",
    "Snapshots",
    "has_backups",
    "server_of",
    "this_second",
]

_log = logging.getLogger(__name__)

_BACKUP: Final = "_backup"
_FILL: Final = "_fill"
# What a new instance has of its source, where the request does not say otherwise. Not the
# parameter group: AWS gives it the default one.
_KEPT: Final = (
    *("Engine", "EngineVersion", "DBName", "MasterUsername", "AllocatedStorage", "StorageType"),
    *("StorageEncrypted", "KmsKeyId", "DBInstanceClass", "BackupRetentionPeriod"),
)

Request = dict[str, Any]
Answer = tuple[int, dict[str, str], Any]
Handler = Callable[[Request], Answer]
Instance = dict[str, Any]


class Snapshots:
    """Snapshots and backups of all instances.

    Args:
        folder: where files are kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def taking_snapshots(self, take: Handler) -> Handler:
        """Wrap `CreateDBSnapshot` so that it keeps the data."""

        def handler(request: Request) -> Answer:
            instance = rds._resolve_instance(_text(request, "DBInstanceIdentifier"))
            known = _text(request, "DBSnapshotIdentifier") in rds._snapshots
            backup = self._dump(instance) if instance and not known else None
            return self._keep(take(request), _text(request, "DBSnapshotIdentifier"), backup)

        return handler

    def taking_the_last(self, delete: Handler) -> Handler:
        """Wrap `DeleteDBInstance` so that a final snapshot keeps the data."""

        def handler(request: Request) -> Answer:
            instance = rds._resolve_instance(_text(request, "DBInstanceIdentifier"))
            name = _text(request, "FinalDBSnapshotIdentifier")
            wanted = name and _text(request, "SkipFinalSnapshot") != "true"
            doomed = instance is not None and not instance.get("DeletionProtection")
            backup = self._dump(instance) if instance and doomed and wanted else None
            return self._keep(delete(request), name, backup)

        return handler

    def dropping_snapshots(self, drop: Handler) -> Handler:
        """Wrap `DeleteDBSnapshot` so that the data goes, too."""

        def handler(request: Request) -> Answer:
            name = _text(request, "DBSnapshotIdentifier")
            backup = (rds._snapshots.get(name) or {}).get(_BACKUP)
            answer = drop(request)
            if answer[0] == HTTPStatus.OK and backup:
                backup.dump.unlink()
            return answer

        return handler

    def from_snapshots(self, make: Handler) -> Handler:
        """`RestoreDBInstanceFromDBSnapshot`, on what makes an instance."""

        def handler(request: Request) -> Answer:
            name = _text(request, "DBSnapshotIdentifier")
            snapshot = rds._snapshots.get(name)
            if snapshot is None:
                return _refused("DBSnapshotNotFound", f"DBSnapshot {name} not found.", 404)
            backup: Backup | None = snapshot.get(_BACKUP)
            if backup is None:
                return _refused("InvalidDBSnapshotState", f"DBSnapshot {name} has no data.")
            source = {**snapshot, "_MasterUserPassword": backup.password}
            target = _text(request, "DBInstanceIdentifier")
            answer = make(_like(source, request, target))
            return _answered(
                "RestoreDBInstanceFromDBSnapshot",
                answer,
                target,
                lambda server: server.load(backup, None),
            )

        return handler

    def to_moments(self, make: Handler) -> Handler:
        """`RestoreDBInstanceToPointInTime`, on what makes an instance."""

        def handler(request: Request) -> Answer:
            source = _source(request)
            if source is None:
                return _refused("DBInstanceNotFound", "There is no such source.", 404)
            moment, backup = _moment(request), source.get(_BACKUP)
            if backup is None or not backup.log or not backup.taken <= moment <= this_second():
                return _refused(
                    "InvalidParameterValue",
                    f"{moment:%Y-%m-%dT%H:%M:%SZ} is not between the first backup and now.",
                )

            def fill(server: Server) -> None:
                changes = server_of(source).changes(backup, moment, self._folder)
                server.load(backup, changes)
                changes.unlink()

            target = _text(request, "TargetDBInstanceIdentifier")
            answer = make(_like(source, request, target))
            return _answered("RestoreDBInstanceToPointInTime", answer, target, fill)

        return handler

    def filling(self, ready: Callable[..., None]) -> Callable[..., None]:
        """Wrap what MiniStack does last before an instance is available."""

        def filled(host: str, port: int, user: str, word: str, name: str, engine: str = "") -> None:
            ready(host, port, user, word, name, engine)
            instance = rds._instances.get(name)
            if instance is None:
                return
            try:
                if fill := instance.pop(_FILL, None):
                    fill(server_of(instance))
                if _BACKUP not in instance and has_backups(instance):
                    instance[_BACKUP] = server_of(instance).dump(self._folder)
            except Exception:
                instance["DBInstanceStatus"] = "failed"
                _log.exception("%s cannot be filled, or backed up", name)
                raise

        return filled

    def describe(self, request: Request) -> Answer:
        """`DescribeDBInstanceAutomatedBackups`: since when, and until when."""
        wanted = _text(request, "DBInstanceIdentifier")
        found = "".join(
            _window(instance)
            for name, instance in rds._instances.items()
            if wanted in ("", name)
            and _BACKUP in instance
            and not instance["ReadReplicaSourceDBInstanceIdentifier"]
        )
        action = "DescribeDBInstanceAutomatedBackups"
        inner = f"<DBInstanceAutomatedBackups>{found}</DBInstanceAutomatedBackups>"
        answer: Answer = rds._xml(
            HTTPStatus.OK, f"{action}Response", f"<{action}Result>{inner}</{action}Result>"
        )
        return answer

    def _dump(self, instance: Instance) -> Backup | None:
        has_data = instance.get("_docker_container_id") is not None
        return server_of(instance).dump(self._folder) if has_data else None

    def _keep(self, answer: Answer, name: str, backup: Backup | None) -> Answer:
        if backup is not None:
            if answer[0] == HTTPStatus.OK:
                rds._snapshots[name][_BACKUP] = backup
            else:
                backup.dump.unlink()
        return answer


def _like(source: Mapping[str, Any], request: Request, target: str) -> Request:
    """Ask for an instance that is what the request says, and else what its source is."""
    same = {key: [_word(source[key])] for key in _KEPT if source.get(key) not in (None, "")}
    password = {"MasterUserPassword": [source["_MasterUserPassword"]]}
    return {**same, **password, **request, "DBInstanceIdentifier": [target]}


def _answered(action: str, answer: Answer, target: str, fill: Callable[[Server], None]) -> Answer:
    """Answer for a new instance, which is filled when its server has started: seconds from now."""
    if answer[0] != HTTPStatus.OK:
        return answer
    instance = rds._instances[target]
    instance[_FILL] = fill
    described: Answer = rds._single_instance_response(
        f"{action}Response", f"{action}Result", instance
    )
    return described


def server_of(instance: Mapping[str, Any]) -> Server:
    """Return the container of an instance."""
    return Server(rds._get_docker(), instance)


def _source(request: Request) -> Instance | None:
    name = _text(request, "SourceDBInstanceIdentifier")
    resource = _text(request, "SourceDbiResourceId")
    for instance in rds._instances.values():
        if instance["DBInstanceIdentifier"] == name or instance["DbiResourceId"] == resource:
            found: Instance = instance
            return found
    return None


def _moment(request: Request) -> datetime:
    stated = _text(request, "RestoreTime")
    return datetime.fromisoformat(stated).astimezone(UTC) if stated else this_second()


def this_second() -> datetime:
    """Now, in whole seconds, as the log has them: this one is not over yet."""
    return datetime.now(UTC).replace(microsecond=0)


def _window(instance: Instance) -> str:
    earliest = instance[_BACKUP].taken.replace(microsecond=0) + timedelta(seconds=1)
    times = (rds._format_time(one.timestamp()) for one in (earliest, this_second()))
    first, last = times
    return (
        "<DBInstanceAutomatedBackup>"
        f"<DBInstanceIdentifier>{instance['DBInstanceIdentifier']}</DBInstanceIdentifier>"
        f"<DbiResourceId>{instance['DbiResourceId']}</DbiResourceId><Status>active</Status>"
        f"<RestoreWindow><EarliestTime>{first}</EarliestTime><LatestTime>{last}</LatestTime>"
        "</RestoreWindow></DBInstanceAutomatedBackup>"
    )


def has_backups(instance: Mapping[str, Any]) -> bool:
    """Whether an instance keeps automatic backups."""
    return int(instance.get("BackupRetentionPeriod", 0)) > 0


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _text(request: Request, name: str) -> str:
    return str(rds._p(request, name))


def _refused(code: str, message: str, status: int = 400) -> Answer:
    refused: Answer = rds._error(code, message, status)
    return refused
