"""Editors refuse what the program refuses, by a schema that is made of the same rules."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from ops import schema
from tests.infra.test_config import GROUPS, REFUSED

ROOT = Path(__file__).parents[2]
SCHEMA = schema.stack_schema()
# What a pattern cannot say: how long a window is, and which bits of a network are a host's.
BEYOND = {("backupWindow", "03:00-03:15"), ("ingressCidrs", "['10.0.0.1/8']")}
STACKS = sorted(ROOT.glob("Pulumi.*.yaml"))


def errors(stack: dict[str, Any]) -> list[str]:
    found: Iterator[Any] = jsonschema.Draft7Validator(SCHEMA).iter_errors(stack)
    return [error.json_path for error in found]


def stack(**config: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    objects = {f"todo:{name}": value for name, value in config.items()}
    return {"config": {"aws:region": "eu-west-1", **objects}}


def test_the_written_schema_is_the_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert schema.main(["--check", "--output", str(ROOT / schema.PATH)]) == 0
    assert capsys.readouterr().err == ""


def test_an_old_one_is_noticed_and_renewed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "stack.schema.json"
    assert schema.main(["--check", "--output", str(path)]) == 1
    assert capsys.readouterr().err == f"✗ {path} is old: run `make schema`.\n"
    assert schema.main(["--output", str(path)]) == 0
    assert schema.main(["--check", "--output", str(path)]) == 0


def test_the_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.name)
def test_stack_files_satisfy_it_and_name_it_to_editors(path: Path) -> None:
    text = path.read_text()
    assert errors(yaml.safe_load(text)) == []
    assert text.startswith(f"# yaml-language-server: $schema={schema.PATH}\n")


@pytest.mark.parametrize(("group", "key", "value", "_allowed"), REFUSED)
def test_a_value_that_the_program_refuses_is_refused_while_it_is_typed(
    group: str, key: str, value: object, _allowed: str
) -> None:
    if (key, str(value)) in BEYOND:
        return
    found = errors(stack(**{group: {key: value}}))
    assert found
    assert all(key in path for path in found)


@pytest.mark.parametrize("name", GROUPS)
def test_every_key_is_known_with_its_default_and_explained(name: str) -> None:
    described = SCHEMA["properties"]["config"]["properties"][f"todo:{name}"]
    defaults = {
        key: one["default"] for key, one in described["properties"].items() if "default" in one
    }
    assert errors(stack(**{name: defaults})) == []
    assert all(one["description"] for one in described["properties"].values())


def test_a_key_that_nothing_reads_is_refused_and_other_providers_are_left_alone() -> None:
    assert errors(stack(capacity={"minTask": 2})) != []
    assert errors(stack(capacty={})) != []
    other = {"aws:region": "eu-west-1", "aws:skipCredentialsValidation": True}
    assert errors({"config": other, "encryptionsalt": "v1:x"}) == []


def test_an_event_is_complete_and_its_time_has_a_zone() -> None:
    event = {"name": "sale", "from": "2027-01-02T06:00Z", "until": "2027-01-02T18:00+01:00"}
    complete = event | {"peakRequestsPerSecond": 900}
    assert errors(stack(capacity={"events": [complete]})) == []
    for wrong in (event, complete | {"from": "2027-01-02T06:00"}, complete | {"minTasks": 2}):
        assert errors(stack(capacity={"events": [wrong]})) != []


def test_a_rule_without_a_schema_is_named() -> None:
    with pytest.raises(TypeError, match="object has no JSON Schema: give it one in"):
        schema._schema_of(object())
