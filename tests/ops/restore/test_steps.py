"""Each step of a restore, with a `pulumi` that only notes what it was asked."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from ops.errors import OpsError
from ops.restore.engine import Engine
from ops.restore.steps import Steps, Wanted

NOW = datetime(2026, 11, 29, 8, 0, 0, tzinfo=UTC)
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1"
INSTANCE = "aws:rds/instance:Instance"
FIRST, SECOND = "todo-prod-database-1", "todo-prod-database-1-r20261129"
UNDER_WAY = {"name": "r20261129", "time": "2026-11-29T07:59:31Z"}


@dataclass
class Rds:
    """RDS, as far as it is asked."""

    snapshots: list[dict[str, Any]] = field(default_factory=list)
    modified: list[tuple[str, bool]] = field(default_factory=list)
    backed_up: str = FIRST
    window: dict[str, datetime] = field(
        default_factory=lambda: {
            "EarliestTime": NOW - timedelta(days=14),
            "LatestTime": NOW - timedelta(minutes=3),
        }
    )

    def describe_db_instances(self, **_: str) -> dict[str, Any]:
        return {"DBInstances": [{"Engine": "mysql", "KmsKeyId": KEY}]}

    def describe_db_instance_automated_backups(self, **asked: str) -> dict[str, Any]:
        assert asked == {"DBInstanceIdentifier": self.backed_up}
        return {"DBInstanceAutomatedBackups": [{"RestoreWindow": self.window}]}

    def describe_db_snapshots(self, **asked: str) -> dict[str, Any]:
        name = asked["DBSnapshotIdentifier"]
        found = [one for one in self.snapshots if one["DBSnapshotIdentifier"] == name]
        if not found:
            error: Any = {"Error": {"Code": "DBSnapshotNotFound", "Message": f"no {name}"}}
            raise ClientError(error, "DescribeDBSnapshots")
        return {"DBSnapshots": found}

    def modify_db_instance(
        self,
        *,
        DBInstanceIdentifier: str,  # noqa: N803 - AWS's
        DeletionProtection: bool,  # noqa: N803
        ApplyImmediately: bool,  # noqa: N803
    ) -> None:
        assert ApplyImmediately
        self.modified.append((DBInstanceIdentifier, DeletionProtection))


@dataclass
class Project:
    """A project's directory, with a `pulumi` of its own."""

    root: Path
    rds: Rds = field(default_factory=Rds)
    asked: list[str] = field(default_factory=list)
    answer: bool = True

    @property
    def file(self) -> Path:
        return self.root / "Pulumi.prod.yaml"

    def configure(self, **operations: object) -> None:
        config = {"aws:region": "eu-west-1", "todo:databaseOperations": operations}
        self.file.write_text(yaml.safe_dump({"config": config}))

    def operations(self) -> dict[str, Any]:
        return dict(yaml.safe_load(self.file.read_text())["config"]["todo:databaseOperations"])

    def deployed(self, *databases: str, serving: str = FIRST) -> None:
        instances = [
            {
                "type": INSTANCE,
                "urn": f"urn:pulumi:prod::todo::{INSTANCE}::{name}",
                "id": name,
                "protect": True,
                "outputs": {
                    "identifier": name,
                    "deletionProtection": True,
                    "skipFinalSnapshot": False,
                },
            }
            for name in databases
        ]
        service = {
            "type": "aws:ecs/service:Service",
            "urn": "urn:pulumi:prod::todo::aws:ecs/service:Service::todo",
            "id": "arn:aws:ecs:eu-west-1:111122223333:service/todo",
        }
        stack = {
            "type": "pulumi:pulumi:Stack",
            "urn": "urn:pulumi:prod::todo::pulumi:pulumi:Stack::todo-prod",
            "outputs": {"image": "i@sha256:1", "url": "https://todo", "database": serving},
        }
        state = {"deployment": {"resources": [stack, service, *instances]}}
        (self.root / "bin" / "state.json").write_text(json.dumps(state))

    def fail(self, command: str) -> None:
        (self.root / "bin" / f"{command}.fails").write_text("no")

    def calls(self, *beginning: str) -> list[list[str]]:
        file = self.root / "bin" / "calls.jsonl"
        lines = file.read_text().splitlines() if file.exists() else []
        found = [json.loads(line) for line in lines]
        return [words for words in found if tuple(words[: len(beginning)]) == beginning]

    def steps(self) -> Steps:
        engine = Engine(stack="prod", root=self.root, config_file=self.file)

        def ask(question: str) -> bool:
            self.asked.append(question)
            return self.answer

        return Steps(engine, lambda service, _region: {"rds": self.rds}[service], ask)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    folder = tmp_path / "bin"
    folder.mkdir()
    shutil.copy(Path(__file__).with_name("fake_pulumi.py"), folder)
    command = folder / "pulumi"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{folder}/fake_pulumi.py" "$@"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    (tmp_path / "policies" / "config").mkdir(parents=True)
    (tmp_path / "policies" / "config" / "prod.json").write_text("{}")
    project = Project(tmp_path)
    project.configure(multiAz=True)
    project.deployed(FIRST)
    return project


