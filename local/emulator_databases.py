"""Databases that outlive a restart and can be restored, unlike MiniStack's own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from ministack.services import rds

from local.emulator_snapshots import (
    Answer,
    Handler,
    Instance,
    Request,
    Snapshots,
    has_backups,
    server_of,
    this_second,
)

__all__ = ["extend", "keeping_data", "telling_the_latest", "writing_a_log"]

_LOG: Final = ("--log-bin=/var/lib/mysql-binlog/binlog", "--loose-binlog-format=ROW")
_LATEST: Final = "LatestRestorableTime"


def extend() -> None:
    """Have the emulator keep and restore data."""
    snapshots, actions = Snapshots(Path(tempfile.mkdtemp())), rds._ACTION_MAP
    make = actions["CreateDBInstance"]
    actions["CreateDBSnapshot"] = snapshots.taking_snapshots(actions["CreateDBSnapshot"])
    actions["DeleteDBSnapshot"] = snapshots.dropping_snapshots(actions["DeleteDBSnapshot"])
    actions["DeleteDBInstance"] = snapshots.taking_the_last(actions["DeleteDBInstance"])
    actions["RestoreDBInstanceFromDBSnapshot"] = snapshots.from_snapshots(make)
    actions["RestoreDBInstanceToPointInTime"] = snapshots.to_moments(make)
    actions["DescribeDBInstanceAutomatedBackups"] = snapshots.describe
    actions["DescribeDBInstances"] = telling_the_latest(actions["DescribeDBInstances"])
    rds._run_rds_container = keeping_data(rds._run_rds_container)
    rds._mysql_server_options = writing_a_log(rds._mysql_server_options)
    rds._rotate_instance_password = rotating_the_master(rds._rotate_instance_password)
    ready = rds._grant_mysql_master_user_privileges
    rds._grant_mysql_master_user_privileges = snapshots.filling(ready)


def keeping_data(run: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap what starts a server: its data is in the container, so that a restart finds it again."""

    def started(docker: Any, engine: str, arguments: Mapping[str, Any], **tls: Any) -> Any:  # noqa: ANN401
        kept = {name: value for name, value in arguments.items() if name != "tmpfs"}
        return run(docker, engine, kept, **tls)

    return started


def writing_a_log(options: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """Wrap what a server is started with: where backups are kept, it writes a binary log."""

    def started_with(backup_retention_period: object, *more: object) -> list[str]:
        own = list(_LOG) if int(str(backup_retention_period)) > 0 else []
        return [*own, *options(backup_retention_period, *more)]

    return started_with


def rotating_the_master(rotate: Callable[..., None]) -> Callable[..., None]:
    """Wrap what changes a password, which MiniStack does for the account it uses itself only."""

    def rotated(instance: Instance, old: str, new: str) -> None:
        rotate(instance, old, new)
        if instance.get("_docker_container_id"):
            server_of(instance).set_passwords()

    return rotated


def telling_the_latest(describe: Handler) -> Handler:
    """Wrap what describes instances: each change can be restored as soon as it is in the log."""

    def described(request: Request) -> Answer:
        for instance in rds._instances.values():
            if has_backups(instance):
                instance[_LATEST] = rds._format_time(this_second().timestamp())
        return describe(request)

    return described
