from __future__ import annotations

import copy
from typing import Any

import boto3
import pytest

from local.workspace import Workspace
from ops.errors import OpsError
from ops.rehearse.stage import Counts, Stage

SERVICE = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/todo/app",
    "ScalableDimension": "ecs:service:DesiredCount",
}
POLICY = SERVICE | {
    "PolicyName": "requests",
    "PolicyType": "TargetTrackingScaling",
    "PolicyARN": "arn:aws:autoscaling:…",
    "TargetTrackingScalingPolicyConfiguration": {
        "TargetValue": 9180.0,
        "ScaleOutCooldown": 30,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ALBRequestCountPerTarget"},
    },
}


class Account:
    """Every service of AWS that is asked, as one client."""

    def __init__(self) -> None:
        self.targets = [SERVICE | {"MinCapacity": 2, "MaxCapacity": 4}]
        self.policies: list[dict[str, Any]] = [copy.deepcopy(POLICY)]
        self.parameters: dict[str, str] = {}
        self.desired = 3

    def describe_scalable_targets(self, **_: str) -> dict[str, Any]:
        return {"ScalableTargets": self.targets}

    def describe_scaling_policies(self, **_: str) -> dict[str, Any]:
        return {"ScalingPolicies": copy.deepcopy(self.policies)}

    def put_scaling_policy(self, **policy: Any) -> None:  # noqa: ANN401
        assert "PolicyARN" not in policy, "AWS does not take it"
        self.policies = [self.policies[0] | policy]

    def put_parameter(self, **parameter: Any) -> None:  # noqa: ANN401
        self.parameters[parameter["Name"]] = parameter["Value"]

    def delete_parameters(self, *, Names: list[str]) -> None:  # noqa: N803 - AWS's
        for name in Names:
            self.parameters.pop(name, None)

    def update_service(self, **request: Any) -> None:  # noqa: ANN401
        self.desired = request["desiredCount"]

    def describe_services(self, **_: object) -> dict[str, Any]:
        balancers = [{"targetGroupArn": "arn"}]
        return {"services": [{"desiredCount": self.desired, "loadBalancers": balancers}]}

    def describe_target_health(self, **_: str) -> dict[str, Any]:
        states = ("healthy", "initial", "healthy", "unhealthy")
        return {"TargetHealthDescriptions": [{"TargetHealth": {"State": s}} for s in states]}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    made = Account()

    def client(service: str, *, endpoint_url: str, **_: str) -> Account:
        assert endpoint_url.startswith("http://localhost:"), service
        return made

    monkeypatch.setattr(boto3, "client", client)
    return made


def target_value(account: Account) -> float:
    value: float = account.policies[0]["TargetTrackingScalingPolicyConfiguration"]["TargetValue"]
    return value


def test_a_rehearsal_lowers_the_target_and_shortens_the_minutes(account: Account) -> None:
    stage = Stage(Workspace())
    assert stage.scaling().requests == 153
    with stage.rehearsing(22.9, 6) as scaling:
        assert target_value(account) == 1374
        assert account.parameters == {"/todo-local/scaling-seconds-per-minute": "6"}
        assert account.desired == 2
        assert scaling.requests == 22.9
        assert scaling.policies["ALBRequestCountPerTarget"].scale_out_cooldown == 30
    assert account.policies == [POLICY]
    assert account.parameters == {}


def test_whatever_ends_it_everything_is_as_before(account: Account) -> None:
    with pytest.raises(KeyboardInterrupt), Stage(Workspace()).rehearsing(22.9, 6):
        raise KeyboardInterrupt
    assert account.policies == [POLICY]
    assert account.parameters == {}


def test_only_tasks_that_are_well_serve(account: Account) -> None:
    assert Stage(Workspace()).counts() == Counts(desired=3, serving=2)
    assert account.desired == 3


def test_a_system_that_does_not_scale_by_requests_is_refused(account: Account) -> None:
    account.policies = []
    with pytest.raises(OpsError, match=r"1 scalable services, and policies for nothing; .*make up"):
        Stage(Workspace())
    account.targets = []
    with pytest.raises(OpsError, match="0 scalable services"):
        Stage(Workspace())
