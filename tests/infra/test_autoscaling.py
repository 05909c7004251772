from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pulumi
import pytest

from ops.simulate.engine import CPU, REQUESTS
from ops.simulate.setups import planned
from tests.infra.planned import CEILING, FLOOR, TARGET
from tests.infra.recorder import Deployment, stack_config
from todo_infra import config
from todo_infra.capacity import plan_capacity

ACTION = "aws:appautoscaling/scheduledAction:ScheduledAction"
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
        "minCapacity": FLOOR,
        "maxCapacity": CEILING,
    }


def test_requests_are_counted_by_the_minute_and_by_this_target_group(prod: Deployment) -> None:
    configuration = tracking(prod, "todo-prod-requests")
    assert configuration["targetValue"] == TARGET * 60
    assert configuration["predefinedMetricSpecification"] == {
        "predefinedMetricType": "ALBRequestCountPerTarget",
        "resourceLabel": "app/todo-prod-alb/1/targetgroup/todo-prod-tg/2",
    }


@pytest.mark.parametrize(
    ("what", "metric", "target"), [("cpu", "CPU", 60), ("memory", "Memory", 75)]
)
def test_use_scales_what_the_request_count_does_not_show(
    prod: Deployment, what: str, metric: str, target: int
) -> None:
    configuration = tracking(prod, f"todo-prod-{what}")
    assert configuration["targetValue"] == target
    assert configuration["predefinedMetricSpecification"] == {
        "predefinedMetricType": f"ECSServiceAverage{metric}Utilization"
    }


def test_scaling_out_is_faster_than_scaling_in(prod: Deployment) -> None:
    for name in ("todo-prod-requests", "todo-prod-cpu", "todo-prod-memory"):
        configuration = tracking(prod, name)
        assert configuration["scaleOutCooldown"] == 30
        assert configuration["scaleInCooldown"] == 300
        assert "disableScaleIn" not in configuration


def test_what_is_simulated_is_what_is_registered(prod: Deployment) -> None:
    now = datetime.now(UTC)
    plan = plan_capacity(config.parse(stack_config("prod")), now)
    simulated = planned(plan, now)
    for what, name in ((REQUESTS, "todo-prod-requests"), (CPU, "todo-prod-cpu")):
        registered, policy = tracking(prod, name), simulated.policies[what]
        assert registered["targetValue"] == policy.target
        assert registered["scaleOutCooldown"] == policy.scale_out_cooldown
        assert registered["scaleInCooldown"] == policy.scale_in_cooldown
    group = prod.one("aws:lb/targetGroup:TargetGroup").inputs
    assert group["healthCheck"]["interval"] == simulated.delays.health_check
    assert group["deregistrationDelay"] == simulated.delays.deregistration
    bounds = prod.one("aws:appautoscaling/target:Target").inputs
    assert (bounds["minCapacity"], bounds["maxCapacity"]) == (simulated.minimum, simulated.maximum)


def event(begins: datetime, ends: datetime) -> dict[str, Any]:
    form = "%Y-%m-%dT%H:%MZ"
    return {"name": "sale", "from": f"{begins:{form}}", "until": f"{ends:{form}}"} | {
        "peakRequestsPerSecond": 30 * TARGET
    }


def test_nothing_is_scheduled_without_an_event(prod: Deployment) -> None:
    assert prod.all(ACTION) == []


def test_an_event_raises_and_lowers_the_floor_once_each(deploy: Callable[..., Deployment]) -> None:
    begins, ends = datetime(2099, 1, 2, 6, tzinfo=UTC), datetime(2099, 1, 2, 18, tzinfo=UTC)
    deployment = deploy(capacity={"events": [event(begins, ends)]})
    for name, schedule, tasks in (
        ("todo-prod-sale-begins", "at(2099-01-02T05:50:00)", 30),
        ("todo-prod-sale-ends", "at(2099-01-02T18:00:00)", FLOOR),
    ):
        assert deployment.one(ACTION, name).inputs == {
            "serviceNamespace": "ecs",
            "scalableDimension": "ecs:service:DesiredCount",
            "resourceId": "service/todo-prod-cluster/todo-prod-service",
            "schedule": schedule,
            "timezone": "UTC",
            "scalableTargetAction": {"minCapacity": tasks},
        }


def test_a_deployment_during_an_event_keeps_its_tasks(deploy: Callable[..., Deployment]) -> None:
    now, hour = datetime.now(UTC), timedelta(hours=1)
    deployment = deploy(capacity={"events": [event(now - hour, now + hour)]})
    assert deployment.one("aws:appautoscaling/target:Target").inputs["minCapacity"] == 30
    assert [one.name for one in deployment.all(ACTION)] == ["todo-prod-sale-ends"]


def test_an_event_that_is_over_is_reported_and_not_registered(
    deploy: Callable[..., Deployment], monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(pulumi, "warn", lambda message, _resource: warnings.append(message))
    begins, ends = datetime(2020, 1, 2, 6, tzinfo=UTC), datetime(2020, 1, 2, 18, tzinfo=UTC)
    deployment = deploy(capacity={"events": [event(begins, ends)]})
    assert "The event sale is over: remove it from todo:capacity.events." in warnings
    assert deployment.all(ACTION) == []
    assert deployment.one("aws:appautoscaling/target:Target").inputs["minCapacity"] == FLOOR


def test_policies_see_the_plan_and_its_cost_on_the_component(prod: Deployment) -> None:
    inputs = prod.one("todo:index:Autoscaling").inputs
    assert inputs["minTasks"] == FLOOR
    assert inputs["maxTasks"] == CEILING
    assert inputs["peakRequestsPerSecond"] == 6000
    assert 0 < inputs["monthlyCostUsd"] < inputs["ceilingMonthlyCostUsd"]


def test_a_region_without_prices_has_no_cost_and_says_so(
    deploy: Callable[..., Deployment], monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(pulumi, "warn", lambda message, _resource: warnings.append(message))
    monkeypatch.setattr("todo_infra.capacity.plan.load_prices", lambda _region: None)
    inputs = deploy().one("todo:index:Autoscaling").inputs
    assert not {"monthlyCostUsd", "ceilingMonthlyCostUsd"} & set(inputs)
    assert warnings == ["No estimate of costs: data/prices.json has no prices for eu-west-1."]


def test_what_somebody_has_to_do_is_told_at_every_preview(
    deploy: Callable[..., Deployment], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(pulumi, "info", lambda message, _resource: told.append(message))
    begins, ends = datetime(2099, 1, 2, 6, tzinfo=UTC), datetime(2099, 1, 2, 18, tzinfo=UTC)
    deploy(capacity={"events": [event(begins, ends)]})
    assert told[0].startswith("Event sale: traffic more than doubles at once. Deploy between")
