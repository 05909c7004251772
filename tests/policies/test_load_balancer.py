from typing import Any

import pytest

from tests.policies.judged import GONE, UNKNOWN, record
from todo_policies import load_balancer, target_groups
from todo_policies.load_balancer import (
    LISTENER_RULES_USE_HTTPS,
    LISTENER_TLS_POLICY,
    LISTENERS_USE_HTTPS,
    LOAD_BALANCER_ACCESS_LOGS,
    LOAD_BALANCER_DELETION_PROTECTION,
    LOAD_BALANCER_HARDENED,
)
from todo_policies.resource_types import LISTENER, LISTENER_RULE, LOAD_BALANCER, TARGET_GROUP
from todo_policies.rule import ResourceRule, Rule
from todo_policies.target_groups import TARGET_GROUP_HEALTH_CHECKS

CASES: list[tuple[ResourceRule, str, str, Any, str]] = [
    (LISTENERS_USE_HTTPS, "https", "certificateArn", GONE, "certificateArn is not set"),
    (LISTENERS_USE_HTTPS, "https", "certificateArn", "", "certificateArn is not set"),
    (LISTENERS_USE_HTTPS, "https", "protocol", "HTTP", "answers over plain HTTP"),
    (LISTENERS_USE_HTTPS, "https", "protocol", "TCP", "protocol is TCP"),
    (LISTENERS_USE_HTTPS, "https", "protocol", GONE, "protocol is not set"),
    (LISTENERS_USE_HTTPS, "https", "protocol", UNKNOWN, "protocol is unknown before the update"),
    (LISTENERS_USE_HTTPS, "-http", "defaultActions.0.type", "forward", "answers over plain HTTP"),
    (LISTENERS_USE_HTTPS, "-http", "defaultActions", [], "answers over plain HTTP"),
    (
        LISTENERS_USE_HTTPS,
        "-http",
        "defaultActions.0.redirect.protocol",
        "HTTP",
        "does not only redirect to HTTPS",
    ),
    (
        LISTENERS_USE_HTTPS,
        "-http",
        "defaultActions.0.redirect.statusCode",
        GONE,
        "does not only redirect to HTTPS",
    ),
    (LISTENER_TLS_POLICY, "https", "sslPolicy", "ELBSecurityPolicy-2016-08", "2016-08; allowed"),
    (LISTENER_TLS_POLICY, "https", "sslPolicy", GONE, "sslPolicy is not set"),
    (LISTENER_TLS_POLICY, "https", "sslPolicy", UNKNOWN, "sslPolicy is unknown"),
    (LOAD_BALANCER_HARDENED, "alb", "dropInvalidHeaderFields", False, "dropInvalidHeaderFields"),
    (LOAD_BALANCER_HARDENED, "alb", "dropInvalidHeaderFields", GONE, "is not set; it has to be"),
    (LOAD_BALANCER_HARDENED, "alb", "desyncMitigationMode", "monitor", "defensive or strictest"),
    (LOAD_BALANCER_HARDENED, "alb", "enableWafFailOpen", True, "enableWafFailOpen is True"),
    (LOAD_BALANCER_HARDENED, "alb", "xffHeaderProcessingMode", "preserve", "has to be append"),
    (LOAD_BALANCER_HARDENED, "alb", "subnets", ["subnet-1"], "in 1 subnets; at least 2"),
    (LOAD_BALANCER_HARDENED, "alb", "subnets", GONE, "in 0 subnets"),
    (LOAD_BALANCER_HARDENED, "alb", "subnets", UNKNOWN, "subnets is unknown"),
    (LOAD_BALANCER_DELETION_PROTECTION, "alb", "enableDeletionProtection", False, "is False"),
    (LOAD_BALANCER_DELETION_PROTECTION, "alb", "enableDeletionProtection", GONE, "is not set"),
    (LOAD_BALANCER_ACCESS_LOGS, "alb", "accessLogs", GONE, "accessLogs.enabled is not set"),
    (LOAD_BALANCER_ACCESS_LOGS, "alb", "accessLogs.enabled", False, "enabled is False"),
    (LOAD_BALANCER_ACCESS_LOGS, "alb", "accessLogs.bucket", "", "accessLogs.bucket is not set"),
    (TARGET_GROUP_HEALTH_CHECKS, "tg", "protocol", "TCP", "tg: protocol is TCP; allowed"),
    (TARGET_GROUP_HEALTH_CHECKS, "tg", "healthCheck", GONE, "its targets are not checked"),
    (TARGET_GROUP_HEALTH_CHECKS, "tg", "healthCheck.enabled", False, "are not checked"),
    (TARGET_GROUP_HEALTH_CHECKS, "tg", "healthCheck.path", GONE, "healthCheck.path is not set"),
    (TARGET_GROUP_HEALTH_CHECKS, "tg", "healthCheck.interval", 300, "after 600 s; 60 allowed"),
    (TARGET_GROUP_HEALTH_CHECKS, "tg", "healthCheck.protocol", "TCP", "healthCheck.protocol is"),
]


@pytest.mark.parametrize(
    "rule", [*load_balancer.RULES, *target_groups.RULES], ids=lambda rule: rule.name
)
def test_prod_passes(rule: Rule) -> None:
    assert record().judge(rule) == []