def snapshot(**changed: object) -> dict[str, Any]:
    usual = {
        "DBSnapshotIdentifier": "before",
        "Status": "available",
        "Engine": "mysql",
        "Encrypted": True,
        "KmsKeyId": KEY,
    }
    return {**usual, **changed}


def test_begin_asks_for_a_moment_previews_it_with_the_policies_asks_and_deploys(
    project: Project,
) -> None:
    wanted = Wanted(time=NOW - timedelta(minutes=5), name="r20261129")
    said = project.steps().begin(wanted)
    assert project.operations() == {
        "multiAz": True,
        "restore": {"name": "r20261129", "time": "2026-11-29T07:55:00Z"},
    }
    assert "nobody uses it" in said
    own = ["--policy-pack-config", str(project.root / "policies" / "config" / "prod.json")]
    for command in ("preview", "up"):
        (words,) = project.calls(command)
        assert ["--policy-pack", str(project.root / "policies"), *own] == words[
            words.index("--policy-pack") :
        ][:4]
        assert "--config-file" in words
    assert project.asked == ["begin r20261129: deploy this?"]


def test_the_latest_is_a_moment_too_and_named_after_the_day(project: Project) -> None:
    project.steps().begin(Wanted())
    restore = project.operations()["restore"]
    assert restore == {"name": f"r{datetime.now(UTC):%Y%m%d}", "time": "2026-11-29T07:57:00Z"}


def test_the_second_restore_of_a_day_has_a_letter(project: Project) -> None:
    today = f"r{datetime.now(UTC):%Y%m%d}"
    for last, name in ((today, f"{today}a"), (f"{today}a", f"{today}b"), ("r20200101", today)):
        project.configure(generation=last)
        project.steps().begin(Wanted())
        assert project.operations()["restore"]["name"] == name


def test_a_restore_is_not_named_after_one_that_was_dropped_and_left_a_snapshot(
    project: Project,
) -> None:
    """AWS makes no second snapshot of that name: the database could not be deleted any more."""
    today = f"r{datetime.now(UTC):%Y%m%d}"
    taken = [f"{FIRST}-{today}-final", f"{FIRST}-{today}a-final"]
    project.rds.snapshots = [snapshot(DBSnapshotIdentifier=name) for name in taken]
    project.steps().begin(Wanted())
    assert project.operations()["restore"]["name"] == f"{today}b"
    # The next database's name does not go on from that of the one it is made of.
    project.configure(generation="r20200101")
    project.deployed(f"{FIRST}-r20200101", serving=f"{FIRST}-r20200101")
    project.rds.backed_up = f"{FIRST}-r20200101"
    project.steps().begin(Wanted())
    assert project.operations()["restore"]["name"] == f"{today}b"


def test_a_name_that_was_dropped_and_left_a_snapshot_is_refused(project: Project) -> None:
    project.rds.snapshots = [snapshot(DBSnapshotIdentifier=f"{FIRST}-r20261129-final")]
    with pytest.raises(OpsError, match=r"r20261129 is taken: snapshot .*Choose another --name"):
        project.steps().begin(Wanted(name="r20261129"))
    assert project.operations() == {"multiAz": True}


