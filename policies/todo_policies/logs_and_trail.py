"""What is on record, for how long, and under which key."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_policy import PolicyResource, Severity

from todo_policies.graph import linked, of_type
from todo_policies.parameters import parameter
from todo_policies.reading import is_set, known, shown
from todo_policies.resource_types import (
    BUCKET,
    FLOW_LOG,
    LOG_GROUP,
    TARGET_GROUP,
    TRAIL,
    TRAIL_COMPONENT,
)
from todo_policies.rule import ResourceRule, Rule, StackRule, Subject

__all__ = [
    "FLOW_LOG_COMPLETE",
    "LOG_GROUP_KEPT",
    "NETWORK_LOGGED",
    "RULES",
    "TRAIL_COMPLETE",
    "TRAIL_KEPT",
]


@dataclass(frozen=True, kw_only=True)
class _Logs:
    min_days: int = parameter(30, "Least number of days that a line is kept.", minimum=1)
    customer_key: bool = parameter(True, "Whether a log needs a key of the stack's own.")


def _lost(group: Subject, parameters: _Logs) -> Iterator[str]:
    days = group.props.get("retentionInDays")
    if not days:
        yield "retentionInDays is not set, so lines are kept, and paid for, for ever."
    elif days < parameters.min_days:
        yield f"retentionInDays is {shown(days)}; at least {parameters.min_days} are needed."
    if parameters.customer_key and not is_set(group.props, "kmsKeyId"):
        yield "kmsKeyId is not set."


LOG_GROUP_KEPT = ResourceRule(
    name="log-group-kept",
    severity=Severity.MEDIUM,
    why="Logs are there when they are asked for, are deleted in time, and are under the stack's "
    "own key.",
    fix="Set retention_in_days (todo:logs.retentionDays) and kms_key_id.",
    controls=(),
    parameters=_Logs(),
    resource_types=frozenset({LOG_GROUP}),
    check=_lost,
)


def _partial(log: Subject) -> Iterator[str]:
    kind = log.props.get("trafficType")
    if kind != "ALL":
        yield f"trafficType is {shown(kind)}; it has to be ALL."
    if not is_set(log.props, "logDestination") and not is_set(log.props, "logGroupName"):
        yield "it goes nowhere: logDestination is not set."


FLOW_LOG_COMPLETE = ResourceRule(
    name="flow-log-complete",
    severity=Severity.MEDIUM,
    why="A flow log tells of every connection, of those that were refused as of those that were "
    "not.",
    fix="Set traffic_type='ALL' and log_destination.",
    controls=("EC2.6",),
    resource_types=frozenset({FLOW_LOG}),
    check=_partial,
)


def _unlogged(group: PolicyResource, stack: Sequence[PolicyResource]) -> Iterator[str]:
    network = group.props.get("vpcId")
    logged = {known(log.props, "vpcId") for log in of_type(stack, FLOW_LOG)}
    if network not in logged:
        yield f"its network {shown(network)} has no flow log in this stack."


NETWORK_LOGGED = StackRule(
    name="network-logged",
    severity=Severity.MEDIUM,
    why="The network that targets are in has a flow log: it alone shows who tried to reach what.",
    fix="Set todo:network.flowLogs to true; or, where the network's owner keeps one, waive this "
    "rule and say where.",
    controls=("EC2.6",),
    resource_types=frozenset({TARGET_GROUP}),
    check=_unlogged,
)

_MANAGEMENT = ("eventCategory", ["Management"])
_SWITCHES = ("isMultiRegionTrail", "enableLogFileValidation")


def _incomplete(trail: Subject) -> Iterator[str]:
    for key in _SWITCHES:
        if trail.props.get(key) is not True:
            yield f"{key} is {shown(trail.props.get(key))}."
    for key in ("enableLogging", "includeGlobalServiceEvents"):
        if trail.props.get(key) is False:
            yield f"{key} is False."
    if not is_set(trail.props, "kmsKeyId"):
        yield "kmsKeyId is not set."
    for selector in trail.props.get("eventSelectors") or ():
        yield from _omitted(selector)
    advanced = trail.props.get("advancedEventSelectors") or ()
    if advanced and not any(map(_takes_all_management, advanced)):
        yield "advancedEventSelectors leave out management events."


def _omitted(selector: Mapping[str, Any]) -> Iterator[str]:
    if selector.get("includeManagementEvents") is False:
        yield "an event selector leaves out management events."
    if left_out := selector.get("excludeManagementEventSources"):
        yield f"an event selector leaves out management events of {', '.join(left_out)}."
    if selector.get("readWriteType") not in (None, "All"):
        yield f"an event selector is for {selector.get('readWriteType')} only."


def _takes_all_management(selector: Mapping[str, Any]) -> bool:
    """Whether an advanced selector is for management events, and narrows them by nothing."""
    fields = selector.get("fieldSelectors") or ()
    return [(one.get("field"), list(one.get("equals") or ())) for one in fields] == [_MANAGEMENT]


TRAIL_COMPLETE = ResourceRule(
    name="trail-complete",
    severity=Severity.HIGH,
    why="The account's trail tells of all regions, cannot be changed unseen, and is encrypted.",
    fix="Set is_multi_region_trail, enable_log_file_validation and kms_key_id, and leave "
    "enable_logging on. A selector of events takes all that are of management.",
    controls=("CloudTrail.1", "CloudTrail.2", "CloudTrail.4"),
    resource_types=frozenset({TRAIL, TRAIL_COMPONENT}),
    check=_incomplete,
)


def _kept_elsewhere(trail: PolicyResource, stack: Sequence[PolicyResource]) -> Iterator[str]:
    if trail.resource_type == TRAIL:
        buckets = linked(trail, "s3BucketName", {BUCKET}, stack)
        # A trail that a component makes is given the bucket of the component.
        buckets = buckets or [b for b in _given_to(trail.parent) if b.resource_type == BUCKET]
    else:
        buckets = [b for b in _given_to(trail) if b.resource_type == BUCKET]
    if not buckets:
        yield "its bucket is not in this stack, so nothing vouches for it."


def _given_to(component: PolicyResource | None) -> Sequence[PolicyResource]:
    return component.property_dependencies.get("s3Bucket", []) if component else []


TRAIL_KEPT = StackRule(
    name="trail-kept",
    severity=Severity.HIGH,
    why="A trail writes into a bucket of this stack, which the rules about buckets lock.",
    fix="Give the trail a bucket as todo_infra/audit.py makes it.",
    controls=("CloudTrail.6",),
    resource_types=frozenset({TRAIL, TRAIL_COMPONENT}),
    check=_kept_elsewhere,
)

RULES: tuple[Rule, ...] = (
    LOG_GROUP_KEPT,
    FLOW_LOG_COMPLETE,
    NETWORK_LOGGED,
    TRAIL_COMPLETE,
    TRAIL_KEPT,
)