@pytest.mark.parametrize(("rule", "name", "path", "value", "message"), CASES)
def test_each_loosening_is_refused(
    rule: ResourceRule, name: str, path: str, value: object, message: str
) -> None:
    stack = record()
    [type_] = rule.resource_types
    stack.change(type_, path, value, name)
    [problem] = [one for one in stack.judge(rule) if message in one]
    assert problem.startswith("todo-prod")


def test_a_certificate_that_is_not_known_yet_is_one() -> None:
    stack = record()
    stack.change(LISTENER, "certificateArn", UNKNOWN, "https")
    assert stack.judge(LISTENERS_USE_HTTPS) == []


def test_a_bucket_that_is_not_known_yet_is_one() -> None:
    stack = record()
    stack.change(LOAD_BALANCER, "accessLogs.bucket", UNKNOWN)
    assert stack.judge(LOAD_BALANCER_ACCESS_LOGS) == []


def test_plain_http_where_it_is_allowed() -> None:
    stack = record("dev")
    assert stack.judge(LISTENERS_USE_HTTPS) != []
    assert stack.judge(LISTENERS_USE_HTTPS, allowPlainHttp=True) == []


def test_plain_http_is_no_leave_for_https_without_a_certificate() -> None:
    stack = record()
    stack.change(LISTENER, "certificateArn", GONE, "https")
    assert len(stack.judge(LISTENERS_USE_HTTPS, allowPlainHttp=True)) == 1


FORWARD = [{"type": "forward", "targetGroupArn": "x"}]
REDIRECT = [{"type": "redirect", "redirect": {"protocol": "HTTPS", "statusCode": "HTTP_301"}}]


@pytest.mark.parametrize(
    ("listener", "actions", "count"),
    [("-http", FORWARD, 1), ("-http", REDIRECT, 0), ("https", FORWARD, 0), ("-http", [], 0)],
)
def test_no_rule_leads_round_the_redirect(
    listener: str, actions: list[dict[str, Any]], count: int
) -> None:
    stack = record()
    inputs = {"listenerArn": stack.of(LISTENER, listener).computed["arn"], "actions": actions}
    added = stack.add(LISTENER_RULE, inputs, listenerArn=stack.of(LISTENER, listener))
    assert len(stack.judge(LISTENER_RULES_USE_HTTPS)) == count
    stack.make_unknown(added, "listenerArn")
    assert len(stack.judge(LISTENER_RULES_USE_HTTPS)) == count
    assert stack.judge(LISTENER_RULES_USE_HTTPS, allowPlainHttp=True) == []


def test_a_rule_of_somebodys_listener_is_refused() -> None:
    stack = record()
    stack.add(LISTENER_RULE, {"listenerArn": "arn:somebodys", "actions": FORWARD})
    [problem] = stack.judge(LISTENER_RULES_USE_HTTPS)
    assert "its listener is not in this stack" in problem


def test_another_tls_policy_by_configuration() -> None:
    allowed = ["ELBSecurityPolicy-FS-1-2-Res-2020-10"]
    assert len(record().judge(LISTENER_TLS_POLICY, allowed=allowed)) == 1


def test_more_zones_by_configuration() -> None:
    assert "at least 3" in record().judge(LOAD_BALANCER_HARDENED, minZones=3)[0]


def test_zones_may_be_given_with_addresses() -> None:
    stack = record()
    stack.change(LOAD_BALANCER, "subnets", GONE)
    mappings = [{"subnetId": "subnet-1"}, {"subnetId": "subnet-2"}]
    stack.change(LOAD_BALANCER, "subnetMappings", mappings)
    assert stack.judge(LOAD_BALANCER_HARDENED) == []
    stack.change(LOAD_BALANCER, "subnetMappings", mappings[:1])
    assert len(stack.judge(LOAD_BALANCER_HARDENED)) == 1


def test_encryption_up_to_the_targets_by_configuration() -> None:
    stack = record()
    assert len(stack.judge(TARGET_GROUP_HEALTH_CHECKS, protocols=["HTTPS"])) == 2
    stack.change(TARGET_GROUP, "protocol", "HTTPS")
    assert stack.judge(TARGET_GROUP_HEALTH_CHECKS, protocols=["HTTPS"]) == []


@pytest.mark.parametrize(
    ("check", "seconds"),
    [
        ({"interval": 5, "unhealthyThreshold": 12}, None),
        ({"interval": 5, "unhealthyThreshold": 13}, 65),
        ({"interval": 31, "unhealthyThreshold": 2}, 62),
        ({"interval": 30}, None),
        ({"unhealthyThreshold": 2}, None),
        ({"unhealthyThreshold": 3}, 90),
    ],
)
def test_a_target_that_fails_is_noticed_within_a_minute(
    check: dict[str, int], seconds: int | None
) -> None:
    stack = record()
    stack.change(TARGET_GROUP, "healthCheck", {"path": "/readyz"} | check)
    name = stack.of(TARGET_GROUP).name
    said = f"{name}: a target that fails is noticed after {seconds} s; 60 allowed."
    assert stack.judge(TARGET_GROUP_HEALTH_CHECKS) == ([] if seconds is None else [said])