def test_a_day_has_an_end(project: Project) -> None:
    project.configure(generation=f"r{datetime.now(UTC):%Y%m%d}z")
    with pytest.raises(OpsError, match="is taken: `begin` with --name"):
        project.steps().begin(Wanted())


def test_begin_takes_a_snapshot_that_fits(project: Project) -> None:
    project.rds.snapshots = [snapshot()]
    project.steps().begin(Wanted(snapshot="before", name="r20261129"))
    assert project.operations()["restore"] == {"name": "r20261129", "snapshot": "before"}


@pytest.mark.parametrize(
    ("snapshots", "says"),
    [
        ([], "There is no snapshot before here"),
        ([snapshot(Status="creating")], "is creating: wait until it is available"),
        ([snapshot(Engine="postgres")], "is of postgres, not mysql"),
        ([snapshot(Encrypted=False)], "is not encrypted with the key of the database"),
        ([snapshot(KmsKeyId="other")], f"--kms-key-id {KEY}"),
    ],
)
def test_begin_refuses_another_snapshot(
    project: Project, snapshots: list[dict[str, Any]], says: str
) -> None:
    project.rds.snapshots = snapshots
    with pytest.raises(OpsError, match=says):
        project.steps().begin(Wanted(snapshot="before"))
    assert project.operations() == {"multiAz": True}
    assert project.calls("preview") == []


@pytest.mark.parametrize("ago", [timedelta(days=15), timedelta(minutes=2)])
def test_begin_refuses_a_moment_that_aws_does_not_have(project: Project, ago: timedelta) -> None:
    with pytest.raises(OpsError, match="from 2026-11-15T08:00:00Z to 2026-11-29T07:57:00Z"):
        project.steps().begin(Wanted(time=NOW - ago))
    project.rds.window = {}
    with pytest.raises(OpsError, match=f"AWS has no backup of {FIRST} yet"):
        project.steps().begin(Wanted())


def no(project: Project) -> None:
    project.answer = False


def refused(project: Project) -> None:
    project.fail("preview")


@pytest.mark.parametrize("spoil", [no, refused])
def test_what_is_refused_leaves_the_config_as_it_was(
    project: Project, spoil: Callable[[Project], None]
) -> None:
    before = project.file.read_text()
    spoil(project)
    with pytest.raises(OpsError):
        project.steps().begin(Wanted())
    assert project.file.read_text() == before
    assert project.calls("up") == []


def test_a_deployment_that_fails_is_repeated_as_it_was_begun(project: Project) -> None:
    project.fail("up")
    with pytest.raises(OpsError, match="repeat this command; or `drop` takes it back"):
        project.steps().begin(Wanted())
    wanted = project.operations()["restore"]
    (project.root / "bin" / "up.fails").unlink()
    project.rds.window["LatestTime"] = NOW
    project.steps().begin(Wanted())
    assert project.operations()["restore"] == wanted
    assert len(project.calls("up")) == 2


@pytest.mark.parametrize(
    "wanted", [Wanted(snapshot="before"), Wanted(time=NOW), Wanted(name="r20261130")]
)
def test_one_restore_at_a_time(project: Project, wanted: Wanted) -> None:
    project.configure(restore=UNDER_WAY)
    with pytest.raises(OpsError, match="r20261129 is under way, of 2026-11-29T07:59:31Z"):
        project.steps().begin(wanted)


def begun(project: Project, *, serving: str = FIRST) -> None:
    project.configure(restore={**UNDER_WAY, "serve": serving == SECOND})
    project.deployed(FIRST, SECOND, serving=serving)
    journal = project.root / ".local" / "restore" / "prod-r20261129.jsonl"
    journal.parent.mkdir(parents=True)
    journal.write_text(json.dumps({"began": datetime.now(UTC).isoformat()}) + "\n")


def test_cut_over_and_back_are_one_switch(project: Project) -> None:
    begun(project)
    said = project.steps().cut_over()
    assert project.operations()["restore"] == {**UNDER_WAY, "serve": True}
    assert re.search(r"The application uses r20261129, \d+ s after the restore began", said)
    project.steps().back()
    assert project.operations()["restore"] == {**UNDER_WAY, "serve": False}
    journal = project.root / ".local" / "restore" / "prod-r20261129.jsonl"
    steps = [json.loads(line).get("step") for line in journal.read_text().splitlines()]
    assert steps[1:] == [
        f"{step}: {part}" for step in ("cut-over", "back") for part in ("preview", "deployment")
    ]


