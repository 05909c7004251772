"""The restore drill: somebody deletes everything, and a moment before that is brought back."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pymysql
import pytest

from local.workspace import Workspace
from tests.faults.report import record
from tests.faults.writers import Writers
from tests.running_system import CommandResult, RunningSystem, plain_pulumi, run_command
from tests.scratch import copy_checkout, free_port

pytestmark = [pytest.mark.faults, pytest.mark.long, pytest.mark.timeout(1800)]

BEGINNING, END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
FIRST = "first"
_RESTORE = re.compile(r"r\d{8}[a-z]?")


class Drill:
    """A system of its own, and what people do about it."""

    def __init__(self, system: RunningSystem) -> None:
        self.system = system
        self.config = system.workspace.root / "Pulumi.local.yaml"

    def restore(self, *words: str) -> CommandResult:
        """`make restore`, without questions."""
        return self._local("restore", "--yes", *words)

    def take(self, *words: str) -> float:
        """The same, which has to succeed; return the seconds that it took."""
        began = time.monotonic()
        done = self.restore(*words)
        assert done.code == 0, done.output
        return time.monotonic() - began

    def verify(self) -> dict[str, str]:
        """Verdicts of `make verify`, which has to succeed."""
        done = self._local("verify", "--json", "--wait", "60")
        assert done.code == 0, done.output
        lines = json.loads(done.output[done.output.index("{") :])["lines"]
        return {line["name"]: line["verdict"] for line in lines}

    def up(self) -> str:
        """Return what `make up` says of the deployment."""
        done = self._local("up")
        assert done.code == 0, done.output
        return str(re.findall(r"pulumi up  .*", done.output)[-1])

    def hosts(self) -> dict[str, str]:
        """Where the stack's databases are, by the restore that they came from."""
        found = self.system.aws("rds").describe_db_instances()["DBInstances"]
        ends = {one["DBInstanceIdentifier"].rpartition("-")[2]: one for one in found}
        return {
            end if _RESTORE.fullmatch(end) else FIRST: one["Endpoint"]["Address"]
            for end, one in ends.items()
        }

    def resources(self) -> list[dict[str, Any]]:
        """What the stack has."""
        shown = plain_pulumi(self.system.workspace, "stack", "export", "--stack", "local")
        return list(json.loads(shown.output)["deployment"]["resources"])

    def serving(self) -> str:
        """The host that the tasks are told of."""
        (task,) = (one for one in self.resources() if one["type"].endswith(":TaskDefinition"))
        containers = json.loads(task["outputs"]["containerDefinitions"])
        variables = {one["name"]: one["value"] for one in containers[0]["environment"]}
        return str(variables["DATABASE_HOST"])

    def snapshot(self, name: str) -> None:
        """Take a snapshot of the only database."""
        rds = self.system.aws("rds")
        (instance,) = rds.describe_db_instances()["DBInstances"]
        rds.create_db_snapshot(
            DBSnapshotIdentifier=name, DBInstanceIdentifier=instance["DBInstanceIdentifier"]
        )

    def titles(self, name: str) -> set[str]:
        """The titles in a database, by the restore that it came from."""
        with self._connect(name) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT title FROM todos")
            return {str(row[0]) for row in cursor.fetchall()}

    def have_an_accident(self, name: str) -> datetime:
        """Delete every to-do there is in a database; return when."""
        with self._connect(name) as connection, connection.cursor() as cursor:
            at = datetime.now(UTC)
            cursor.execute("DELETE FROM todos")
        return at

    def _connect(self, name: str) -> pymysql.Connection[pymysql.cursors.Cursor]:
        secret = f"todo-local-master{'' if name == FIRST else f'-{name}'}-secret"
        (arn,) = (one["id"] for one in self.resources() if one["urn"].rpartition("::")[2] == secret)
        manager = self.system.aws("secretsmanager")
        account = json.loads(manager.get_secret_value(SecretId=arn)["SecretString"])
        return pymysql.connect(
            host=self.hosts()[name],
            user=account["username"],
            password=account["password"],
            database="todo",
            autocommit=True,
            ssl_ca=str(self.system.workspace.tls / "database-ca.pem"),
        )

    def _local(self, *words: str) -> CommandResult:
        env = {**os.environ, "LOCAL_PORT": str(self.system.workspace.port)}
        root = self.system.workspace.root
        return run_command([sys.executable, "-m", "local", *words], cwd=root, env=env)


