"""The firewall before a load balancer: it is there, refuses something, and says so."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_policy import PolicyResource, Severity

from todo_policies.graph import users
from todo_policies.parameters import parameter
from todo_policies.reading import is_set, shown
from todo_policies.resource_types import (
    LOAD_BALANCER,
    WEB_ACL,
    WEB_ACL_ASSOCIATION,
    WEB_ACL_LOG,
)
from todo_policies.rule import ResourceRule, Rule, StackRule, Subject

__all__ = [
    "FIREWALL_IN_PLACE",
    "FIREWALL_LOG_REDACTED",
    "FIREWALL_RULES",
    "RULES",
]


@dataclass(frozen=True, kw_only=True)
class _Places:
    log: bool = parameter(True, "Whether a firewall has to log what it refuses.")


def _missing(
    resource: PolicyResource, stack: Sequence[PolicyResource], parameters: _Places
) -> Iterator[str]:
    if resource.resource_type == LOAD_BALANCER:
        associations = users(resource, "resourceArn", WEB_ACL_ASSOCIATION, stack)
        if not any(is_set(one.props, "webAclArn") for one in associations):
            yield "no web ACL is associated with it."
    elif parameters.log and not users(resource, "resourceArn", WEB_ACL_LOG, stack):
        yield "it has no logging configuration."


FIREWALL_IN_PLACE = StackRule(
    name="firewall-in-place",
    severity=Severity.HIGH,
    why="Every load balancer stands behind a firewall, which logs what it refuses.",
    fix="Set todo:loadBalancer.waf and wafLog to true.",
    controls=("ELB.16",),
    parameters=_Places(),
    resource_types=frozenset({LOAD_BALANCER, WEB_ACL}),
    check=_missing,
)


@dataclass(frozen=True, kw_only=True)
class _Rules:
    managed_groups: tuple[str, ...] = parameter(
        (
            "AWSManagedRulesAmazonIpReputationList",
            "AWSManagedRulesKnownBadInputsRuleSet",
            "AWSManagedRulesCommonRuleSet",
            "AWSManagedRulesSQLiRuleSet",
        ),
        "AWS's groups of rules that every firewall has.",
    )
    max_rate: int = parameter(
        20_000, "How often one address may ask in five minutes at most.", minimum=100
    )
    max_counted: int = parameter(
        4, "How many rules of one group may count only, instead of refusing.", minimum=0
    )


def _toothless(acl: Subject, parameters: _Rules) -> Iterator[str]:
    action = acl.props.get("defaultAction") or {}
    if ("allow" in action) == ("block" in action):
        yield "defaultAction has to be either allow or block."
    if not (acl.props.get("visibilityConfig") or {}).get("cloudwatchMetricsEnabled"):
        yield "visibilityConfig.cloudwatchMetricsEnabled is not True."
    rules = acl.props.get("rules") or ()
    groups = {group for rule in rules if (group := _managed_group(rule))}
    for name in parameters.managed_groups:
        if name not in groups:
            yield f"it has no rule with AWS's group {name}."
    if not any(_limits_a_rate(rule, parameters.max_rate) for rule in rules):
        most = parameters.max_rate
        yield f"no rule blocks an address after {most} requests or fewer, whatever they are for."
    for rule in rules:
        yield from _only_counting(rule, parameters)
        yield from _leaving_out(rule, parameters)
    yield from _letting_past(rules, parameters)


def _statement(rule: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    return (rule.get("statement") or {}).get(kind) or {}


def _managed_group(rule: Mapping[str, Any]) -> str | None:
    group = _statement(rule, "managedRuleGroupStatement")
    return group.get("name") if group.get("vendorName") == "AWS" else None


def _limits_a_rate(rule: Mapping[str, Any], highest: int) -> bool:
    statement = _statement(rule, "rateBasedStatement")
    # By the address itself: what a header says of it is a claim.
    return (
        0 < (statement.get("limit") or 0) <= highest
        and statement.get("aggregateKeyType") == "IP"
        and "block" in (rule.get("action") or {})
        and not statement.get("scopeDownStatement")
    )


def _only_counting(rule: Mapping[str, Any], parameters: _Rules) -> Iterator[str]:
    name = shown(rule.get("name"))
    if _managed_group(rule) and "none" not in (rule.get("overrideAction") or {}):
        yield f"overrideAction of {name} is not none, so its group only counts."
    overrides = _statement(rule, "managedRuleGroupStatement").get("ruleActionOverrides") or ()
    counted = [one for one in overrides if "block" not in (one.get("actionToUse") or {})]
    if len(counted) > parameters.max_counted:
        yield (
            f"{len(counted)} rules of {name} do not refuse; {parameters.max_counted} are allowed."
        )


def _leaving_out(rule: Mapping[str, Any], parameters: _Rules) -> Iterator[str]:
    name = shown(rule.get("name"))
    group = _statement(rule, "managedRuleGroupStatement")
    if _managed_group(rule) in parameters.managed_groups and group.get("scopeDownStatement"):
        yield f"{name} has a scopeDownStatement, so its group sees some requests only."
    for one in group.get("ruleActionOverrides") or ():
        if "allow" in (one.get("actionToUse") or {}):
            yield f"{name} allows what {shown(one.get('name'))} finds, past all rules behind it."


def _letting_past(rules: Sequence[Mapping[str, Any]], parameters: _Rules) -> Iterator[str]:
    """An action that allows ends the firewall's work, so that it belongs behind what refuses."""
    refusing = [
        rule["priority"]
        for rule in rules
        if _managed_group(rule) in parameters.managed_groups
        or _limits_a_rate(rule, parameters.max_rate)
    ]
    for rule in rules:
        # The rules of another group may allow, too, and nothing here shows them.
        allows = "allow" in (rule.get("action") or {})
        refers = _statement(rule, "ruleGroupReferenceStatement")
        if (allows or refers) and rule["priority"] < max(refusing, default=0):
            what = "allows" if allows else "may allow, by a group of rules of its own,"
            yield f"{shown(rule.get('name'))} {what} requests before all rules have seen them."