def test_finish_deletes_the_other_database_whose_protection_ends_only_then(
    project: Project,
) -> None:
    begun(project, serving=SECOND)
    project.steps().finish()
    assert project.operations() == {"generation": "r20261129"}
    assert project.rds.modified == [(FIRST, False)]
    urn = f"urn:pulumi:prod::todo::{INSTANCE}::{FIRST}"
    assert [words[:3] for words in project.calls("state")] == [["state", "unprotect", urn]]
    assert project.asked[0] == (
        f"Database {FIRST} will be deleted; a last snapshot stays. Do you mean it?"
    )


def test_drop_deletes_the_restored_database_only(project: Project) -> None:
    begun(project)
    project.steps().drop()
    assert project.operations() == {}
    assert project.rds.modified == [(SECOND, False)]


def test_a_database_that_stays_is_protected_again(project: Project) -> None:
    begun(project, serving=SECOND)
    before = project.file.read_text()
    project.fail("preview")
    with pytest.raises(OpsError):
        project.steps().finish()
    assert project.file.read_text() == before
    assert project.rds.modified == [(FIRST, False), (FIRST, True)]
    assert [words[1] for words in project.calls("state")] == ["unprotect", "protect"]


def test_nothing_is_unprotected_before_somebody_agrees(project: Project) -> None:
    begun(project, serving=SECOND)
    project.answer = False
    with pytest.raises(OpsError, match="Nothing was changed"):
        project.steps().finish()
    assert (project.rds.modified, project.calls("state")) == ([], [])


@pytest.mark.parametrize(
    ("serving", "step", "says"),
    [
        (FIRST, "finish", "r20261129 does not serve"),
        (SECOND, "drop", "r20261129 serves: `back` first"),
    ],
)
def test_the_database_that_serves_is_never_deleted(
    project: Project, serving: str, step: str, says: str
) -> None:
    begun(project, serving=serving)
    with pytest.raises(OpsError, match=says):
        getattr(project.steps(), step)()
    assert project.rds.modified == []


@pytest.mark.parametrize("step", ["compare", "cut_over", "back", "finish", "drop"])
def test_there_has_to_be_a_restore(project: Project, step: str) -> None:
    with pytest.raises(OpsError, match="No restore is under way"):
        getattr(project.steps(), step)()


@pytest.mark.parametrize("step", ["compare", "cut_over"])
def test_it_has_to_be_there(project: Project, step: str) -> None:
    project.configure(restore=UNDER_WAY)
    with pytest.raises(OpsError, match=r"has 1 of the two databases: .* Repeat it, or `drop`"):
        getattr(project.steps(), step)()


def test_what_failed_before_there_was_a_second_database_is_dropped_and_begun_anew(
    project: Project,
) -> None:
    project.configure(restore=UNDER_WAY, multiAz=True)
    assert project.steps().drop() == "The stack is as it was before the restore."
    assert project.operations() == {"multiAz": True}
    assert len(project.calls("up")) == 1
    assert project.asked == ["drop r20261129: deploy this?"], "nothing will be deleted"
    assert (project.rds.modified, project.calls("state")) == ([], []), "the first stays protected"
    project.steps().begin(Wanted(name="r20261130"))
    assert project.operations()["restore"]["name"] == "r20261130"


@pytest.mark.parametrize(
    ("step", "serving", "says"),
    [
        ("cut_over", FIRST, "repeat this command; or `back` takes it back"),
        ("back", SECOND, "repeat this command; or `cut-over` takes it back"),
        ("drop", FIRST, "`pulumi up` goes on: no restore is under way any more"),
        ("finish", SECOND, "`pulumi up` goes on: no restore is under way any more"),
    ],
)
def test_a_deployment_that_fails_says_how_to_go_on(
    project: Project, step: str, serving: str, says: str
) -> None:
    begun(project, serving=serving)
    project.fail("up")
    with pytest.raises(OpsError, match=says):
        getattr(project.steps(), step)()
