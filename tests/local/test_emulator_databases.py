"""What the emulator is told of databases, snapshots and restores, without a server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ministack.services import rds

from local.emulator_backups import Backup
from local.emulator_databases import keeping_data, telling_the_latest, writing_a_log
from local.emulator_snapshots import Answer, Request, Snapshots

OK: Answer = (200, {}, b"")
REFUSED: Answer = (400, {}, b"")


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """The only instance of the emulator, with a backup and a snapshot."""
    backup = Backup(
        taken=datetime.now(UTC) - timedelta(minutes=5),
        dump=tmp_path / "dump.sql",
        log="binlog.000001",
        place=4,
        accounts=(),
        password="the master's",
    )
    source = {
        "DBInstanceIdentifier": "todo",
        "DBInstanceArn": "arn:aws:rds:eu-west-1:000000000000:db:todo",
        "DbiResourceId": "db-1",
        "DBInstanceClass": "db.m7g.large",
        "DBInstanceStatus": "available",
        "Engine": "mysql",
        "EngineVersion": "8.4",
        "MasterUsername": "todo_admin",
        "AllocatedStorage": 20,
        "StorageEncrypted": True,
        "BackupRetentionPeriod": 1,
        "_MasterUserPassword": "the master's",
        "_backup": backup,
    }
    monkeypatch.setattr(rds, "_instances", {"todo": source})
    monkeypatch.setattr(rds, "_snapshots", {"before": {**source, "DBSnapshotIdentifier": "before"}})
    return source


def restore(make: Any, **asked: str) -> Answer:  # noqa: ANN401 - a handler
    snapshots, request = Snapshots(Path()), {name: [value] for name, value in asked.items()}
    if "DBSnapshotIdentifier" in asked:
        return snapshots.from_snapshots(make)(request)
    return snapshots.to_moments(make)(request)


SNAPSHOT = {"DBInstanceIdentifier": "new", "DBSnapshotIdentifier": "before"}
MOMENT = {
    "TargetDBInstanceIdentifier": "new",
    "SourceDBInstanceIdentifier": "todo",
    "UseLatestRestorableTime": "true",
}


@pytest.mark.parametrize("asked", [SNAPSHOT, MOMENT], ids=["snapshot", "moment"])
def test_a_restored_instance_is_its_source_but_for_what_is_asked(
    source: dict[str, Any], asked: dict[str, str]
) -> None:
    requests: list[Request] = []

    def make(request: Request) -> Answer:
        requests.append(request)
        rds._instances["new"] = {**source, "DBInstanceIdentifier": "new"}
        return OK

    answer = restore(make, **asked, DBInstanceClass="db.m7g.xlarge")
    assert answer[0] == 200
    assert b"<DBInstanceIdentifier>new</DBInstanceIdentifier>" in answer[2]
    (made,) = requests
    expected = {
        "DBInstanceIdentifier": "new",
        "DBInstanceClass": "db.m7g.xlarge",
        "Engine": "mysql",
        "StorageEncrypted": "true",
        "MasterUserPassword": "the master's",
    }
    assert {key: made[key] for key in expected} == {key: [x] for key, x in expected.items()}
    assert "DBParameterGroupName" not in made, "AWS gives it the default one"
    assert "_fill" in rds._instances["new"]


@pytest.mark.parametrize("asked", [SNAPSHOT, MOMENT], ids=["snapshot", "moment"])
@pytest.mark.usefixtures("source")
def test_a_refused_one_leaves_nothing_for_an_instance_of_that_name(asked: dict[str, str]) -> None:
    rds._instances["new"] = {}
    assert restore(lambda _: REFUSED, **asked) == REFUSED
    assert rds._instances["new"] == {}


def test_a_servers_data_is_not_in_memory() -> None:
    ran: list[tuple[object, ...]] = []
    arguments = {"image": "mysql", "tmpfs": {"/var/lib/mysql": "size=256m"}}
    run = keeping_data(lambda *known, **tls: ran.append((*known, tls)))
    run("docker", "mysql", arguments, tls_names=["todo"])
    assert ran == [("docker", "mysql", {"image": "mysql"}, {"tls_names": ["todo"]})]


def test_only_a_server_that_keeps_backups_writes_a_log() -> None:
    options = writing_a_log(lambda days, group=None: [f"{days} {group}"])
    assert options("1", "group") == [
        "--log-bin=/var/lib/mysql-binlog/binlog",
        "--loose-binlog-format=ROW",
        "1 group",
    ]
    assert options(0) == ["0 None"]


def test_the_latest_moment_moves_on(source: dict[str, Any]) -> None:
    telling_the_latest(lambda _: OK)({})
    assert source["LatestRestorableTime"] > "2026"
    del source["LatestRestorableTime"]
    source["BackupRetentionPeriod"] = 0
    telling_the_latest(lambda _: OK)({})
    assert "LatestRestorableTime" not in source
