"""What stands ready: autoscaling as it was planned, and alarms that are quiet and tell somebody."""

from collections.abc import Iterator, Mapping
from typing import Any

from ops.verify.deployed import Deployed
from ops.verify.lines import Line, failed, passed, skipped

__all__ = ["alarm_lines", "scaling_lines"]

_TARGET = "aws:appautoscaling/target:Target"
_POLICY = "aws:appautoscaling/policy:Policy"
_EVENT = "aws:appautoscaling/scheduledAction:ScheduledAction"
_ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
_CONFIGURATION = "targetTrackingScalingPolicyConfiguration"
_BATCH = 100

Json = Mapping[str, Any]


def scaling_lines(deployed: Deployed, autoscaling: Any) -> Iterator[Line]:  # noqa: ANN401 - boto3's
    """Say whether the service scales as it was planned."""
    planned = deployed.one(_TARGET)
    which = {"ServiceNamespace": "ecs", "ResourceId": planned["resourceId"]}
    found = autoscaling.describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[planned["resourceId"]]
    )["ScalableTargets"]
    if not found:
        yield failed("scaling", "autoscaling does not know the service: nothing adds a task")
        return
    yield _limits(deployed, found[0])
    policies = autoscaling.describe_scaling_policies(**which)["ScalingPolicies"]
    yield _policies(deployed, {one["PolicyName"]: one for one in policies})
    events = autoscaling.describe_scheduled_actions(**which)["ScheduledActions"]
    yield _events(deployed, {one["ScheduledActionName"] for one in events})


def _limits(deployed: Deployed, target: Json) -> Line:
    planned = deployed.one(_TARGET)
    # An event raises the floor, and lowers it again, without a deployment.
    floors = {int(planned["minCapacity"])} | {
        int(action["scalableTargetAction"]["minCapacity"])
        for action in deployed.all(_EVENT)
        if action["scalableTargetAction"].get("minCapacity") is not None
    }
    low, high = target["MinCapacity"], target["MaxCapacity"]
    suspended = [key for key, value in target.get("SuspendedState", {}).items() if value]
    if low not in floors or high != int(planned["maxCapacity"]):
        expected = f"{int(planned['minCapacity'])} to {int(planned['maxCapacity'])}"
        return failed("scaling", f"{low} to {high} tasks, planned are {expected}")
    if suspended:
        return failed("scaling", f"{low} to {high} tasks, but suspended: {', '.join(suspended)}")
    return passed("scaling", f"{low} to {high} tasks, as planned")


def _policies(deployed: Deployed, registered: Mapping[str, Json]) -> Line:
    planned = deployed.all(_POLICY)
    wrong = []
    for policy in planned:
        wanted = policy[_CONFIGURATION]["targetValue"]
        found = registered.get(policy["name"])
        if found is None:
            wrong.append(f"{policy['name']} is gone")
        elif (value := found["TargetTrackingScalingPolicyConfiguration"]["TargetValue"]) != wanted:
            wrong.append(f"{policy['name']} aims at {value:g}, planned is {wanted:g}")
    strange = sorted(registered.keys() - {policy["name"] for policy in planned})
    wrong += [f"{name} is nobody's" for name in strange]
    if wrong or not planned:
        return failed("scaling rules", "; ".join(wrong) or "the stack has none")
    return passed("scaling rules", f"{len(planned)} are registered as planned")


def _events(deployed: Deployed, registered: set[str]) -> Line:
    planned = {str(action["name"]) for action in deployed.all(_EVENT)}
    if not planned:
        return skipped("scaling events", "none is planned")
    # AWS removes an action once it was done, or some time after: only Pulumi knows of it then.
    if gone := sorted(planned - registered):
        return skipped("scaling events", f"over, or removed: {', '.join(gone)}")
    return passed("scaling events", f"{len(planned)} are registered")


def alarm_lines(deployed: Deployed, cloudwatch: Any) -> Iterator[Line]:  # noqa: ANN401 - boto3's
    """Say whether an alarm is on, is missing, or would tell nobody."""
    names = [str(alarm["name"]) for alarm in deployed.all(_ALARM)]
    if not names:
        yield skipped("alarms", "the stack has none (todo:observability.alarms)")
        return
    found: dict[str, Json] = {}
    for start in range(0, len(names), _BATCH):
        batch = names[start : start + _BATCH]
        pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNames=batch)
        found |= {one["AlarmName"]: one for page in pages for one in page["MetricAlarms"]}
    wrong = [f"{name} is gone" for name in names if name not in found]
    wrong += [
        f"{name}: {one.get('StateReason', 'no reason')}"
        for name, one in found.items()
        if one["StateValue"] == "ALARM"
    ]
    wrong += [f"{name} tells nobody" for name, one in found.items() if not one["ActionsEnabled"]]
    if wrong:
        yield failed("alarms", "; ".join(wrong))
        return
    new = sum(one["StateValue"] == "INSUFFICIENT_DATA" for one in found.values())
    yield passed(
        "alarms", f"none of {len(names)} is on" + (f"; {new} have no data yet" if new else "")
    )
