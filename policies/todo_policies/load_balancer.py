"""The way in from outside: encrypted, checked, and on record."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_policy import PolicyResource, Severity

from todo_policies.graph import linked
from todo_policies.parameters import parameter
from todo_policies.reading import is_set, shown
from todo_policies.resource_types import LISTENER, LISTENER_RULE, LOAD_BALANCER
from todo_policies.rule import ResourceRule, Rule, StackRule, Subject

__all__ = [
    "LISTENERS_USE_HTTPS",
    "LISTENER_RULES_USE_HTTPS",
    "LISTENER_TLS_POLICY",
    "LOAD_BALANCER_ACCESS_LOGS",
    "LOAD_BALANCER_DELETION_PROTECTION",
    "LOAD_BALANCER_HARDENED",
    "RULES",
]

_ENCRYPTED = {"HTTPS", "TLS"}
_PERMANENT_OR_NOT = {"HTTP_301", "HTTP_302"}


@dataclass(frozen=True, kw_only=True)
class _Listeners:
    allow_plain_http: bool = parameter(False, "Let listeners serve over plain HTTP.")


def _plain_listeners(listener: Subject, parameters: _Listeners) -> Iterator[str]:
    protocol = listener.props.get("protocol")
    if protocol in _ENCRYPTED:
        if not is_set(listener.props, "certificateArn"):
            yield f"it speaks {protocol}, but certificateArn is not set."
    elif protocol != "HTTP":
        yield f"protocol is {shown(protocol)}."
    elif not parameters.allow_plain_http:
        actions = listener.props.get("defaultActions") or ()
        if not actions or not all(map(_redirects_to_https, actions)):
            yield "it answers over plain HTTP, and does not only redirect to HTTPS."


def _redirects_to_https(action: Mapping[str, Any]) -> bool:
    redirect = action.get("redirect") or {}
    return (
        action.get("type") == "redirect"
        and redirect.get("protocol") == "HTTPS"
        and redirect.get("statusCode") in _PERMANENT_OR_NOT
    )


LISTENERS_USE_HTTPS = ResourceRule(
    name="listeners-use-https",
    severity=Severity.CRITICAL,
    why="Listeners speak HTTPS with a certificate; one for HTTP does nothing but redirect there.",
    fix="Give the stack a certificate (todo:loadBalancer.certificateArn or domain) and remove "
    "allowPlainHttp.",
    controls=("ELB.1", "ELB.18"),
    parameters=_Listeners(),
    resource_types=frozenset({LISTENER}),
    check=_plain_listeners,
)


def _plain_detours(
    rule: PolicyResource, stack: Sequence[PolicyResource], parameters: _Listeners
) -> Iterator[str]:
    if parameters.allow_plain_http or all(
        map(_redirects_to_https, rule.props.get("actions") or ())
    ):
        return
    listeners = linked(rule, "listenerArn", {LISTENER}, stack)
    if not listeners:
        yield "its listener is not in this stack, so nothing says that it speaks HTTPS."
    for listener in listeners:
        if listener.props.get("protocol") not in _ENCRYPTED:
            yield f"it answers over plain HTTP, by {listener.name}."


LISTENER_RULES_USE_HTTPS = StackRule(
    name="listener-rules-use-https",
    severity=Severity.CRITICAL,
    why="No rule of a listener leads round the redirect to HTTPS.",
    fix="Give the rule to the HTTPS listener.",
    controls=("ELB.1",),
    parameters=_Listeners(),
    resource_types=frozenset({LISTENER_RULE}),
    check=_plain_detours,
)


@dataclass(frozen=True, kw_only=True)
class _TlsPolicies:
    allowed: tuple[str, ...] = parameter(
        (
            "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
            "ELBSecurityPolicy-TLS13-1-3-PQ-2025-09",
            "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
            "ELBSecurityPolicy-TLS13-1-3-2021-06",
        ),
        "Names of the TLS policies that listeners may have.",
    )


def _old_tls(listener: Subject, parameters: _TlsPolicies) -> Iterator[str]:
    if listener.props.get("protocol") not in _ENCRYPTED:
        return
    policy = listener.props.get("sslPolicy")
    if policy not in parameters.allowed:
        yield f"sslPolicy is {shown(policy)}; allowed: {', '.join(parameters.allowed)}."


LISTENER_TLS_POLICY = ResourceRule(
    name="listener-tls-policy",
    severity=Severity.HIGH,
    why="Listeners name a current TLS policy: the one that AWS takes without being told is of 2016 "
    "and accepts TLS 1.0.",
    fix="Set ssl_policy to ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09.",
    controls=("ELB.17",),
    parameters=_TlsPolicies(),
    resource_types=frozenset({LISTENER}),
    check=_old_tls,
)

_HARDENED: Mapping[str, tuple[object, ...]] = {
    "dropInvalidHeaderFields": (True,),
    "desyncMitigationMode": ("defensive", "strictest"),
    # Absent is AWS's default, which is the safe one.
    "enableWafFailOpen": (False, None),
    "xffHeaderProcessingMode": ("append", None),
    "loadBalancerType": ("application", None),
}


@dataclass(frozen=True, kw_only=True)
class _Zones:
    min_zones: int = parameter(2, "Least number of subnets, each of another zone.", minimum=1)


def _soft(balancer: Subject, parameters: _Zones) -> Iterator[str]:
    for key, allowed in _HARDENED.items():
        value = balancer.props.get(key)
        if value not in allowed:
            options = " or ".join(shown(one) for one in allowed if one is not None)
            yield f"{key} is {shown(value)}; it has to be {options}."
    zones = balancer.props.get("subnets") or balancer.props.get("subnetMappings") or ()
    if len(zones) < parameters.min_zones:
        yield f"it is in {len(zones)} subnets; at least {parameters.min_zones} are needed."


LOAD_BALANCER_HARDENED = ResourceRule(
    name="load-balancer-hardened",
    severity=Severity.HIGH,
    why="Load balancers drop headers that two servers could read in two ways, do not go round "
    "their firewall, pass on who asks, and outlive a zone.",
    fix="Set drop_invalid_header_fields=True, desync_mitigation_mode to defensive or strictest, "
    "enable_waf_fail_open=False, xff_header_processing_mode to append, and subnets of two zones.",
    controls=("ELB.4", "ELB.12", "ELB.13"),
    parameters=_Zones(),
    resource_types=frozenset({LOAD_BALANCER}),
    check=_soft,
)


def _deletable(balancer: Subject) -> Iterator[str]:
    protected = balancer.props.get("enableDeletionProtection")
    if protected is not True:
        yield f"enableDeletionProtection is {shown(protected)}."


LOAD_BALANCER_DELETION_PROTECTION = ResourceRule(
    name="load-balancer-deletion-protection",
    severity=Severity.MEDIUM,
    why="Load balancers are not deleted by mistake: their address is what people know.",
    fix="Set todo:loadBalancer.deletionProtection to true.",
    controls=("ELB.6",),
    resource_types=frozenset({LOAD_BALANCER}),
    check=_deletable,
)


def _unlogged(balancer: Subject) -> Iterator[str]:
    logs = balancer.props.get("accessLogs") or {}
    if logs.get("enabled") is not True:
        yield f"accessLogs.enabled is {shown(logs.get('enabled'))}."
    elif not is_set(logs, "bucket"):
        yield "accessLogs.bucket is not set."


LOAD_BALANCER_ACCESS_LOGS = ResourceRule(
    name="load-balancer-access-logs",
    severity=Severity.MEDIUM,
    why="Every request leaves a line in a bucket: after an incident there is nothing else to read.",
    fix="Set todo:loadBalancer.accessLogs to true.",
    controls=("ELB.5",),
    resource_types=frozenset({LOAD_BALANCER}),
    check=_unlogged,
)


RULES: tuple[Rule, ...] = (
    LISTENERS_USE_HTTPS,
    LISTENER_RULES_USE_HTTPS,
    LISTENER_TLS_POLICY,
    LOAD_BALANCER_HARDENED,
    LOAD_BALANCER_DELETION_PROTECTION,
    LOAD_BALANCER_ACCESS_LOGS,
)
