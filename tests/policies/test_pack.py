import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema_rs import Draft202012Validator
from pulumi_policy import EnforcementLevel

from todo_policies import RULES
from todo_policies.pack_config import config_schema
from todo_policies.rule import Rule
from todo_policies.table import replace_table, rule_table

POLICIES = Path(__file__).parents[2] / "policies"
# Of AWS Foundational Security Best Practices, those that are about what this system consists of.
APPLICABLE = {
    "CloudTrail": (1, 2, 4, 5, 6, 7),
    "EC2": (2, 6, 10, 15, 18, 19, 21, 55, 56),
    "ECR": (1, 2, 3),
    "ECS": (2, 3, 4, 5, 8, 9, 10, 12, 17, 20),
    "ELB": (1, 4, 5, 6, 12, 13, 16, 17, 18, 21, 22),
    "IAM": (1, 21),
    "KMS": (1, 2, 3, 4, 5),
    "RDS": (2, 3, 5, 6, 8, 9, 10, 11, 13, 17, 18, 20, 21, 22, 23, 25, 26, 39, 46),
    "SecretsManager": (1, 2, 3, 4),
}
CONTROLS = {f"{service}.{number}" for service, found in APPLICABLE.items() for number in found}


def test_the_readmes_table_is_the_pack() -> None:
    """`python -m todo_policies --write`, in policies/, brings both up to the rules."""
    assert f"\n{rule_table(RULES)}\n" in (POLICIES / "README.md").read_text()


def test_another_table_takes_the_place_of_the_readmes() -> None:
    table = rule_table(RULES)
    page = f"# Title\n\n{table}\n\nMore.\n"
    assert replace_table(page.replace("critical", "low"), table) == page
    with pytest.raises(ValueError, match="no table"):
        replace_table("# Title\n", table)


def test_a_rules_words_stay_in_their_cell() -> None:
    row = rule_table([replace(RULES[0], why="One | two.")]).splitlines()[-1]
    assert "One \\| two." in row


def test_every_control_that_applies_has_a_rule_or_a_reason_not_to() -> None:
    enforced = {control for rule in RULES for control in rule.controls}
    _, _, section = (POLICIES / "README.md").read_text().partition("## AWS controls without a rule")
    rows = re.findall(r"^\| ([A-Z]\S+\.\d+(?:, \S+\.\d+)*) \| .+ \|$", section, re.MULTILINE)
    explained = {control for row in rows for control in row.split(", ")}
    assert explained == CONTROLS - enforced
    assert len(enforced) >= 65


def test_the_readmes_configuration_is_one() -> None:
    example = re.search(r"```json\n(.*?)```", (POLICIES / "README.md").read_text(), re.DOTALL)
    assert example
    assert Draft202012Validator(config_schema(RULES)).is_valid(json.loads(example[1]))


def test_the_schema_of_configurations_is_the_packs() -> None:
    assert json.loads((POLICIES / "config" / "schema.json").read_text()) == config_schema(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_explains_itself(rule: Rule) -> None:
    policy = rule.policy()
    assert policy.enforcement_level is rule.level
    assert (policy.description, policy.remediation_steps) == (rule.why, rule.fix)
    assert policy.severity is rule.severity
    assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", rule.name)
    assert all(re.fullmatch(r"[A-Z][A-Za-z0-9]+\.\d+", control) for control in rule.controls)


def test_only_the_report_of_waivers_lets_a_deployment_pass() -> None:
    lenient = [rule.name for rule in RULES if rule.level is not EnforcementLevel.MANDATORY]
    assert lenient == ["waivers"]
    assert RULES[-1].name == "waivers"


def test_no_two_rules_share_a_name() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