@pytest.fixture(scope="module")
def drill(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drill]:
    copy = tmp_path_factory.mktemp("drill") / "copy"
    scratch = copy_checkout(workspace, copy, port=free_port())
    try:
        up = scratch.local("up")
        assert up.code == 0, up.output
        yield Drill(RunningSystem(workspace=scratch.workspace, first_up=up.output))
    finally:
        down = scratch.local("down")
        assert down.code == 0, down.output


def test_what_was_acknowledged_before_an_accident_is_back(drill: Drill) -> None:
    config, (old,) = drill.config.read_text(), drill.hosts()
    with Writers(drill.system.client) as writers:
        writers.more(200)
        accident = drill.have_an_accident(old)
        moment = accident.replace(microsecond=0)
        writers.more(20)
        decided = datetime.now(UTC)
        begin = drill.take("begin", "--time", moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
        begun = datetime.now(UTC)
        (new,) = drill.hosts().keys() - {old}
        back = drill.titles(new)
        compared = drill.restore("compare")
        cut_over = drill.take("cut-over")
        served = datetime.now(UTC)
        writers.more(50)
    assert compared.code == 0, compared.output
    assert re.search(rf"todos +\d+ +{len(back)} +differs", compared.output), compared.output
    assert drill.serving() == drill.hosts()[new]
    verdicts = drill.verify()
    assert verdicts["login"] == verdicts["app's sessions"] == "pass"
    assert verdicts[f"todo-local-database-{new} TLS"] == "pass"

    now = drill.titles(new)
    lost = writers.between(BEGINNING, accident) - now
    rpo = max(((accident - writers.acknowledged[one]).total_seconds() for one in lost), default=0.0)
    after = writers.between(accident, END)
    record(
        "all to-dos deleted, a moment before that restored, the application cut over to it",
        {
            "requests": writers.requests,
            "failed": writers.failed.total(),
            "failures": dict(writers.failed),
            "acknowledged writes": len(writers.acknowledged),
            "RPO seconds": rpo,
            "acknowledged in them": len(lost),
            "RTO seconds": (served - decided).total_seconds(),
            "restoring": begin,
            "cutting over": cut_over,
            "acknowledged after the accident": len(after),
            "of them by the old database": len(after - now),
        },
    )
    # All that was acknowledged before the moment is there, and nothing of what came after it.
    before = writers.between(BEGINNING, moment)
    assert len(before) > 50
    assert before <= back
    assert back & writers.between(begun, END) == set()
    assert rpo <= 1.0
    # Those who write later write to the restored one.
    assert writers.between(served, END) <= now
    assert set(writers.failed) <= {"503"}

    # Nothing was decided yet: the first database has what was written to it.
    drill.take("back")
    assert drill.serving() == drill.hosts()[old]
    assert writers.between(decided, begun) <= drill.titles(old)
    assert drill.verify()["login"] == "pass"
    drill.take("drop")
    assert list(drill.hosts()) == [old]
    assert drill.config.read_text().replace("restore: {}\n", "") == config
    assert re.search(r" \d+ unchanged$", drill.up())


def test_a_restore_becomes_the_database_and_so_does_the_next(drill: Drill) -> None:
    resources = len(drill.resources())
    with Writers(drill.system.client) as writers:
        writers.more(20)
    for name in ("r20260101", "r20270101"):
        drill.snapshot(f"before-{name}")
        drill.take("begin", "--snapshot", f"before-{name}", "--name", name)
        refused = drill.restore("finish")
        assert refused.code == 1
        assert f"{name} does not serve: `cut-over` first" in refused.output
        drill.take("cut-over")
        refused = drill.restore("drop")
        assert refused.code == 1
        assert f"{name} serves: `back` first" in refused.output
        drill.take("finish")
        assert list(drill.hosts()) == [name]
        assert drill.serving() == drill.hosts()[name]
        assert writers.acknowledged.keys() <= drill.titles(name)
        assert drill.verify()["login"] == "pass"
        # Neither the config nor the state has anything of a restore any more.
        assert "restore:" not in drill.config.read_text()
        assert re.search(r" \d+ unchanged$", drill.up())
        assert len(drill.resources()) == resources
