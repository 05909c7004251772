"""What mutants of the rules' code showed that no other test holds."""

from typing import TYPE_CHECKING, Any

import pytest
from pulumi_policy import Severity

from todo_policies import RULES
from todo_policies.rule import ResourceRule, Rule

if TYPE_CHECKING:
    from tests.policies.conftest import Stack

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


@pytest.mark.parametrize("group", [None, "default.mysql8.4"])
def test_a_database_without_a_group_is_reported_once(stack: "Stack", group: str | None) -> None:
    stack["database"].props["parameterGroupName"] = group
    stack["database"].sources.pop("parameterGroupName", None)
    assert len(stack.problems("database-tls-required")) == 1
    assert stack.problems("database-tls-version") == []


@pytest.mark.parametrize(
    ("family", "port", "problems"),
    [("MYSQL", 3306, 0), ("POSTGRESQL", 5432, 0), ("MYSQL", 5432, 1), ("POSTGRESQL", 3306, 1)],
)
def test_a_proxys_port_is_that_of_its_family(
    stack: "Stack", family: str, port: int, problems: int
) -> None:
    resource = type(stack["database"])
    proxy = {"engineFamily": family, "vpcSecurityGroupIds": ["sg-proxy"], "requireTls": True}
    stack["proxy"] = resource(type="aws:rds/proxy:Proxy", props=proxy)
    group = "aws:ec2/securityGroup:SecurityGroup"
    stack["proxys"] = resource(type=group, props={"id": "sg-proxy"})
    rule = {
        "securityGroupId": "sg-proxy",
        "ipProtocol": "tcp",
        "fromPort": float(port),
        "toPort": float(port),
        "referencedSecurityGroupId": "sg-service",
    }
    ingress = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    stack["to-proxy"] = resource(type=ingress, props=rule)
    found = [one for one in stack.problems("database-reachability") if one.startswith("proxy:")]
    assert len(found) == problems, found
