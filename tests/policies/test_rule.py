"""What mutants of the rules' code showed that no other test holds."""

from typing import Any

import pytest
from pulumi_policy import Severity
from pulumi_policy.proxy import unknown_checking_proxy

from todo_policies import RULES
from todo_policies.rule import ResourceRule, Rule, judge

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
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


def test_what_is_unknown_is_named_with_its_place() -> None:
    props = unknown_checking_proxy({"logging": {"bucket": UNKNOWN}})
    assert list(judge(lambda: [props["logging"]["bucket"]])) == [
        "logging.bucket is unknown before the update, so nothing vouches for it."
    ]
