from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.infra.recorder import Deployment
from todo_infra.firewall import firewall_rules

Deploy = Callable[..., Deployment]
ACL = "aws:wafv2/webAcl:WebAcl"
ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"
LOGGING = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"


def managed() -> dict[str, Mapping[str, Any]]:
    """Return AWS's rule groups by their names, in their order."""
    return {
        rule["statement"]["managed_rule_group_statement"]["name"]: rule
        for rule in firewall_rules(6000)
        if "managed_rule_group_statement" in rule["statement"]
    }


def counted(group: str) -> list[str]:
    overrides = managed()[group]["statement"]["managed_rule_group_statement"]
    return [
        one["name"]
        for one in overrides["rule_action_overrides"]
        if one["action_to_use"] == {"count": {}}
    ]


def test_it_stands_before_the_load_balancer(prod: Deployment) -> None:
    assert prod.one(ASSOCIATION).inputs == {
        "resourceArn": "arn:LoadBalancer:todo-prod-alb",
        "webAclArn": "arn:WebAcl:todo-prod-firewall",
    }
    acl = prod.one(ACL).inputs
    assert acl["scope"] == "REGIONAL"
    assert acl["defaultAction"] == {"allow": {}}


def test_rules_that_aws_keeps_up_to_date_refuse_what_they_know() -> None:
    assert list(managed()) == [
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesSQLiRuleSet",
    ]
    for rule in managed().values():
        assert rule["override_action"] == {"none": {}}
        assert rule["statement"]["managed_rule_group_statement"]["vendor_name"] == "AWS"


def test_only_what_people_type_into_a_body_is_counted_instead() -> None:
    assert counted("AWSManagedRulesAmazonIpReputationList") == []
    assert counted("AWSManagedRulesKnownBadInputsRuleSet") == []
    body_rules = counted("AWSManagedRulesCommonRuleSet") + counted("AWSManagedRulesSQLiRuleSet")
    assert "SizeRestrictions_BODY" in body_rules  # the application takes 16 KiB, this rule 8
    assert {name.rpartition("_")[2] for name in body_rules} == {"BODY"}


def test_an_address_that_asks_too_often_is_told_when_to_come_again(
    prod: Deployment, deploy: Deploy
) -> None:
    rule = prod.one(ACL).inputs["rules"][0]
    assert rule["statement"]["rateBasedStatement"] == {
        "aggregateKeyType": "IP",
        "limit": 6000,
        "evaluationWindowSec": 300,
    }
    answer = rule["action"]["block"]["customResponse"]
    assert answer["responseCode"] == 429
    assert answer["responseHeaders"] == [{"name": "Retry-After", "value": "60"}]
    changed = deploy(loadBalancer={"rateLimitPerFiveMinutes": 500}).one(ACL).inputs["rules"][0]
    assert changed["statement"]["rateBasedStatement"]["limit"] == 500


def test_each_rule_has_its_turn_and_its_metric() -> None:
    rules = firewall_rules(6000)
    assert [rule["priority"] for rule in rules] == list(range(len(rules)))
    metrics = [rule["visibility_config"]["metric_name"] for rule in rules]
    assert metrics == [rule["name"] for rule in rules]
    assert all(rule["visibility_config"]["cloudwatch_metrics_enabled"] for rule in rules)


def test_no_request_is_kept_whole(prod: Deployment) -> None:
    acl = prod.one(ACL).inputs
    kept = [acl["visibilityConfig"], *(rule["visibilityConfig"] for rule in acl["rules"])]
    assert {one["sampledRequestsEnabled"] for one in kept} == {False}
    assert all(one["cloudwatchMetricsEnabled"] for one in kept)


def test_the_log_has_neither_credentials_nor_the_address_of_a_list(prod: Deployment) -> None:
    redacted = prod.one(LOGGING).inputs["redactedFields"]
    headers = {one["singleHeader"]["name"] for one in redacted if "singleHeader" in one}
    assert headers == {"authorization", "cookie", "referer"}
    assert {"uriPath": {}} in redacted


def test_the_log_has_what_a_rule_matched(prod: Deployment) -> None:
    logging = prod.one(LOGGING).inputs
    assert logging["resourceArn"] == "arn:WebAcl:todo-prod-firewall"
    assert logging["loggingFilter"]["defaultBehavior"] == "DROP"
    (kept,) = logging["loggingFilter"]["filters"]
    assert (kept["behavior"], kept["requirement"]) == ("KEEP", "MEETS_ANY")
    actions = {one["actionCondition"]["action"] for one in kept["conditions"]}
    assert actions == {"BLOCK", "COUNT", "EXCLUDED_AS_COUNT"}


def test_the_log_group_is_named_as_waf_wants_it_encrypted_and_emptied(
    prod: Deployment, deploy: Deploy
) -> None:
    group = prod.one(LOG_GROUP, "todo-prod-firewall").inputs
    assert group["name"] == "aws-waf-logs-todo-prod"
    assert group["retentionInDays"] == 365
    assert group["kmsKeyId"] == "arn:Key:todo-prod-data"
    assert prod.one(LOGGING).inputs["logDestinationConfigs"] == ["arn:LogGroup:todo-prod-firewall"]
    without = deploy(encryption={"customerManagedKey": False})
    assert "kmsKeyId" not in without.one(LOG_GROUP, "todo-prod-firewall").inputs


def test_it_works_without_a_log_where_that_is_asked_for(deploy: Deploy) -> None:
    deployment = deploy(loadBalancer={"wafLog": False})
    assert len(deployment.all(ACL)) == 1
    assert deployment.all(LOGGING) == []
    assert [one.name for one in deployment.all(LOG_GROUP) if "firewall" in one.name] == []


@pytest.mark.parametrize("stack", ["dev", "local"])
def test_there_is_none_where_it_is_switched_off_by_name(deploy: Deploy, stack: str) -> None:
    deployment = deploy(stack)
    assert [one for one in deployment.registrations if one.type.startswith("aws:wafv2/")] == []
    assert [one.name for one in deployment.all(LOG_GROUP) if "firewall" in one.name] == []
