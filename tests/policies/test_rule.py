"""What mutants of the rules' code showed that no other test holds."""

from typing import Any

import pytest
from pulumi_policy import Severity

from todo_policies import RULES
from todo_policies.rule import ResourceRule, Rule

WORDS: dict[str, Any] = {
    "name": "a-rule",
    "severity": Severity.LOW,
    "why": "Why.",
    "fix": "Fix.",
    "controls": (),
    "check": lambda _: (),
}


def test_a_rule_has_to_be_about_something() -> None:
    with pytest.raises(TypeError, match="The rule a-rule is about no resource"):
        ResourceRule(**WORDS)


@pytest.mark.parametrize(
    "about",
    [
        {"resource_types": frozenset({"aws:x:X"})},
        {"applies_to": lambda _: True},
        {"resource_types": frozenset({"aws:x:X"}), "applies_to": lambda _: True},
    ],
    ids=["types", "a condition", "both"],
)
def test_types_or_a_condition_are_enough(about: dict[str, Any]) -> None:
    assert ResourceRule(**WORDS, **about).name == "a-rule"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_policy_names_the_controls_that_it_enforces(rule: Rule) -> None:
    framework = rule.policy().framework
    assert framework is not None
    assert framework.name == "AWS Foundational Security Best Practices"
    assert framework.specification == ", ".join(rule.controls)
