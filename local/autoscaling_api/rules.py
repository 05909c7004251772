"""AWS's rules that span several members of a request, and so are not in the service model."""

import re

from local.autoscaling_api.contract import ApiError, Request
from local.autoscaling_api.schedule import due_at

__all__ = ["check_capacity", "check_policy", "check_scheduled_action", "check_scope"]

_ECS_SERVICE = re.compile(r"service/[^/]+/[^/]+")
_LOAD_BALANCER_LABEL = re.compile(r"app/[^/]+/[0-9a-z]+/targetgroup/[^/]+/[0-9a-z]+")
_CONFIGURATION_OF_TYPE = {
    "StepScaling": "StepScalingPolicyConfiguration",
    "TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration",
    "PredictiveScaling": "PredictiveScalingPolicyConfiguration",
}


def _invalid(message: str) -> ApiError:
    return ApiError("ValidationException", message)


def check_scope(request: Request) -> None:
    """Refuse what is not an ECS service's desired count, as far as the request says."""
    namespace = request.get("ServiceNamespace", "ecs")
    if namespace != "ecs":
        raise _invalid(f"This local server knows only the namespace ecs, not {namespace}.")
    dimension = request.get("ScalableDimension")
    if dimension not in {None, "ecs:service:DesiredCount"}:
        raise _invalid(f"Unsupported scalable dimension for service namespace ecs: {dimension}")
    for resource_id in [request.get("ResourceId"), *request.get("ResourceIds", ())]:
        if resource_id is not None and not _ECS_SERVICE.fullmatch(resource_id):
            raise _invalid(
                f"Resource ID must be service/CLUSTER/SERVICE for namespace ecs: {resource_id}"
            )


def check_capacity(capacity: Request) -> None:
    """Refuse bounds that are negative or the wrong way round; either may be absent."""
    minimum, maximum = capacity.get("MinCapacity"), capacity.get("MaxCapacity")
    for name, value in (("MinCapacity", minimum), ("MaxCapacity", maximum)):
        if value is not None and value < 0:
            raise _invalid(f"{name} must not be negative: {value}")
    if minimum is not None and maximum is not None and minimum > maximum:
        raise _invalid(
            f"Maximum capacity ({maximum}) cannot be less than minimum capacity ({minimum})."
        )


def check_policy(policy: Request) -> None:
    """Refuse a policy without its type's configuration, or with a metric AWS would not find."""
    wanted = _CONFIGURATION_OF_TYPE[policy["PolicyType"]]
    given = {name for name in _CONFIGURATION_OF_TYPE.values() if name in policy}
    if given != {wanted}:
        raise _invalid(
            f"A {policy['PolicyType']} policy needs {wanted} and no other configuration."
        )
    if wanted != "TargetTrackingScalingPolicyConfiguration":
        return
    tracking = policy[wanted]
    predefined = tracking.get("PredefinedMetricSpecification")
    if (predefined is None) == ("CustomizedMetricSpecification" not in tracking):
        raise _invalid(
            "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification "
            "is needed."
        )
    if predefined and predefined["PredefinedMetricType"] == "ALBRequestCountPerTarget":
        label = predefined.get("ResourceLabel", "")
        if not _LOAD_BALANCER_LABEL.fullmatch(label):
            raise _invalid(
                "ALBRequestCountPerTarget needs a ResourceLabel of the form "
                f"app/NAME/ID/targetgroup/NAME/ID: {label!r}"
            )


def check_scheduled_action(action: Request) -> None:
    """Refuse an action without a readable schedule, or that would change nothing."""
    due_at(action.get("Schedule", ""), action.get("Timezone"))
    capacity = action.get("ScalableTargetAction", {})
    if not capacity:
        raise _invalid("ScalableTargetAction must set MinCapacity, MaxCapacity or both.")
    check_capacity(capacity)
