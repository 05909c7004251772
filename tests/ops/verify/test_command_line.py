"""`python -m ops.verify`: what it prints, and what it exits with."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from ops.errors import OpsError
from ops.verify import __main__ as command
from ops.verify.deployed import parse
from ops.verify.lines import Line, failed, passed, skipped
from tests.ops.verify.stack import BASE, DIGEST


def exported(*, stack: Sequence[object] | None = None) -> str:
    return json.dumps({"deployment": {"resources": BASE if stack is None else stack}})


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[Line]:
    """What the checks say, in place of what they would find."""
    lines: list[Line] = []
    monkeypatch.setattr(command, "read_deployed", lambda stack: parse(stack, exported()))
    monkeypatch.setattr(command, "_lines", lambda *_: iter(lines))
    return lines


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([passed("a", "is well")], 0),
        ([passed("a", "is well"), skipped("b", "is not there")], 0),
        ([passed("a", "is well"), failed("b", "is not")], 1),
    ],
)
def test_one_failing_line_is_enough(
    looked_at: list[Line], capsys: pytest.CaptureFixture[str], lines: list[Line], code: int
) -> None:
    looked_at += lines
    assert command.main(["--stack", "prod"]) == code
    shown = capsys.readouterr().out
    assert all(line.reason in shown for line in lines)


def test_who_waits_is_told_of_the_last_look_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    looks = [[failed("tasks", "1 starts")], [failed("tasks", "1 starts")], [passed("tasks", "2")]]
    monkeypatch.setattr(command, "read_deployed", lambda stack: parse(stack, exported()))
    monkeypatch.setattr(command, "_lines", lambda *_: iter(looks.pop(0)))
    monkeypatch.setattr(command, "_PAUSE", 0)
    assert command.main(["--stack", "prod", "--wait", "60"]) == 0
    assert looks == []
    assert "starts" not in capsys.readouterr().out


def test_what_stays_wrong_fails_when_the_time_is_over(
    looked_at: list[Line], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at += [failed("tasks", "none runs")]
    monkeypatch.setattr(command, "_PAUSE", 0.4)
    assert command.main(["--stack", "prod", "--wait", "1"]) == 1


def test_the_table_is_readable(looked_at: list[Line], capsys: pytest.CaptureFixture[str]) -> None:
    looked_at += [
        passed("image", "the one"),
        failed("targets", "1 of 2"),
        skipped("alarms", "none"),
    ]
    command.main(["--stack", "prod"])
    assert capsys.readouterr().out.splitlines() == [
        "  ✓ image    the one",
        "  ✗ targets  1 of 2",
        "  - alarms   none",
        "",
        "  1 pass, 1 fail, 1 skip",
    ]


def test_json_has_the_same(looked_at: list[Line], capsys: pytest.CaptureFixture[str]) -> None:
    looked_at += [failed("targets", "1 of 2")]
    assert command.main(["--stack", "prod", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {
        "stack": "prod",
        "well": False,
        "lines": [{"name": "targets", "verdict": "fail", "reason": "1 of 2"}],
    }


REFUSED: Any = {"Error": {"Code": "AccessDenied", "Message": "no"}}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ClientError(REFUSED, "DescribeAlarms"), "AWS does not say: An error occurred (AccessD"),
        (EndpointConnectionError(endpoint_url="https://aws"), "AWS does not say: Could not conn"),
        (OpsError("Stack prod has 2 resources of it, not one."), "Stack prod has 2 resources of"),
    ],
)
def test_what_cannot_be_looked_at_is_not_well_and_hides_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    reason: str,
) -> None:
    def refused(*_: object) -> Iterator[Line]:
        yield passed("first", "is well")
        raise error

    monkeypatch.setattr(command, "read_deployed", lambda stack: parse(stack, exported()))
    later = {"alarms": refused, "last": lambda *_: iter([passed("last", "is well")])}
    monkeypatch.setattr(command, "_PARTS", later)
    assert command.main(["--stack", "prod", "--json"]) == 1
    first, second, third = json.loads(capsys.readouterr().out)["lines"]
    assert [first["name"], second["name"], third["name"]] == ["first", "alarms", "last"]
    assert [first["verdict"], second["verdict"], third["verdict"]] == ["pass", "fail", "pass"]
    assert second["reason"].startswith(reason)


def test_what_is_no_url_is_a_mistake_of_who_asks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "read_deployed", lambda stack: parse(stack, exported()))
    assert command.main(["--stack", "prod", "--url", "todo.example", "--only", "page"]) == 2
    assert "'todo.example' is no URL" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (FileNotFoundError(), "✗ `pulumi` is not on PATH"),
        (
            subprocess.CalledProcessError(255, "pulumi", stderr="error: no stack named 'x'\n"),
            "✗ Stack x cannot be read: error: no stack named 'x'",
        ),
    ],
)
def test_a_stack_that_cannot_be_read_is_an_exit_code_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    failure: Exception,
    message: str,
) -> None:
    def run(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr(subprocess, "run", run)
    assert command.main(["--stack", "x"]) == 2
    assert capsys.readouterr().err.startswith(message)


def test_the_stack_is_asked_for_without_its_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def run(words: list[str], **_: object) -> SimpleNamespace:
        asked.append(words)
        return SimpleNamespace(stdout=exported())

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(command, "_lines", lambda *_: iter(()))
    assert command.main(["--stack", "prod"]) == 0
    assert asked[0][:5] == ["pulumi", "stack", "export", "--stack", "prod"]
    assert "--show-secrets" not in asked[0]


def test_a_stack_says_what_was_deployed() -> None:
    deployed = parse("prod", exported())
    assert deployed.image_digest == DIGEST
    assert deployed.region == "eu-west-1"
    assert deployed.environment()["DATABASE_HOST"] == "db.example"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no JSON", "cannot be read"),
        ("{}", "cannot be read"),
        (exported(stack=[]), "is not deployed"),
        (exported(stack=BASE[1:]), "is not deployed"),
    ],
)
def test_a_stack_that_was_not_deployed(text: str, message: str) -> None:
    with pytest.raises(OpsError, match=message):
        parse("prod", text)


def test_what_is_about_to_be_deleted_does_not_count() -> None:
    old = {**BASE[2], "delete": True}
    deployed = parse("prod", exported(stack=[*BASE, old]))
    assert deployed.one("aws:ecs/taskDefinition:TaskDefinition").name == "todo-prod-task"


def test_two_of_one_kind_are_not_taken_for_one() -> None:
    twice = parse("prod", exported(stack=[*BASE, BASE[2]]))
    with pytest.raises(OpsError, match="has 2 resources of"):
        twice.containers()


def test_one_part_alone_can_be_looked_at(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "read_deployed", lambda stack: parse(stack, exported()))
    parts = {name: lambda *_, n=name: iter([passed(n, "is well")]) for name in command._PARTS}
    monkeypatch.setattr(command, "_PARTS", parts)
    assert command.main(["--stack", "prod", "--only", "service"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "  ✓ service  is well"
    assert command.main(["--stack", "prod"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(parts) + 2
