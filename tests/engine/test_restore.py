"""What the emulator restores is real: data and accounts of a snapshot, and of a moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pymysql
import pytest
from botocore.exceptions import ClientError
from pymysql.cursors import Cursor

from tests.running_system import RunningSystem

pytestmark = pytest.mark.engine

SECONDS = 120
MASTER, PASSWORD = "drill_admin", "the master's own"
READER, READERS = "reader", "the reader's own"
SHAPE = {"DBInstanceClass": "db.t4g.micro", "PubliclyAccessible": False}


@dataclass
class Cloud:
    """RDS of the running system, and what a test makes in it."""

    rds: Any
    made: list[str] = field(default_factory=list)

    def ready(self, name: str) -> dict[str, Any]:
        """Wait until an instance is available."""
        deadline = time.monotonic() + SECONDS
        while True:
            (found,) = self.rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
            if found["DBInstanceStatus"] != "creating":
                assert found["DBInstanceStatus"] == "available"
                return dict(found)
            assert time.monotonic() < deadline
            time.sleep(0.2)

    def connect(
        self, name: str, user: str = MASTER, password: str = PASSWORD
    ) -> pymysql.Connection[Cursor]:
        endpoint = self.ready(name)["Endpoint"]
        return pymysql.connect(
            host=endpoint["Address"],
            port=endpoint["Port"],
            user=user,
            password=password,
            autocommit=True,
            ssl_verify_cert=False,
            ssl={"check_hostname": False},
        )

    def run(self, name: str, *statements: str) -> None:
        with self.connect(name) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def numbers(self, name: str, *account: str) -> list[int]:
        with self.connect(name, *account) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT n FROM drill.numbers ORDER BY n")
            return [row[0] for row in cursor.fetchall()]


@pytest.fixture(scope="module")
def cloud(system: RunningSystem) -> Iterator[Cloud]:
    cloud = Cloud(system.aws("rds"))
    yield cloud
    for name in reversed(cloud.made):
        cloud.rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    for snapshot in cloud.rds.describe_db_snapshots()["DBSnapshots"]:
        if snapshot["DBInstanceIdentifier"].startswith("drill"):
            cloud.rds.delete_db_snapshot(DBSnapshotIdentifier=snapshot["DBSnapshotIdentifier"])


@pytest.fixture(scope="module")
def moment(cloud: Cloud) -> datetime:
    """A moment of the instance `drill`, before which all is well and after which it is not."""
    cloud.rds.create_db_instance(
        DBInstanceIdentifier="drill",
        Engine="mysql",
        EngineVersion="8.4",
        MasterUsername=MASTER,
        MasterUserPassword=PASSWORD,
        DBName="drill",
        AllocatedStorage=20,
        BackupRetentionPeriod=1,
        **SHAPE,
    )
    cloud.made.append("drill")
    cloud.run(
        "drill",
        "CREATE TABLE drill.numbers (n INT PRIMARY KEY)",
        "INSERT INTO drill.numbers VALUES (1), (2)",
    )
    cloud.rds.create_db_snapshot(DBSnapshotIdentifier="drill-1", DBInstanceIdentifier="drill")
    cloud.run(
        "drill",
        f'CREATE USER {READER} IDENTIFIED BY "{READERS}"',
        f"GRANT SELECT ON drill.* TO {READER}",
        "INSERT INTO drill.numbers VALUES (3)",
    )
    # To the second: what began in the one that the moment names is not in it.
    moment = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
    time.sleep((moment - datetime.now(UTC)).total_seconds())
    cloud.run(
        "drill",
        "DELETE FROM drill.numbers",
        "INSERT INTO drill.numbers VALUES (4)",
        f"ALTER USER {READER} IDENTIFIED BY 'another one'",
    )
    return moment


@pytest.fixture(scope="module")
def restored(cloud: Cloud, moment: datetime) -> dict[str, str]:
    """Instances made of `drill`: by what they are of, their names. They start side by side."""
    names = {"moment": "drill-moment", "snapshot": "drill-snapshot"}
    cloud.made.extend(names.values())
    cloud.rds.restore_db_instance_to_point_in_time(
        SourceDBInstanceIdentifier="drill",
        TargetDBInstanceIdentifier=names["moment"],
        RestoreTime=moment,
        **SHAPE,
    )
    cloud.rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier=names["snapshot"], DBSnapshotIdentifier="drill-1", **SHAPE
    )
    return names


def test_a_moment_is_what_was_before_it(cloud: Cloud, restored: dict[str, str]) -> None:
    assert cloud.numbers(restored["moment"]) == [1, 2, 3]
    assert cloud.numbers(restored["moment"], READER, READERS) == [1, 2, 3]
    assert cloud.numbers("drill") == [4]


def test_a_snapshot_is_what_was_when_it_was_taken(cloud: Cloud, restored: dict[str, str]) -> None:
    assert cloud.numbers(restored["snapshot"]) == [1, 2]
    with pytest.raises(pymysql.OperationalError, match="Access denied"):
        cloud.connect(restored["snapshot"], READER, READERS)


def test_like_at_aws_it_has_the_default_group_where_none_is_named(
    cloud: Cloud, restored: dict[str, str]
) -> None:
    for name in restored.values():
        (group,) = cloud.ready(name)["DBParameterGroups"]
        assert group["DBParameterGroupName"].startswith("default.")


def test_a_restored_database_can_be_restored(cloud: Cloud, restored: dict[str, str]) -> None:
    name = restored["moment"]
    cloud.run(name, "INSERT INTO drill.numbers VALUES (5)")
    cloud.rds.delete_db_instance(
        DBInstanceIdentifier=name, FinalDBSnapshotIdentifier="drill-moment-final"
    )
    cloud.made.remove(name)
    cloud.rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="drill-again", DBSnapshotIdentifier="drill-moment-final", **SHAPE
    )
    cloud.made.append("drill-again")
    assert cloud.numbers("drill-again") == [1, 2, 3, 5]


def test_another_master_password_is_the_masters(cloud: Cloud, restored: dict[str, str]) -> None:
    name, password = restored["snapshot"], "another one of the master's"
    cloud.ready(name)
    cloud.rds.modify_db_instance(
        DBInstanceIdentifier=name, MasterUserPassword=password, ApplyImmediately=True
    )
    cloud.connect(name, MASTER, password).close()
    with pytest.raises(pymysql.OperationalError, match="Access denied"):
        cloud.connect(name)


def test_the_window_is_told_and_kept_to(cloud: Cloud, moment: datetime) -> None:
    told = cloud.rds.describe_db_instance_automated_backups(DBInstanceIdentifier="drill")
    (backup,) = told["DBInstanceAutomatedBackups"]
    earliest = backup["RestoreWindow"]["EarliestTime"]
    latest = backup["RestoreWindow"]["LatestTime"]
    assert earliest <= moment <= latest <= datetime.now(UTC)
    assert cloud.ready("drill")["LatestRestorableTime"] >= latest
    for wrong in (earliest - timedelta(seconds=5), datetime.now(UTC) + timedelta(minutes=5)):
        with pytest.raises(ClientError, match="is not between the first backup and now"):
            cloud.rds.restore_db_instance_to_point_in_time(
                SourceDBInstanceIdentifier="drill",
                TargetDBInstanceIdentifier="drill-never",
                RestoreTime=wrong,
            )


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (
            lambda rds: rds.restore_db_instance_from_db_snapshot(
                DBInstanceIdentifier="drill-never", DBSnapshotIdentifier="none"
            ),
            "DBSnapshotNotFound",
        ),
        (
            lambda rds: rds.restore_db_instance_to_point_in_time(
                SourceDBInstanceIdentifier="none",
                TargetDBInstanceIdentifier="drill-never",
                UseLatestRestorableTime=True,
            ),
            "DBInstanceNotFound",
        ),
        (
            lambda rds: rds.restore_db_instance_from_db_snapshot(
                DBInstanceIdentifier="drill", DBSnapshotIdentifier="drill-1"
            ),
            "DBInstanceAlreadyExists",
        ),
    ],
)
@pytest.mark.usefixtures("moment")
def test_what_cannot_be_is_refused(cloud: Cloud, ask: Callable[[Any], object], code: str) -> None:
    with pytest.raises(ClientError, match=code):
        ask(cloud.rds)
