from typing import Any

from tests.infra.recorder import Deployment

POLICY = "aws:appautoscaling/policy:Policy"


def tracking(deployment: Deployment, name: str) -> dict[str, Any]:
    inputs = deployment.one(POLICY, name).inputs
    configuration: dict[str, Any] = inputs["targetTrackingScalingPolicyConfiguration"]
    return configuration


def test_the_service_scales_within_the_teams_limits(prod: Deployment) -> None:
    assert prod.one("aws:appautoscaling/target:Target").inputs == {
        "serviceNamespace": "ecs",
        "scalableDimension": "ecs:service:DesiredCount",
        "resourceId": "service/todo-prod-cluster/todo-prod-service",
        "minCapacity": 2,
        "maxCapacity": 20,
    }


def test_requests_are_counted_by_the_minute_and_by_this_target_group(prod: Deployment) -> None:
    configuration = tracking(prod, "todo-prod-requests")
    assert configuration["targetValue"] == 100 * 60
    assert configuration["predefinedMetricSpecification"] == {
        "predefinedMetricType": "ALBRequestCountPerTarget",
        "resourceLabel": "app/todo-prod-alb/1/targetgroup/todo-prod-tg/2",
    }


def test_cpu_scales_what_the_request_count_does_not_show(prod: Deployment) -> None:
    configuration = tracking(prod, "todo-prod-cpu")
    assert configuration["targetValue"] == 60
    assert configuration["predefinedMetricSpecification"] == {
        "predefinedMetricType": "ECSServiceAverageCPUUtilization"
    }


def test_scaling_out_is_faster_than_scaling_in(prod: Deployment) -> None:
    for name in ("todo-prod-requests", "todo-prod-cpu"):
        configuration = tracking(prod, name)
        assert configuration["scaleOutCooldown"] < configuration["scaleInCooldown"]
