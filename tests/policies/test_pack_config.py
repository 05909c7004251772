import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator
from pulumi_policy import EnforcementLevel

from todo_policies import RULES
from todo_policies.pack_config import config_schema, problems_of

CONFIG = Path(__file__).parents[2] / "policies" / "config"
STACKS = ["local", "dev", "prod"]
PATH = "database-tls-required"
BACKUPS = "database-backups"
BY_NAME = {rule.name: rule for rule in RULES}


def problems(
    config: dict[str, dict[str, Any]], levels: dict[str, EnforcementLevel] | None = None
) -> list[str]:
    return problems_of(RULES, config, levels or {})


@pytest.mark.parametrize("stack", STACKS)
def test_each_stacks_configuration_fits_the_schema(stack: str) -> None:
    config = json.loads((CONFIG / f"{stack}.json").read_text())
    errors = Draft202012Validator(config_schema(RULES)).iter_errors(config)
    assert [error.message for error in errors] == []


@pytest.mark.parametrize("stack", STACKS)
def test_each_stacks_configuration_is_accepted(stack: str) -> None:
    config = json.loads((CONFIG / f"{stack}.json").read_text())
    levels = {
        name: EnforcementLevel(rule.pop("enforcementLevel"))
        for name, rule in config.items()
        if "enforcementLevel" in rule
    }
    assert problems(config, levels) == []


def test_prod_loosens_nothing() -> None:
    assert json.loads((CONFIG / "prod.json").read_text()) == {}


@pytest.mark.parametrize("level", ["advisory", "disabled"])
def test_no_configuration_lowers_a_rule_on_the_databases_path(level: str) -> None:
    [problem] = problems({}, {PATH: EnforcementLevel(level)})
    assert problem == (
        f"{PATH} is set to {level}, but has to stay mandatory: no configuration may lower it. "
        "Beside a level for all, name this one by itself."
    )


def test_a_level_for_all_does_not_lower_them_either() -> None:
    found = problems({}, dict.fromkeys(BY_NAME, EnforcementLevel.DISABLED))
    named = [problem.partition(" ")[0] for problem in found]
    assert named == [rule.name for rule in RULES if not rule.waivable]
    assert len(named) > 10


def test_another_rules_level_may_change() -> None:
    assert problems({}, {BACKUPS: EnforcementLevel.ADVISORY}) == []


def test_the_report_of_waivers_may_be_raised_but_not_turned_off() -> None:
    assert problems({}, {"waivers": EnforcementLevel.MANDATORY}) == []
    assert problems({}, {"waivers": EnforcementLevel.DISABLED}) != []


def test_a_name_that_is_no_rule_is_refused() -> None:
    [problem] = problems({"database-tls-requird": {}, "all": {}})
    assert problem.startswith("database-tls-requird is no rule of this pack: allowed are all and ")
    assert PATH in problem


def test_everything_wrong_with_a_rule_is_named_at_once() -> None:
    config = {BACKUPS: {"minimalDays": 1, "finalSnapshot": "no", "waivers": [{}]}}
    found = problems(config)
    assert found[0] == (
        f"{BACKUPS}: minimalDays is unknown: allowed are enforcementLevel, minimumDays, "
        "finalSnapshot, waivers, reason."
    )
    assert found[1] == (f"{BACKUPS}: finalSnapshot is 'no': a value of type boolean is allowed.")
    assert len(found) == 6  # and the waiver's four missing fields


def test_what_is_wrong_with_several_rules_is_named_at_once() -> None:
    found = problems({"no-rule": {}, BACKUPS: {"minimumDays": -1}, PATH: {"days": 1}})
    named = {problem.split(" ")[0] for problem in found}
    assert named == {"no-rule", f"{BACKUPS}:", f"{PATH}:"}


@pytest.mark.parametrize(
    ("config", "is_valid"),
    [
        ({BACKUPS: {"enforcementLevel": "disabled", "reason": "x"}}, True),
        ({BACKUPS: {"enforcementLevel": "disabled"}}, False),  # nobody says why
        ({PATH: {"enforcementLevel": "disabled", "reason": "x"}}, False),
        ({PATH: {"enforcementLevel": "mandatory", "reason": "x"}}, True),
        ({PATH: {"waivers": [], "reason": "x"}}, False),
        ({"unknown": {"reason": "x"}}, False),
        ({BACKUPS: {"minimumDays": 0, "reason": "x"}}, False),
        ({"all": "advisory"}, True),
    ],
)
def test_the_schema_tells_editors_what_is_allowed(config: dict[str, Any], is_valid: bool) -> None:
    assert Draft202012Validator(config_schema(RULES)).is_valid(config) is is_valid