FIREWALL_RULES = ResourceRule(
    name="firewall-rules",
    severity=Severity.HIGH,
    why="A firewall refuses known attacks by AWS's own rules, and addresses that ask too often.",
    fix="Leave the rules as todo_infra/firewall.py makes them; a rule that refuses what people "
    "write may count only, by its name, and one that allows stands behind those that refuse.",
    controls=("ELB.16",),
    parameters=_Rules(),
    resource_types=frozenset({WEB_ACL}),
    check=_toothless,
)


@dataclass(frozen=True, kw_only=True)
class _Secrets:
    headers: tuple[str, ...] = parameter(
        ("authorization", "cookie", "referer"), "Headers whose values are not logged."
    )
    path: bool = parameter(True, "Whether paths are not logged: a list's address is its key.")


def _telling(log: Subject, parameters: _Secrets) -> Iterator[str]:
    fields = log.props.get("redactedFields") or ()
    hidden = {str((field.get("singleHeader") or {}).get("name")).lower() for field in fields}
    for name in parameters.headers:
        if name not in hidden:
            yield f"redactedFields does not hold the header {name}."
    if parameters.path and not any("uriPath" in field for field in fields):
        yield "redactedFields does not hold uriPath."


FIREWALL_LOG_REDACTED = ResourceRule(
    name="firewall-log-redacted",
    severity=Severity.MEDIUM,
    why="What lets somebody into a list is in no log: its address in path and referrer, and "
    "cookies.",
    fix="Leave redacted_fields as todo_infra/firewall.py has it.",
    controls=(),
    parameters=_Secrets(),
    resource_types=frozenset({WEB_ACL_LOG}),
    check=_telling,
)

RULES: tuple[Rule, ...] = (
    FIREWALL_IN_PLACE,
    FIREWALL_RULES,
    FIREWALL_LOG_REDACTED,
)
