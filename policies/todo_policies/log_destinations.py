"""Where logs go: to a place of this stack that keeps them, and that nobody else writes to."""

from collections.abc import Iterator, Sequence

from pulumi_policy import PolicyResource, Severity

from todo_policies.containers import DEFINITIONS, containers
from todo_policies.graph import linked, of_type
from todo_policies.reading import known
from todo_policies.resource_types import (
    BUCKET,
    FLOW_LOG,
    INSTANCE,
    LOAD_BALANCER,
    LOG_GROUP,
    TASK_DEFINITION,
    TRAIL_COMPONENT,
    WEB_ACL_LOG,
)
from todo_policies.rule import Rule, StackRule

__all__ = ["LOG_DESTINATION_KEPT", "RULES"]

_DESTINATIONS = {
    FLOW_LOG: "logDestination",
    WEB_ACL_LOG: "logDestinationConfigs",
    LOAD_BALANCER: "accessLogs",
}
_KEPT = {LOG_GROUP, BUCKET}


def _elsewhere(writer: PolicyResource, stack: Sequence[PolicyResource]) -> Iterator[str]:
    if writer.resource_type in _DESTINATIONS:
        yield from _destination(writer, stack)
        return
    names = {known(group.props, "name") for group in of_type(stack, LOG_GROUP)}
    for name in _names(writer):
        # While a group's name is unknown, so is the one of the server that it is made from.
        if name not in names:
            yield f"it logs to {name}, which is no log group of this stack."


def _destination(writer: PolicyResource, stack: Sequence[PolicyResource]) -> Iterator[str]:
    key = _DESTINATIONS[writer.resource_type]
    if writer.resource_type == LOAD_BALANCER:
        logs = known(writer.props, key) or {}
        if logs.get("enabled") is not True:
            return  # load-balancer-access-logs says so
    found = linked(writer, key, _KEPT, stack)
    if not found:
        yield f"{key} is no log group and no bucket of this stack."
    for place in found:
        others = [one.name for one in _writers(place, stack) if one.urn != writer.urn]
        if others:
            yield f"{key} is {place.name}, where {', '.join(sorted(others))} writes, too."


def _writers(place: PolicyResource, stack: Sequence[PolicyResource]) -> Iterator[PolicyResource]:
    """Yield everything that writes to a place."""
    for type_, key in _DESTINATIONS.items():
        yield from (one for one in of_type(stack, type_) if place in linked(one, key, _KEPT, stack))
    for trail in of_type(stack, TRAIL_COMPONENT):
        if place in trail.property_dependencies.get("s3Bucket", []):
            yield trail
    name = known(place.props, "name")
    for type_ in (TASK_DEFINITION, INSTANCE):
        yield from (one for one in of_type(stack, type_) if name and name in _names(one))


def _names(writer: PolicyResource) -> set[str]:
    """The names of the log groups that a database or a task writes to, as far as known."""
    if writer.resource_type == INSTANCE:
        identifier = known(writer.props, "identifier")
        logs = known(writer.props, "enabledCloudwatchLogsExports") or ()
        return {f"/aws/rds/instance/{identifier}/{log}" for log in logs if identifier}
    if known(writer.props, DEFINITIONS) is None:
        return set()  # the update judges it; its log group has the same constant name
    logs = [one.definition.get("logConfiguration") or {} for one in containers(writer)]
    groups = ((one.get("options") or {}).get("awslogs-group") for one in logs)
    return {str(group) for group in groups if group}


LOG_DESTINATION_KEPT = StackRule(
    name="log-destination-kept",
    severity=Severity.MEDIUM,
    why="Logs go to a log group or a bucket of this stack, each to its own: AWS makes what it does "
    "not find, without an end and without our key.",
    fix="Make a log group of that name with retention_in_days and kms_key_id, and name it.",
    controls=(),
    resource_types=frozenset({*_DESTINATIONS, TASK_DEFINITION, INSTANCE}),
    check=_elsewhere,
)

RULES: tuple[Rule, ...] = (LOG_DESTINATION_KEPT,)
