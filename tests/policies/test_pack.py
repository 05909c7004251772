import re
from pathlib import Path

import pytest
from pulumi_policy import EnforcementLevel

from todo_policies import RULES
from todo_policies.rule import Rule

README = Path(__file__).parents[2] / "policies" / "README.md"
ROW = re.compile(r"\| `(.+)` \| (.+) \| (.+) \| (.+) \|")


def row_of(rule: Rule) -> tuple[str, str, str, str]:
    controls = ", ".join(rule.controls) or "–"  # noqa: RUF001 - as in the table
    return rule.name, rule.severity.value, controls, rule.why


def test_the_readmes_table_is_the_pack() -> None:
    rows = [match.groups() for match in ROW.finditer(README.read_text())]
    assert rows == [row_of(rule) for rule in RULES]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_is_mandatory_and_explains_itself(rule: Rule) -> None:
    policy = rule.policy()
    assert policy.enforcement_level is EnforcementLevel.MANDATORY
    assert (policy.description, policy.remediation_steps) == (rule.why, rule.fix)
    assert policy.severity is rule.severity
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.name)


def test_no_two_rules_share_a_name() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
