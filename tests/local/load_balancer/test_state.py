from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ministack.services import alb

from local.load_balancer import state
from local.load_balancer.model import (
    FixedResponse,
    Forward,
    HealthCheck,
    Listener,
    Redirect,
    Rule,
    Target,
    TargetGroup,
)


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    alb.reset()
    yield
    alb.reset()


def group(**changes: str) -> str:
    parameters = {"Name": "app", "Port": "8080", "HealthCheckPath": "/readyz"} | changes
    alb._create_tg(parameters)
    (arn,) = alb._tgs.keys()
    return str(arn)


def balancer(*listeners: dict[str, str]) -> None:
    alb._create_lb({"Name": "web"})
    arn = next(iter(alb._lbs))
    for listener in listeners:
        alb._create_listener({"LoadBalancerArn": arn} | listener)


def attribute(key: str, value: Any) -> dict[str, str]:  # noqa: ANN401 - as text, whatever it is
    return {"Attributes.member.1.Key": key, "Attributes.member.1.Value": str(value)}


def test_a_target_group_is_read_with_its_check_and_attributes() -> None:
    arn = group(
        HealthCheckIntervalSeconds="5",
        HealthCheckTimeoutSeconds="4",
        HealthyThresholdCount="2",
        UnhealthyThresholdCount="3",
        **{"Matcher.HttpCode": "200,204-206"},
    )
    alb.set_targets_for_group(arn, [("10.0.0.1", 8080)])
    for key, value in {
        "deregistration_delay.timeout_seconds": 15,
        "load_balancing.algorithm.type": "least_outstanding_requests",
    }.items():
        alb._modify_tg_attrs({"TargetGroupArn": arn} | attribute(key, value))
    assert state.target_groups(alb) == (
        TargetGroup(
            arn=arn,
            targets=(Target("10.0.0.1", 8080),),
            check=HealthCheck(
                path="/readyz",
                interval=5,
                timeout=4,
                healthy_threshold=2,
                unhealthy_threshold=3,
                statuses=frozenset({200, 204, 205, 206}),
            ),
            drain_seconds=15,
            least_outstanding=True,
        ),
    )


def test_what_nobody_set_has_the_defaults_of_aws() -> None:
    group(HealthCheckEnabled="false")
    (found,) = state.target_groups(alb)
    assert (found.check, found.drain_seconds, found.least_outstanding) == (None, 300, False)


def test_listeners_are_read_with_their_actions() -> None:
    arn = group()
    redirect = {
        "DefaultActions.member.1.Type": "redirect",
        "DefaultActions.member.1.RedirectConfig.StatusCode": "HTTP_301",
        "DefaultActions.member.1.RedirectConfig.Protocol": "HTTPS",
    }
    forward = {
        "DefaultActions.member.1.Type": "forward",
        "DefaultActions.member.1.TargetGroupArn": arn,
    }
    balancer(
        {"Port": "80", "Protocol": "HTTP"} | redirect,
        {"Port": "443", "Protocol": "HTTPS"} | forward,
    )
    (found,) = state.load_balancers(alb)
    assert found.listeners == (
        Listener(
            port=80,
            https=False,
            rules=(
                Rule(
                    priority=None,
                    action=Redirect(status=301, protocol="HTTPS", host=None, path=None),
                ),
            ),
        ),
        Listener(port=443, https=True, rules=(Rule(priority=None, action=Forward(arn)),)),
    )
    assert found.idle_seconds == 60


def test_rules_come_by_priority_and_the_default_last() -> None:
    balancer(
        {
            "Port": "80",
            "DefaultActions.member.1.Type": "fixed-response",
            "DefaultActions.member.1.FixedResponseConfig.StatusCode": "404",
        }
    )
    listener = next(iter(alb._listeners))
    for priority, field in ((20, "path-pattern"), (3, "host-header"), (7, "source-ip")):
        alb._create_rule(
            {
                "ListenerArn": listener,
                "Priority": str(priority),
                "Conditions.member.1.Field": field,
                "Conditions.member.1.Values.member.1": "x*",
                "Actions.member.1.Type": "fixed-response",
                "Actions.member.1.FixedResponseConfig.StatusCode": str(200 + priority),
                "Actions.member.1.FixedResponseConfig.MessageBody": "hello",
            }
        )
    (found,) = state.load_balancers(alb)
    (served,) = found.listeners
    answer = FixedResponse(status=203, content_type="text/plain", body="hello")
    # One about source addresses is not served: everybody comes from the same one here.
    assert [(rule.priority, rule.hosts, rule.paths) for rule in served.rules] == [
        (3, ("x*",), ()),
        (20, (), ("x*",)),
        (None, (), ()),
    ]
    assert served.rules[0].action == answer


@pytest.mark.parametrize("text", ["", "2xx", "200,,201"])
def test_a_matcher_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="names no status codes"):
        state.statuses(text)
