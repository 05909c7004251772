"""Terraform's side, what is known, the report, and the command."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ops.drift import __main__ as command
from ops.drift import pulumi_drift, terraform_drift
from ops.drift.findings import Finding, Kind, Known, as_text, marked, read_known
from ops.errors import OpsError

ROOT = Path(__file__).parents[3]
Json = dict[str, Any]


def resource(actions: list[str], before: Json | None, after: Json | None, **more: Any) -> Json:  # noqa: ANN401
    return {
        "address": "aws_vpc.this",
        "type": "aws_vpc",
        "change": {"actions": actions, "before": before, "after": after, **more},
    }


def test_what_terraform_has_back_to_put() -> None:
    drifted = resource(["update"], {"tags": {}}, {"tags": {"handmade": "yes"}})
    planned = resource(["update"], {"tags": {"handmade": "yes"}}, {"tags": {}})
    (one,) = terraform_drift.found_in({"resource_drift": [drifted], "resource_changes": [planned]})
    assert (one.kind, one.what) == (Kind.CHANGED, "aws_vpc.this")
    assert one.text == "tags handmade is yes, was not set"


def test_words_for_nothing_are_no_drift() -> None:
    before: Json = {"tags": None, "ids": [], "name": ""}
    drifted = resource(["update"], before, {"tags": {}, "ids": None, "name": None})
    unchanged = resource(["no-op"], {}, {})
    plan = {"resource_drift": [drifted], "resource_changes": [unchanged]}
    assert terraform_drift.found_in(plan) == ()


@pytest.mark.parametrize(
    ("plan", "kind", "text"),
    [
        (
            {"resource_drift": [resource(["delete"], {"id": "vpc-1"}, None)]},
            Kind.GONE,
            "is gone",
        ),
        (
            {"resource_changes": [resource(["create"], None, {"id": "vpc-1"})]},
            Kind.PENDING,
            "would be made",
        ),
        (
            {"resource_changes": [resource(["delete", "create"], {}, {})]},
            Kind.PENDING,
            "would be replaced",
        ),
        (
            {"resource_changes": [resource(["update"], {"dns": False}, {"dns": True})]},
            Kind.PENDING,
            "dns is true, was false as applied",
        ),
        (
            {"resource_drift": [resource(["update"], {"dns": True}, {"dns": False})]},
            Kind.STRANGE,
            "dns is false, was true",
        ),
    ],
)
def test_each_way_to_differ(plan: Json, kind: Kind, text: str) -> None:
    (one,) = terraform_drift.found_in(plan)
    assert (one.kind, one.text) == (kind, text)


def test_what_terraform_calls_sensitive_is_not_shown() -> None:
    marks = {"before_sensitive": {"key": True}, "after_sensitive": {"key": True}}
    drifted = resource(["update"], {"key": "old-one"}, {"key": "new-one"}, **marks)
    assert "-one" not in str(terraform_drift.found_in({"resource_drift": [drifted]}))


ONE = Finding(
    tool="Pulumi",
    kind=Kind.STRANGE,
    type="aws:ecs/service:Service",
    what="service todo-prod",
    property="desiredCount",
    text="desired count is 3, was 2",
)


def test_what_is_known_is_shown_with_its_reason() -> None:
    known = (Known(type="aws:ecs/*", property="desired*", why="Autoscaling owns it."),)
    (one,) = marked([ONE], known)
    assert one.known == "Autoscaling owns it."
    assert as_text([one]).splitlines() == [
        "No drift.",
        "",
        "Known:",
        "  - Pulumi: service todo-prod: desired count is 3, was 2",
        "      Autoscaling owns it.",
    ]


@pytest.mark.parametrize(
    "other",
    [
        Known(type="aws:rds/*", property="*", why="x"),
        Known(type="*", property="tags*", why="x"),
        Known(type="*", property="*", why="x", after="desired count is 4*"),
    ],
)
def test_what_differs_in_another_way_is_not_known(other: Known) -> None:
    assert marked([ONE], [other]) == (ONE,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[known]]\ntype = 'x'\nproperty = 'y'\n", "entry 1: why is missing"),
        ("[[known]]\ntype='x'\nproperty='y'\nwhy='z'\nwhere='w'\n", "where is no key"),
        ("[[known]\n", "cannot be read"),
    ],
)
def test_a_list_that_says_something_else_is_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "known.toml"
    file.write_text(text)
    with pytest.raises(OpsError, match=message):
        read_known([file])


def test_the_projects_own_lists_can_be_read() -> None:
    assert read_known([ROOT / "ops" / "drift" / "known.toml"])
    assert read_known([ROOT / "local" / "drift.toml"])


@pytest.mark.parametrize(
    ("pulumi", "terraform", "code"),
    [((), (), 0), ((ONE,), (), 0), ((), (ONE,), 0)],
)
def test_what_is_known_is_no_failure(
    monkeypatch: pytest.MonkeyPatch,
    pulumi: tuple[Finding, ...],
    terraform: tuple[Finding, ...],
    code: int,
) -> None:
    monkeypatch.setattr(pulumi_drift, "look", lambda _: pulumi)
    monkeypatch.setattr(terraform_drift, "look", lambda _: terraform)
    assert command.main(["--stack", "prod"]) == code


def test_drift_is_an_exit_code_and_both_tools_are_in_one_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    new = Finding(
        tool="Terraform",
        kind=Kind.GONE,
        type="aws_vpc",
        what="aws_vpc.this",
        property="",
        text="is gone",
    )
    monkeypatch.setattr(pulumi_drift, "look", lambda _: (ONE,))
    monkeypatch.setattr(terraform_drift, "look", lambda _: (new,))
    assert command.main(["--stack", "prod", "--json"]) == 1
    shown = json.loads(capsys.readouterr().out)
    assert shown["drift"] is True
    assert {one["tool"] for one in shown["findings"]} == {"Pulumi", "Terraform"}
    assert command.main(["--stack", "prod", "--no-terraform"]) == 0


def test_a_tool_that_gives_no_answer_is_an_exit_code_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(words: list[str], **_: object) -> SimpleNamespace:
        return SimpleNamespace(
            returncode=1 if words[0] == "terraform" else 0, stdout="", stderr="locked"
        )

    monkeypatch.setattr(pulumi_drift, "look", lambda _: ())
    monkeypatch.setattr(subprocess, "run", run)
    assert command.main(["--stack", "prod"]) == 2
    assert "locked\nHas `terraform init` been run there?" in capsys.readouterr().err


@pytest.mark.parametrize("tool", ["pulumi", "terraform"])
def test_a_tool_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tool: str
) -> None:
    def run(*_: object, **__: object) -> None:
        raise FileNotFoundError

    if tool == "terraform":
        monkeypatch.setattr(pulumi_drift, "look", lambda _: ())
    monkeypatch.setattr(subprocess, "run", run)
    assert command.main(["--stack", "prod"]) == 2
    assert capsys.readouterr().err.startswith(f"✗ `{tool}` is not on PATH")


def test_nothing_is_locked_or_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[list[str]] = []

    def run(words: list[str], **_: object) -> SimpleNamespace:
        asked.append(words)
        return SimpleNamespace(returncode=2, stdout="{}", stderr="")

    monkeypatch.setattr(subprocess, "run", run)
    assert terraform_drift.look(tmp_path) == ()
    assert [words[2] for words in asked] == ["plan", "show"]
    assert "-lock=false" in asked[0]
