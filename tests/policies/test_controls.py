import re
from itertools import groupby
from pathlib import Path

from todo_policies import RULES
from todo_policies.controls import APPLICABLE, NOT_COVERED

README = Path(__file__).parents[2] / "policies" / "README.md"
COVERED = {control for rule in RULES for control in rule.controls}


def test_every_control_that_applies_has_a_rule_or_a_reason() -> None:
    assert set(APPLICABLE) - COVERED - NOT_COVERED.keys() == set()


def test_no_reason_is_given_for_what_a_rule_enforces() -> None:
    assert COVERED & NOT_COVERED.keys() == set()
    assert NOT_COVERED.keys() <= set(APPLICABLE)


def test_at_least_65_controls_have_a_rule() -> None:
    assert len(COVERED) >= 65


def test_the_readme_gives_the_same_reasons() -> None:
    section = README.read_text().partition("## AWS controls without a rule")[2]
    rows = re.findall(r"^\| ([A-Z].*?) \| (.*) \|$", section.partition("\n## ")[0], re.MULTILINE)
    found = {control: why for controls, why in rows[1:] for control in controls.split(", ")}
    assert found == dict(NOT_COVERED)
    reasons = [why for why, _ in groupby(NOT_COVERED.values())]
    assert [why for _, why in rows[1:]] == reasons
