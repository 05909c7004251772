"""Reads load balancers and target groups out of the emulator."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

from local.load_balancer.model import (
    Action,
    FixedResponse,
    Forward,
    HealthCheck,
    Listener,
    LoadBalancer,
    Redirect,
    Rule,
    Target,
    TargetGroup,
)

__all__ = ["load_balancers", "statuses", "target_groups"]

_Record = Mapping[str, Any]

_DRAIN_SECONDS = 300
"""AWS's default of deregistration_delay.timeout_seconds."""

_STATUSES = re.compile(r"([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?")

_IDLE_SECONDS = 60
"""AWS's default of idle_timeout.timeout_seconds."""


def target_groups(elbv2: ModuleType) -> tuple[TargetGroup, ...]:
    """The target groups of the account and region in scope."""
    return tuple(
        _target_group(
            arn, group, elbv2._targets.get(arn, []), _attributes(elbv2._tg_attrs.get(arn, []))
        )
        for arn, group in list(elbv2._tgs.items())
    )


def load_balancers(elbv2: ModuleType) -> tuple[LoadBalancer, ...]:
    """The load balancers of the account and region in scope, oldest first."""
    return tuple(
        LoadBalancer(
            name=record["LoadBalancerName"],
            dns_name=record["DNSName"],
            suffix=arn.partition(":loadbalancer/")[2],
            idle_seconds=int(
                _attributes(elbv2._lb_attrs.get(arn, [])).get(
                    "idle_timeout.timeout_seconds", _IDLE_SECONDS
                )
            ),
            listeners=tuple(_listeners(elbv2, arn)),
        )
        for arn, record in list(elbv2._lbs.items())
    )


def _attributes(pairs: Sequence[_Record]) -> dict[str, str]:
    return {pair["Key"]: pair["Value"] for pair in pairs}


def _target_group(
    arn: str, group: _Record, targets: Sequence[_Record], attributes: Mapping[str, str]
) -> TargetGroup:
    algorithm = attributes.get("load_balancing.algorithm.type", "round_robin")
    return TargetGroup(
        arn=arn,
        targets=tuple(Target(t["Id"], int(t.get("Port") or group["Port"])) for t in targets),
        check=_check(group) if group["HealthCheckEnabled"] else None,
        drain_seconds=int(attributes.get("deregistration_delay.timeout_seconds", _DRAIN_SECONDS)),
        least_outstanding=algorithm == "least_outstanding_requests",
    )


def _check(group: _Record) -> HealthCheck:
    return HealthCheck(
        path=group["HealthCheckPath"],
        interval=group["HealthCheckIntervalSeconds"],
        timeout=group["HealthCheckTimeoutSeconds"],
        healthy_threshold=group["HealthyThresholdCount"],
        unhealthy_threshold=group["UnhealthyThresholdCount"],
        statuses=statuses(group["Matcher"]["HttpCode"]),
    )


def statuses(matcher: str) -> frozenset[int]:
    """Read a matcher such as `200`, `200,202` or `200-299`.

    Raises:
        ValueError: if it is none.
    """
    found: set[int] = set()
    for part in matcher.split(","):
        matched = _STATUSES.fullmatch(part)
        if matched is None:
            raise ValueError(f"{matcher!r} names no status codes, such as 200, 200,202 or 200-299")
        first, last = matched.groups()
        found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)


def _listeners(elbv2: ModuleType, load_balancer: str) -> Iterator[Listener]:
    for arn, listener in list(elbv2._listeners.items()):
        if listener["LoadBalancerArn"] != load_balancer:
            continue
        rules = [rule for rule in list(elbv2._rules.values()) if rule["ListenerArn"] == arn]
        yield Listener(
            port=listener["Port"],
            https=listener["Protocol"] == "HTTPS",
            rules=tuple(sorted((rule for rule in map(_rule, rules) if rule), key=_order)),
        )


def _order(rule: Rule) -> tuple[bool, int]:
    return rule.priority is None, rule.priority or 0


def _rule(record: _Record) -> Rule | None:
    """Read a rule; one with a condition or an action that is not served here is left out."""
    actions = [action for action in map(_action, record["Actions"]) if action]
    conditions = {c["Field"]: tuple(c["Values"]) for c in record["Conditions"]}
    if not actions or not conditions.keys() <= {"host-header", "path-pattern"}:
        return None
    return Rule(
        priority=None if record["Priority"] == "default" else int(record["Priority"]),
        hosts=conditions.get("host-header", ()),
        paths=conditions.get("path-pattern", ()),
        action=actions[-1],
    )


def _action(record: _Record) -> Action | None:
    if record["Type"] == "forward":
        return Forward(record["TargetGroupArn"]) if "TargetGroupArn" in record else None
    if record["Type"] == "redirect":
        return _redirect(record["RedirectConfig"])
    if record["Type"] == "fixed-response":
        config = record["FixedResponseConfig"]
        return FixedResponse(
            status=int(config["StatusCode"]),
            content_type=config.get("ContentType") or "text/plain",
            body=config.get("MessageBody") or "",
        )
    return None


def _redirect(config: _Record) -> Redirect:
    def given(name: str, unchanged: str) -> str | None:
        value = config.get(name)
        return None if value in (None, "", unchanged) else str(value)

    return Redirect(
        status=301 if config.get("StatusCode") == "HTTP_301" else 302,
        protocol=given("Protocol", "#{protocol}"),
        host=given("Host", "#{host}"),
        path=given("Path", "/#{path}"),
    )
