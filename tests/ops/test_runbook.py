"""docs/runbook.md names no command that nobody has tried, and none that `aws` would not know."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests import aws_logs_tail
from tests.runbook import CARRIED_OUT, ELSEWHERE, PAGE, PARSED, SET_UP, SHOWS, filled

ROOT = Path(__file__).resolve().parents[2]
TABLES = (SET_UP, SHOWS, CARRIED_OUT, ELSEWHERE, PARSED)
FILLED = {
    "TASK": "0123456789abcdef0123456789abcdef",
    "N": "7",
    "ID": "sg-0123456789abcdef0",
    "CERTIFICATE": "arn:aws:acm:eu-west-1:111122223333:certificate/12345678",
}
NAMES = ("STACK", "CLUSTER", "SERVICE", "DATABASE", "TASKS", "SECRET")
_BASH = shutil.which("bash") or ""
_END_OF_WORD = "\x1f"


def test_every_command_of_the_page_is_held_in_one_way() -> None:
    held = [command for table in TABLES for command in table]
    assert sorted(held) == sorted(PAGE.commands()), "tests/runbook.py says how each is tried"


def test_what_is_said_to_hold_a_command_exists() -> None:
    source = (ROOT / "tests" / "engine" / "test_runbook.py").read_text()
    assert [name for name in CARRIED_OUT.values() if f"def {name}(" not in source] == []
    files = [where for where in ELSEWHERE.values() if where.endswith(".py")]
    assert [where for where in files if not (ROOT / where).exists()] == []


def test_every_name_is_set_before_it_is_used() -> None:
    set_, used = set[str](), set[str]()
    for command in PAGE.commands():
        used |= set(re.findall(r"\$([A-Z]+)", command)) - set_
        set_ |= set(re.findall(r"\b([A-Z_]+)=", command))
    assert used == set()


def words_of(command: str) -> list[str]:
    """What `aws` would be told, after the shell has taken the command apart."""
    known = {name: value for name, value in FILLED.items() if re.search(rf"\b{name}\b", command)}
    record = f"aws() {{ printf '%s{_END_OF_WORD}' \"$@\"; }}"
    command = re.sub(r'^\w+="\$\((.*)\)"$', r"\1", command)
    done = subprocess.run(
        [_BASH, "-euc", f"{record}\n{filled(command, **known)}"],
        env={"PATH": "", **{name: f"of-{name.lower()}" for name in NAMES}},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split(_END_OF_WORD)[:-1]


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    """A place with what `aws` asks for before it enters a task."""
    plugin = tmp_path / "session-manager-plugin"
    plugin.write_text("#!/bin/sh\n")
    plugin.chmod(0o755)
    return tmp_path


def refusals(commands: Sequence[str], plugins: Path) -> Mapping[str, str | None]:
    """What `aws` says against each command, with its models of every service; None is nothing."""
    told = {command: words_of(command) for command in commands}
    environment = {name: value for name, value in os.environ.items() if name[:4] != "AWS_"} | {
        "PATH": f"{plugins}:{os.environ['PATH']}",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nobody",
    }
    asked = {command: words for command, words in told.items() if words[:2] != ["logs", "tail"]}
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("aws_dry_run.py")],
        input=json.dumps([*asked.values()]),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answered = dict(zip(asked, json.loads(done.stdout), strict=True))
    return {command: answered.get(command, _tail(words)) for command, words in told.items()}


def _tail(words: list[str]) -> str | None:
    """The same of `aws logs tail`, which is version 2's."""
    if words[:2] != ["logs", "tail"]:
        return None
    try:
        aws_logs_tail.options(words[2:])
    except SystemExit as ended:
        return f"it ends with {ended.code}"
    return None


AWS = [command for command in PAGE.commands() if re.search(r"(^|\()aws ", command)]


def test_aws_knows_every_operation_and_option(plugins: Path) -> None:
    refused = refusals(AWS, plugins)
    assert len(refused) > 20
    assert {command: said for command, said in refused.items() if said} == {}


def test_aws_refuses_what_it_does_not_know(plugins: Path) -> None:
    wrong = (
        "aws ecs take-back --cluster $CLUSTER",
        "aws ecs stop-task --cluster $CLUSTER",
        "aws ecs stop-task --cluster $CLUSTER --tasks TASK",
        "aws ecs list-task-definitions --max-items three",
        "aws ecs describe-services --services $SERVICE --query 'services[0'",
        "aws rds describe-events --source-type db-instance --duration long",
        "aws logs tail /ecs/todo-$STACK --last 15m",
        "aws logs tail /ecs/todo-$STACK --since yesterday",
        "aws logs tail /ecs/todo-$STACK --filter-pattern 'one ?two'",
    )
    assert [command for command, said in refusals(wrong, plugins).items() if not said] == []


def test_a_pattern_finds_what_cloudwatch_would() -> None:
    lines = ['{"level":"error"}', '{"level":"warning"}', '{"level":"info","path":"/errors"}']
    found = {
        pattern: [matches(line) for line in lines]
        for pattern in ("", "error", "?error ?warning", "level error")
        for matches in [aws_logs_tail.matcher(pattern)]
    }
    assert found == {
        "": [True, True, True],
        "error": [True, False, False],
        "?error ?warning": [True, True, False],
        "level error": [True, False, False],
    }


@pytest.mark.parametrize(("text", "expected"), [("90s", 90), ("15m", 900), ("2h", 7200)])
def test_a_time_is_counted_in_seconds(text: str, expected: int) -> None:
    assert aws_logs_tail.seconds(text) == expected
