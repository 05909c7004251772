"""The restore drill: somebody deletes everything, and a moment before that is brought back."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pymysql
import pytest

from local.workspace import Workspace
from tests.faults.report import record
from tests.faults.writers import Writers
from tests.running_system import CommandResult, RunningSystem, plain_pulumi, run_command
from tests.scratch import copy_checkout, free_port

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]

BEGINNING, END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


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
        began = datetime.now(UTC)
        done = self.restore(*words)
        assert done.code == 0, done.output
        return (datetime.now(UTC) - began).total_seconds()

    def verify(self) -> dict[str, str]:
        """Verdicts of `make verify`, which has to succeed."""
        done = self._local("verify", "--json", "--wait", "60")
        assert done.code == 0, done.output
        lines = json.loads(done.output[done.output.index("{") :])["lines"]
        return {line["name"]: line["verdict"] for line in lines}

    def databases(self) -> dict[str, dict[str, Any]]:
        """The stack's databases by the end of their identifiers, as RDS has them."""
        found = self.system.aws("rds").describe_db_instances()["DBInstances"]
        return {one["DBInstanceIdentifier"].rpartition("-")[2]: one for one in found}

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

    def titles(self, end: str | None = None) -> set[str]:
        """The titles in a database, that of the restore of this name, or the first."""
        with self._connect(end) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT title FROM todos")
            return {str(row[0]) for row in cursor.fetchall()}

    def have_an_accident(self) -> datetime:
        """Delete every to-do there is; return when."""
        at = datetime.now(UTC)
        with self._connect(None) as connection, connection.cursor() as cursor:
            cursor.execute("DELETE FROM todos")
        return at

    def _connect(self, end: str | None) -> pymysql.Connection[pymysql.cursors.Cursor]:
        names = {
            one["urn"].rpartition("::")[2]: one["id"]
            for one in self.resources()
            if one["type"] == "aws:secretsmanager/secret:Secret"
        }
        secret = names[f"todo-local-master{f'-{end}' if end else ''}-secret"]
        manager = self.system.aws("secretsmanager")
        account = json.loads(manager.get_secret_value(SecretId=secret)["SecretString"])
        found = self.databases()
        (instance,) = (
            one for name, one in found.items() if (name == end if end else not _is_restored(name))
        )
        return pymysql.connect(
            host=instance["Endpoint"]["Address"],
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

    def up(self) -> str:
        """`make up`."""
        done = self._local("up")
        assert done.code == 0, done.output
        return done.output


def _is_restored(end: str) -> bool:
    return bool(re.fullmatch(r"r\d{8}[a-z]?", end))


@pytest.fixture
def drill(workspace: Workspace, tmp_path: Path, long: bool) -> Iterator[Drill]:
    if not long:
        pytest.skip("a system of its own, for minutes: `make faults`")
    scratch = copy_checkout(workspace, tmp_path / "copy", port=free_port())
    try:
        up = scratch.local("up")
        assert up.code == 0, up.output
        yield Drill(RunningSystem(workspace=scratch.workspace, first_up=up.output))
    finally:
        down = scratch.local("down")
        assert down.code == 0, down.output


def test_what_was_acknowledged_before_an_accident_is_back(drill: Drill) -> None:
    config = drill.config.read_text()
    with Writers(drill.system.client) as writers:
        writers.more(200)
        accident = drill.have_an_accident()
        moment = accident.replace(microsecond=0)
        writers.more(50)
        decided = datetime.now(UTC)
        begin = drill.take("begin", "--time", moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
        begun = datetime.now(UTC)
        (name,) = filter(_is_restored, drill.databases())
        back = drill.titles(name)
        compared = drill.restore("compare")
        failed_before = writers.failed.total()
        cut_over = drill.take("cut-over")
        served = datetime.now(UTC)
        writers.more(100)
    assert compared.code == 0, compared.output
    assert re.search(rf"todos +\d+ +{len(back)} +differs", compared.output), compared.output
    restored = drill.databases()[name]
    assert drill.serving() == restored["Endpoint"]["Address"]
    verdicts = drill.verify()
    assert verdicts["login"] == verdicts["app's sessions"] == "pass"
    assert verdicts[f"todo-local-database-{name} TLS"] == "pass"

    lost = {
        title for title in writers.between(BEGINNING, accident) if title not in drill.titles(name)
    }
    at = [writers.acknowledged[title] for title in lost]
    rpo = (accident - min(at)).total_seconds() if at else 0.0
    after = writers.between(accident, END)
    kept = after & drill.titles(name)
    record(
        "the database deleted, a moment restored, and the application cut over to it",
        {
            "requests": writers.requests,
            "failed": writers.failed.total(),
            "acknowledged writes": len(writers.acknowledged),
            "failures": dict(writers.failed),
            "failed before the cut-over": failed_before,
            "rpo seconds": rpo,
            "acknowledged in them, and lost": len(lost),
            "rto seconds": (served - decided).total_seconds(),
            "of them restoring": begin,
            "of them cutting over": cut_over,
            "acknowledged after the accident": len(after),
            "of them by the old database, and lost": len(after - kept),
        },
    )
    # All that was acknowledged before the moment is there, and nothing of what came after it.
    before = writers.between(BEGINNING, moment)
    assert len(before) > 100
    assert before <= back
    assert back & writers.between(begun, END) == set()
    assert rpo <= 1.0
    # Those who write later write to the restored one.
    assert writers.between(served, END) <= drill.titles(name)
    assert set(writers.failed) <= {"503"}

    # Nothing was decided yet: the first database has what was written to it.
    drill.take("back")
    assert drill.serving() != restored["Endpoint"]["Address"]
    assert writers.between(decided, begun) <= drill.titles()
    assert drill.verify()["login"] == "pass"
    drill.take("drop")
    assert name not in drill.databases()
    assert drill.config.read_text() == config
    assert re.search(r"pulumi up .* \d+ unchanged\n", drill.up())


def test_a_restore_becomes_the_database_and_so_does_the_next(drill: Drill) -> None:
    rds = drill.system.aws("rds")
    first = {one["urn"] for one in drill.resources()}
    with Writers(drill.system.client) as writers:
        writers.more(50)
    for name in ("r20260101", "r20270101"):
        (database,) = drill.databases().values()
        rds.create_db_snapshot(
            DBSnapshotIdentifier=f"before-{name}",
            DBInstanceIdentifier=database["DBInstanceIdentifier"],
        )
        drill.take("begin", "--snapshot", f"before-{name}", "--name", name)
        refused = drill.restore("finish")
        assert refused.code == 1
        assert f"{name} does not serve: `cut-over` first" in refused.output
        drill.take("cut-over")
        refused = drill.restore("drop")
        assert refused.code == 1
        assert f"{name} serves: `back` first" in refused.output
        drill.take("finish")
        assert list(drill.databases()) == [name]
        assert drill.serving() == drill.databases()[name]["Endpoint"]["Address"]
        assert writers.acknowledged.keys() <= drill.titles(name)
        assert drill.verify()["login"] == "pass"
        # Neither the config nor the state has anything of a restore any more.
        assert "restore:" not in drill.config.read_text()
        assert re.search(r"pulumi up .* \d+ unchanged\n", drill.up())
        assert len(drill.resources()) == len(first)
