from typing import Any

import pytest

from tests.policies.judged import GONE, UNKNOWN, record
from todo_policies import firewall
from todo_policies.firewall import FIREWALL_IN_PLACE, FIREWALL_LOG_REDACTED, FIREWALL_RULES
from todo_policies.resource_types import (
    LOAD_BALANCER,
    WEB_ACL,
    WEB_ACL_ASSOCIATION,
    WEB_ACL_LOG,
)
from todo_policies.rule import Rule

RATE = "rules.0.statement.rateBasedStatement"
GROUP = "rules.3.statement.managedRuleGroupStatement"
BLOCKED = {"name": "NoUserAgent_HEADER", "actionToUse": {"block": {}}}
SOME = {"byteMatchStatement": {"searchString": "/"}}
COUNTED = {"name": "NoUserAgent_HEADER", "actionToUse": {"count": {}}}


@pytest.mark.parametrize("rule", firewall.RULES, ids=lambda rule: rule.name)
def test_prod_passes(rule: Rule) -> None:
    assert record().judge(rule) == []


def test_a_load_balancer_without_a_firewall_is_refused() -> None:
    stack = record()
    del stack[stack.of(WEB_ACL_ASSOCIATION).key]
    assert stack.judge(FIREWALL_IN_PLACE) == ["todo-prod-alb: no web ACL is associated with it."]


def test_a_firewall_of_another_load_balancer_is_none() -> None:
    stack = record()
    stack.change(WEB_ACL_ASSOCIATION, "resourceArn", "arn:aws:elasticloadbalancing:other")
    assert stack.judge(FIREWALL_IN_PLACE) == ["todo-prod-alb: no web ACL is associated with it."]


def test_an_association_with_nothing_is_none() -> None:
    stack = record()
    stack.change(WEB_ACL_ASSOCIATION, "webAclArn", GONE)
    assert stack.judge(FIREWALL_IN_PLACE) == ["todo-prod-alb: no web ACL is associated with it."]


def test_what_else_names_it_is_no_firewall_and_no_log() -> None:
    stack = record()
    for type_ in (WEB_ACL_ASSOCIATION, WEB_ACL_LOG):
        del stack[stack.of(type_).key]
    for type_ in (LOAD_BALANCER, WEB_ACL):
        arn = stack.of(type_).computed["arn"]
        stack.add("aws:shield/protection:Protection", {"resourceArn": arn, "webAclArn": "x"})
    assert len(stack.judge(FIREWALL_IN_PLACE)) == 2


def test_a_first_preview_follows_the_graph() -> None:
    stack = record()
    stack.make_unknown(stack.of(WEB_ACL_ASSOCIATION), "resourceArn", "webAclArn")
    stack.make_unknown(stack.of(WEB_ACL_LOG), "resourceArn")
    assert stack.judge(FIREWALL_IN_PLACE) == []
    stack.of(WEB_ACL_ASSOCIATION).sources.clear()
    assert stack.judge(FIREWALL_IN_PLACE) == ["todo-prod-alb: no web ACL is associated with it."]


def test_a_firewall_has_to_log_unless_configured() -> None:
    stack = record()
    del stack[stack.of(WEB_ACL_LOG).key]
    expected = ["todo-prod-firewall: it has no logging configuration."]
    assert stack.judge(FIREWALL_IN_PLACE) == expected
    assert stack.judge(FIREWALL_IN_PLACE, log=False) == []


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("defaultAction", {}, "defaultAction has to be either"),
        ("defaultAction", GONE, "defaultAction has to be either"),
        ("defaultAction", {"allow": {}, "block": {}}, "defaultAction has to be either"),
        ("visibilityConfig.cloudwatchMetricsEnabled", False, "cloudwatchMetricsEnabled"),
        ("rules", GONE, "no rule with AWS's group AWSManagedRulesCommonRuleSet"),
        ("rules", UNKNOWN, "rules is unknown before the update"),
        ("rules.3", GONE, "no rule with AWS's group AWSManagedRulesCommonRuleSet"),
        (f"{GROUP}.vendorName", "Somebody", "no rule with AWS's group"),
        ("rules.3.overrideAction", {"count": {}}, "its group only counts"),
        ("rules.3.overrideAction", GONE, "its group only counts"),
        (f"{GROUP}.ruleActionOverrides", [COUNTED] * 5, "5 rules of AWSManagedRulesCommonRuleSet"),
        (f"{RATE}.limit", 2_000_000_000, "no rule blocks an address"),
        (f"{RATE}.limit", 0, "no rule blocks an address"),
        (f"{RATE}.aggregateKeyType", "FORWARDED_IP", "no rule blocks an address"),
        ("rules.0.action", {"count": {}}, "no rule blocks an address"),
        ("rules.0", GONE, "no rule blocks an address"),
        (f"{RATE}.scopeDownStatement", SOME, "no rule blocks an address after 20000 requests or"),
        (
            f"{GROUP}.scopeDownStatement",
            SOME,
            "AWSManagedRulesCommonRuleSet has a scopeDownStatement, so its group sees some",
        ),
        (
            f"{GROUP}.ruleActionOverrides",
            [{"name": "NoUserAgent_HEADER", "actionToUse": {"allow": {}}}],
            "AWSManagedRulesCommonRuleSet allows what NoUserAgent_HEADER finds",
        ),
    ],
)
def test_a_firewall_that_refuses_less_is_refused(path: str, value: object, message: str) -> None:
    stack = record()
    stack.change(WEB_ACL, path, value)
    assert any(message in problem for problem in stack.judge(FIREWALL_RULES))


