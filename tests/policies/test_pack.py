import json
import re
from pathlib import Path

import pytest
from pulumi_policy import EnforcementLevel

from todo_policies import RULES
from todo_policies.pack_config import config_schema
from todo_policies.rule import Rule
from todo_policies.table import rule_table

POLICIES = Path(__file__).parents[2] / "policies"


def test_the_readmes_table_is_the_pack() -> None:
    """`python -m todo_policies --write`, in policies/, brings both up to the rules."""
    assert f"\n{rule_table(RULES)}\n" in (POLICIES / "README.md").read_text()


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
