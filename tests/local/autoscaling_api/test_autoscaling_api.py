"""The server as a real AWS client sees it, over HTTP on loopback."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

Client = Any
Server = Callable[[], AbstractContextManager[str]]

SERVICE = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/todo/app",
    "ScalableDimension": "ecs:service:DesiredCount",
}
TARGET = SERVICE | {"MinCapacity": 2, "MaxCapacity": 8}
CPU = {
    "TargetValue": 60.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
}
CPU_POLICY = SERVICE | {
    "PolicyName": "cpu",
    "PolicyType": "TargetTrackingScaling",
    "TargetTrackingScalingPolicyConfiguration": CPU,
}
STEP_POLICY = SERVICE | {
    "PolicyName": "cpu",
    "StepScalingPolicyConfiguration": {
        "AdjustmentType": "ChangeInCapacity",
        "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 2}],
    },
}
LAUNCH = SERVICE | {
    "ScheduledActionName": "launch",
    "Schedule": "at(2027-01-10T08:00:00)",
    "ScalableTargetAction": {"MinCapacity": 20, "MaxCapacity": 40},
}


def refusal(call: Callable[..., object], **request: object) -> tuple[str, str]:
    with pytest.raises(ClientError) as raised:
        call(**request)
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


def targets(client: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.describe_scalable_targets(ServiceNamespace="ecs")[
        "ScalableTargets"
    ]
    return found


def test_a_provider_can_create_read_update_and_delete_in_its_order(client: Client) -> None:
    client.register_scalable_target(**TARGET)
    client.put_scaling_policy(**CPU_POLICY)
    client.put_scheduled_action(**LAUNCH)

    [target] = targets(client)
    assert target.items() >= TARGET.items()
    assert target["RoleARN"].endswith("AWSServiceRoleForApplicationAutoScaling_ECSService")
    arn = target["ScalableTargetARN"]
    assert client.list_tags_for_resource(ResourceARN=arn)["Tags"] == {}

    [policy] = client.describe_scaling_policies(**SERVICE, PolicyNames=["cpu"])["ScalingPolicies"]
    assert policy["TargetTrackingScalingPolicyConfiguration"] == CPU
    [action] = client.describe_scheduled_actions(**SERVICE)["ScheduledActions"]
    assert action["ScalableTargetAction"] == LAUNCH["ScalableTargetAction"]

    client.register_scalable_target(**SERVICE, MaxCapacity=12)
    assert [(t["MinCapacity"], t["MaxCapacity"]) for t in targets(client)] == [(2, 12)]
    assert targets(client)[0]["ScalableTargetARN"] == arn

    client.delete_scheduled_action(**SERVICE, ScheduledActionName="launch")
    client.delete_scaling_policy(**SERVICE, PolicyName="cpu")
    client.deregister_scalable_target(**SERVICE)
    assert targets(client) == []


def test_a_restart_keeps_everything(
    running_server: Server, client_of: Callable[[str], Client]
) -> None:
    with running_server() as url:
        before = client_of(url)
        before.register_scalable_target(**TARGET, Tags={"owner": "todo"})
        before.put_scaling_policy(**CPU_POLICY)
        before.put_scheduled_action(**LAUNCH)
        saved = targets(before), before.describe_scaling_policies(**SERVICE)["ScalingPolicies"]
    with running_server() as url:
        after = client_of(url)
        assert (targets(after), after.describe_scaling_policies(**SERVICE)["ScalingPolicies"]) == (
            saved
        )
        tags = after.list_tags_for_resource(ResourceARN=saved[0][0]["ScalableTargetARN"])["Tags"]
        assert tags == {"owner": "todo"}
        assert len(after.describe_scheduled_actions(**SERVICE)["ScheduledActions"]) == 1


def test_a_refused_request_changes_nothing_on_disk(client: Client, state_file: Path) -> None:
    client.register_scalable_target(**TARGET)
    before = state_file.read_bytes()
    refusal(client.register_scalable_target, **SERVICE, MinCapacity=9)
    refusal(client.put_scheduled_action, **LAUNCH | {"Schedule": "tomorrow"})
    assert state_file.read_bytes() == before
    assert targets(client)[0]["MinCapacity"] == 2


def test_deregistering_a_target_takes_its_policies_and_actions_along(client: Client) -> None:
    client.register_scalable_target(**TARGET)
    client.put_scaling_policy(**CPU_POLICY)
    client.put_scheduled_action(**LAUNCH)
    client.deregister_scalable_target(**SERVICE)
    client.register_scalable_target(**TARGET)
    assert client.describe_scaling_policies(**SERVICE)["ScalingPolicies"] == []
    assert client.describe_scheduled_actions(**SERVICE)["ScheduledActions"] == []


def test_deregistering_a_target_leaves_its_neighbours_alone(client: Client) -> None:
    neighbour = TARGET | {"ResourceId": "service/todo/app-2"}
    client.register_scalable_target(**TARGET)
    client.register_scalable_target(**neighbour)
    client.put_scaling_policy(**CPU_POLICY | {"ResourceId": "service/todo/app-2"})
    client.deregister_scalable_target(**SERVICE)
    assert [t["ResourceId"] for t in targets(client)] == ["service/todo/app-2"]
    assert len(client.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]) == 1


def test_putting_a_policy_again_keeps_its_arn(client: Client) -> None:
    client.register_scalable_target(**TARGET)
    first = client.put_scaling_policy(**CPU_POLICY)["PolicyARN"]
    changed = CPU_POLICY | {"TargetTrackingScalingPolicyConfiguration": CPU | {"TargetValue": 40.0}}
    assert client.put_scaling_policy(**changed)["PolicyARN"] == first
    [policy] = client.describe_scaling_policies(**SERVICE)["ScalingPolicies"]
    assert policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 40.0


def test_changing_a_policys_type_drops_the_old_configuration(client: Client) -> None:
    client.register_scalable_target(**TARGET)
    client.put_scaling_policy(**STEP_POLICY)
    client.put_scaling_policy(**CPU_POLICY)
    [policy] = client.describe_scaling_policies(**SERVICE)["ScalingPolicies"]
    assert policy["PolicyType"] == "TargetTrackingScaling"
    assert "StepScalingPolicyConfiguration" not in policy


def test_suspending_one_kind_of_scaling_leaves_the_others(client: Client) -> None:
    client.register_scalable_target(**TARGET)
    client.register_scalable_target(**SERVICE, SuspendedState={"DynamicScalingInSuspended": True})
    assert targets(client)[0]["SuspendedState"] == {
        "DynamicScalingInSuspended": True,
        "DynamicScalingOutSuspended": False,
        "ScheduledScalingSuspended": False,
    }


def test_tags_can_be_added_replaced_and_removed(client: Client) -> None:
    client.register_scalable_target(**TARGET, Tags={"a": "1", "b": "1"})
    arn = targets(client)[0]["ScalableTargetARN"]
    client.tag_resource(ResourceARN=arn, Tags={"b": "2", "c": "2"})
    client.untag_resource(ResourceARN=arn, TagKeys=["a", "unknown"])
    assert client.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"b": "2", "c": "2"}


def test_more_than_fifty_tags_are_refused(client: Client) -> None:
    client.register_scalable_target(**TARGET, Tags={"one": "more"})
    arn = targets(client)[0]["ScalableTargetARN"]
    tags = {f"tag-{number}": "" for number in range(50)}
    assert refusal(client.tag_resource, ResourceARN=arn, Tags=tags)[0] == "TooManyTagsException"
    assert client.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"one": "more"}


def test_long_lists_come_in_pages(client: Client) -> None:
    for number in range(53):
        client.register_scalable_target(**TARGET | {"ResourceId": f"service/todo/app-{number}"})
    first = client.describe_scalable_targets(ServiceNamespace="ecs")
    assert len(first["ScalableTargets"]) == 50
    paginator = client.get_paginator("describe_scalable_targets")
    pages = paginator.paginate(ServiceNamespace="ecs", PaginationConfig={"PageSize": 20})
    listed = [t["ResourceId"] for page in pages for t in page["ScalableTargets"]]
    assert listed == [f"service/todo/app-{number}" for number in range(53)]


@pytest.mark.parametrize("token", ["x", "7"])
def test_a_made_up_page_token_is_refused(client: Client, token: str) -> None:
    code, _ = refusal(client.describe_scaling_policies, ServiceNamespace="ecs", NextToken=token)
    assert code == "InvalidNextTokenException"


def test_nothing_is_ever_scaled(client: Client) -> None:
    client.register_scalable_target(**TARGET)
    assert client.describe_scaling_activities(ServiceNamespace="ecs")["ScalingActivities"] == []


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("deregister_scalable_target", SERVICE),
        ("put_scaling_policy", CPU_POLICY),
        ("put_scheduled_action", LAUNCH),
        ("delete_scaling_policy", SERVICE | {"PolicyName": "cpu"}),
        ("delete_scheduled_action", SERVICE | {"ScheduledActionName": "launch"}),
    ],
)
def test_what_does_not_exist_is_not_found(
    client: Client, operation: str, request_: dict[str, Any]
) -> None:
    code, message = refusal(getattr(client, operation), **request_)
    assert code == "ObjectNotFoundException"
    assert "service/todo/app" in message


def test_an_unknown_arn_is_not_found(client: Client) -> None:
    arn = "arn:aws:application-autoscaling:eu-central-1:000000000000:scalable-target/none"
    code, _ = refusal(client.list_tags_for_resource, ResourceARN=arn)
    assert code == "ResourceNotFoundException"


LABELLED = {"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": "app/todo/50"}


@pytest.mark.parametrize(
    ("operation", "request_", "named"),
    [
        ("register_scalable_target", {"ServiceNamespace": "ecs"}, "ResourceId"),
        ("register_scalable_target", TARGET | {"MinCapacity": "two"}, "MinCapacity"),
        ("register_scalable_target", TARGET | {"ServiceNamespace": "ECS"}, "ServiceNamespace"),
        ("register_scalable_target", TARGET | {"ScalableDimension": "tasks"}, "ScalableDimension"),
        ("register_scalable_target", TARGET | {"ResourceId": "todo/app"}, "service/CLUSTER"),
        ("register_scalable_target", TARGET | {"MinCapacity": 9}, "less than minimum"),
        ("register_scalable_target", TARGET | {"MinCapacity": -1}, "negative"),
        ("register_scalable_target", SERVICE | {"ResourceId": "service/a/new"}, "MinCapacity"),
        ("register_scalable_target", TARGET | {"ServiceNamespace": "rds"}, "only the namespace"),
        (
            "register_scalable_target",
            TARGET | {"ScalableDimension": "rds:cluster:ReadReplicaCount"},
            "Unsupported scalable dimension",
        ),
        ("put_scaling_policy", SERVICE | {"PolicyName": "p"}, "StepScalingPolicyConfiguration"),
        ("put_scaling_policy", CPU_POLICY | STEP_POLICY, "no other configuration"),
        (
            "put_scaling_policy",
            CPU_POLICY | {"TargetTrackingScalingPolicyConfiguration": {"TargetValue": 1.0}},
            "Exactly one",
        ),
        (
            "put_scaling_policy",
            CPU_POLICY
            | {
                "TargetTrackingScalingPolicyConfiguration": {
                    "TargetValue": 1.0,
                    "PredefinedMetricSpecification": LABELLED,
                }
            },
            "ResourceLabel",
        ),
        ("put_scheduled_action", LAUNCH | {"Schedule": "tomorrow"}, "tomorrow"),
        ("put_scheduled_action", LAUNCH | {"ScalableTargetAction": {}}, "ScalableTargetAction"),
        (
            "put_scheduled_action",
            LAUNCH | {"ScalableTargetAction": {"MinCapacity": 5, "MaxCapacity": 4}},
            "less than minimum",
        ),
    ],
)
def test_invalid_requests_are_refused_by_name(
    client: Client, operation: str, request_: dict[str, Any], named: str
) -> None:
    client.register_scalable_target(**TARGET)
    code, message = refusal(getattr(client, operation), **request_)
    assert code == "ValidationException"
    assert named in message


def test_an_operation_it_lacks_is_said_to_be_unknown(client: Client) -> None:
    window = {"StartTime": 1, "EndTime": 2, "PolicyName": "cpu"}
    code, message = refusal(client.get_predictive_scaling_forecast, **SERVICE, **window)
    assert code == "UnknownOperationException"
    assert "GetPredictiveScalingForecast" in message


@pytest.mark.parametrize(
    ("target", "body", "code"),
    [
        ("RegisterScalableTarget", json.dumps(TARGET | {"Colour": "red"}), "ValidationException"),
        ("RegisterScalableTarget", "{", "SerializationException"),
        ("RegisterScalableTarget", "[]", "SerializationException"),
        ("Register", "{}", "UnknownOperationException"),
    ],
)
def test_requests_no_client_would_make_are_refused(
    running_server: Server, target: str, body: str, code: str
) -> None:
    headers = {"X-Amz-Target": f"AnyScaleFrontendService.{target}"}
    with running_server() as url:
        request = urllib.request.Request(url, body.encode(), headers)  # noqa: S310 - loopback
        with pytest.raises(urllib.error.HTTPError) as raised:
            urllib.request.urlopen(request)  # noqa: S310 - loopback
        with raised.value as answer:
            assert answer.code == 400
            assert json.load(answer)["__type"] == code


def start_with(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local.autoscaling_api", *options],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("content", ["not json", json.dumps({"ScalableTargets": []}), "[]"])
def test_a_foreign_state_file_is_refused_and_left_alone(state_file: Path, content: str) -> None:
    state_file.write_text(content)
    ended = start_with("--port", "0", "--state", str(state_file))
    assert ended.returncode != 0
    assert str(state_file) in ended.stderr
    assert "Traceback" not in ended.stderr
    assert state_file.read_text() == content


def test_a_port_in_use_is_named(running_server: Server, tmp_path: Path) -> None:
    with running_server() as url:
        port = url.rpartition(":")[2]
        ended = start_with("--port", port, "--state", str(tmp_path / "other.json"))
    assert ended.returncode != 0
    assert f"127.0.0.1:{port}" in ended.stderr
    assert "Traceback" not in ended.stderr
