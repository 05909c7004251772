"""Where a load balancer sends requests: to targets that answer a check of their own."""

from collections.abc import Iterator
from dataclasses import dataclass

from pulumi_policy import Severity

from todo_policies.parameters import parameter
from todo_policies.reading import is_set, shown
from todo_policies.resource_types import TARGET_GROUP
from todo_policies.rule import ResourceRule, Rule, Subject

__all__ = ["RULES", "TARGET_GROUP_HEALTH_CHECKS"]


@dataclass(frozen=True, kw_only=True)
class _Targets:
    protocols: tuple[str, ...] = parameter(
        ("HTTP", "HTTPS"), "How load balancers talk to targets, and check them."
    )
    max_seconds: int = parameter(
        60, "Until a target that fails gets no more requests: interval times threshold.", minimum=5
    )


def _unchecked(group: Subject, parameters: _Targets) -> Iterator[str]:
    check = group.props.get("healthCheck") or {}
    for what, value in (
        ("protocol", group.props.get("protocol")),
        ("healthCheck.protocol", check.get("protocol", group.props.get("protocol"))),
    ):
        if value not in parameters.protocols:
            yield f"{what} is {shown(value)}; allowed: {', '.join(parameters.protocols)}."
    if not check or check.get("enabled") is False:
        yield "its targets are not checked."
    elif not is_set(check, "path"):
        yield "healthCheck.path is not set, so the check asks for /, which says nothing."
    # What AWS takes without being told.
    seconds = int(check.get("interval") or 30) * int(check.get("unhealthyThreshold") or 2)
    if seconds > parameters.max_seconds:
        yield f"a target that fails is noticed after {seconds} s; {parameters.max_seconds} allowed."


TARGET_GROUP_HEALTH_CHECKS = ResourceRule(
    name="target-group-health-checks",
    severity=Severity.MEDIUM,
    why="A target gets requests only while a check of its own, over an allowed protocol, succeeds.",
    fix="Give the target group a health_check with a path, and keep interval times "
    "unhealthy_threshold short.",
    controls=(),
    parameters=_Targets(),
    resource_types=frozenset({TARGET_GROUP}),
    check=_unchecked,
)

RULES: tuple[Rule, ...] = (TARGET_GROUP_HEALTH_CHECKS,)