ALLOWING = {"action": {"allow": {}}, "statement": SOME}
REFERRING = {"statement": {"ruleGroupReferenceStatement": {"arn": "arn:aws:wafv2:group"}}}


@pytest.mark.parametrize("priority", [-1, 0.5, 3])
@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (ALLOWING, "One allows requests before all rules have seen them."),
        (REFERRING, "One may allow, by a group of rules of its own, requests before all rules"),
    ],
)
def test_what_allows_before_all_is_seen_is_refused(
    rule: dict[str, Any], message: str, priority: float
) -> None:
    stack = record()
    rules = stack.of(WEB_ACL).inputs["rules"]
    rules.insert(0, {"name": "One", "priority": priority, **rule})
    [problem] = stack.judge(FIREWALL_RULES)
    assert message in problem


def test_what_allows_before_requests_are_counted_is_refused() -> None:
    stack = record()
    rules = stack.of(WEB_ACL).inputs["rules"]
    rules[0]["priority"] = 101
    rules.insert(0, {"name": "One", "priority": 100, **ALLOWING})
    assert len(stack.judge(FIREWALL_RULES)) == 1


def test_what_allows_where_nothing_refuses_is_not_said_to_come_too_early() -> None:
    stack = record()
    stack.of(WEB_ACL).inputs["rules"] = [{"name": "One", "priority": 0, **ALLOWING}]
    problems = stack.judge(FIREWALL_RULES)
    assert [problem.partition(": ")[2][:8] for problem in problems] == ["it has n"] * 4 + [
        "no rule "
    ]


@pytest.mark.parametrize("rule", [ALLOWING, REFERRING])
def test_what_allows_behind_all_that_refuses_passes(rule: dict[str, Any]) -> None:
    stack = record()
    rules = stack.of(WEB_ACL).inputs["rules"]
    rules.insert(0, {"name": "One", "priority": 100, **rule})
    assert stack.judge(FIREWALL_RULES) == []


def test_further_rules_may_be_about_some_requests_only() -> None:
    stack = record()
    rate = {"limit": 100, "aggregateKeyType": "IP", "scopeDownStatement": SOME}
    group = {
        "vendorName": "AWS",
        "name": "AWSManagedRulesBotControlRuleSet",
        "scopeDownStatement": SOME,
    }
    stack.of(WEB_ACL).inputs["rules"] += [
        {
            "name": "Logins",
            "priority": 7,
            "action": {"block": {}},
            "statement": {"rateBasedStatement": rate},
        },
        {
            "name": "Bots",
            "priority": 8,
            "overrideAction": {"none": {}},
            "statement": {"managedRuleGroupStatement": group},
        },
    ]
    assert stack.judge(FIREWALL_RULES) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("defaultAction", {"block": {}}),
        (f"{RATE}.limit", 20_000),
        (f"{GROUP}.ruleActionOverrides", [COUNTED] * 4 + [BLOCKED]),
    ],
)
def test_a_firewall_that_refuses_enough_passes(path: str, value: object) -> None:
    stack = record()
    stack.change(WEB_ACL, path, value)
    assert stack.judge(FIREWALL_RULES) == []


def test_what_counts_as_enough_is_configured() -> None:
    config: dict[str, Any] = {"maxRate": 1000}
    assert "after 1000 requests" in record().judge(FIREWALL_RULES, **config)[0]
    assert len(record().judge(FIREWALL_RULES, maxCounted=0)) == 2
    [problem] = record().judge(FIREWALL_RULES, managedGroups=["AWSManagedRulesLinuxRuleSet"])
    assert "AWSManagedRulesLinuxRuleSet" in problem


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("redactedFields", GONE, "the header cookie"),
        ("redactedFields.1", GONE, "the header cookie"),
        ("redactedFields.1.singleHeader.name", "x-other", "the header cookie"),
        ("redactedFields.3", GONE, "does not hold uriPath"),
        ("redactedFields", UNKNOWN, "redactedFields is unknown"),
    ],
)
def test_a_log_that_tells_what_opens_a_list_is_refused(
    path: str, value: object, message: str
) -> None:
    stack = record()
    stack.change(WEB_ACL_LOG, path, value)
    assert any(message in problem for problem in stack.judge(FIREWALL_LOG_REDACTED))


def test_a_stack_without_load_balancers_needs_no_firewall() -> None:
    stack = record()
    for type_ in (LOAD_BALANCER, WEB_ACL_ASSOCIATION, WEB_ACL_LOG, WEB_ACL):
        del stack[stack.of(type_).key]
    assert stack.judge(FIREWALL_IN_PLACE) == []
