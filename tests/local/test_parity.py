from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from local import pulumi_engine
from local.parity import differences, parity
from local.workspace import Workspace
from tests.infra.recorder import project_defaults, stack_config
from todo_infra import config
from todo_infra.config.rules import key_of

# Off here, and yet nothing that a run at AWS would try.
NOTHING_UNTRIED = {
    "loadBalancer.deletionProtection",  # `make down` removes it
    "secrets.recoveryWindowDays",  # and the secrets at once
}


def values(stack: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{section.removeprefix('todo:')}.{key}": value
        for section, settings in stack.items()
        if section.startswith("todo:")
        for key, value in settings.items()
    }


@pytest.fixture
def local() -> dict[str, Any]:
    stated, defaults = stack_config("local"), project_defaults()
    return values({key: {**defaults[key], **stated[key]} for key in defaults})


def named() -> set[str]:
    return {key for one in differences() for key in one.off}


def test_whatever_the_local_stack_switches_off_is_named_as_untried(local: dict[str, Any]) -> None:
    on = {key for key, value in values(project_defaults()).items() if value}
    switched_off = {key for key in on if not local[key]}
    assert switched_off - named() == NOTHING_UNTRIED


def test_nothing_is_named_as_off_that_is_on(local: dict[str, Any]) -> None:
    assert {key: local[key] for key in named() if local.get(key)} == {}


def test_every_switch_that_is_named_exists() -> None:
    known = {
        f"{key_of(section.name)}.{key_of(one.name)}"
        for section in fields(config.Settings)
        if isinstance(section.type, type) and is_dataclass(section.type)
        for one in fields(section.type)
    }
    assert named() - known == set()


@pytest.mark.parametrize(
    "part",
    [
        "alarms",
        "dashboard",
        "audit trail",
        "WAF",
        "read replicas",
        "rotation function",
        "RDS Proxy",
        "VPC endpoints",
    ],
)
def test_a_part_that_only_aws_runs_is_listed(part: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert parity(Workspace()) == 0
    assert part in capsys.readouterr().out


def test_an_engine_that_was_built_is_told_from_pulumis_own(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = []
    for official in (True, False):
        monkeypatch.setattr(pulumi_engine, "is_official", lambda official=official: official)
        listed.append("Pulumi engine" in {one.part for one in differences()})
    assert listed == [False, True]
