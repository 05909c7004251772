"""Autoscaling, alarms and secrets, each with what AWS would say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops.verify.credentials import secret_lines
from ops.verify.watched import alarm_lines, scaling_lines
from tests.ops.verify.stack import RESOURCE_ID, Json, answering, deployed, resource, said

NOW = datetime(2026, 12, 1, tzinfo=UTC)
EVENT = resource(
    "aws:appautoscaling/scheduledAction:ScheduledAction",
    "sale",
    name="sale-1",
    scalableTargetAction={"minCapacity": 9},
)
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


def target(**changed: Any) -> Json:  # noqa: ANN401
    return {
        "ServiceNamespace": "ecs",
        "ResourceId": RESOURCE_ID,
        "ScalableDimension": "ecs:service:DesiredCount",
        "RoleARN": "arn:role",
        "CreationTime": NOW,
        "MinCapacity": 2,
        "MaxCapacity": 20,
        "SuspendedState": {"DynamicScalingInSuspended": False},
        **changed,
    }


def policy(name: str = "todo-prod-cpu-1", value: float = 60) -> Json:
    return {
        "PolicyARN": "arn:policy",
        "PolicyName": name,
        "ServiceNamespace": "ecs",
        "ResourceId": RESOURCE_ID,
        "ScalableDimension": "ecs:service:DesiredCount",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {"TargetValue": value},
        "CreationTime": NOW,
    }


def action(name: str) -> Json:
    return {
        "ScheduledActionName": name,
        "ScheduledActionARN": "arn:action",
        "ServiceNamespace": "ecs",
        "Schedule": "at(2027-01-02T05:50:00)",
        "ResourceId": RESOURCE_ID,
        "CreationTime": NOW,
    }


def scaling(
    found: Json,
    policies: tuple[Json, ...] = (policy(),),
    actions: tuple[Json, ...] = (),
    planned: tuple[Json, ...] = (),
) -> dict[str, tuple[str, str]]:
    with answering(
        "application-autoscaling",
        ("describe_scalable_targets", {"ScalableTargets": [found]}),
        ("describe_scaling_policies", {"ScalingPolicies": list(policies)}),
        ("describe_scheduled_actions", {"ScheduledActions": list(actions)}),
    ) as client:
        return said(scaling_lines(deployed(*planned), client))


def test_scaling_as_it_was_planned() -> None:
    assert scaling(target()) == {
        "scaling": ("pass", "2 to 20 tasks, as planned"),
        "scaling rules": ("pass", "1 are registered as planned"),
        "scaling events": ("skip", "none is planned"),
    }


def test_a_service_that_nothing_scales() -> None:
    with answering(
        "application-autoscaling", ("describe_scalable_targets", {"ScalableTargets": []})
    ) as client:
        assert said(scaling_lines(deployed(), client))["scaling"][0] == "fail"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"MinCapacity": 1}, "1 to 20 tasks, planned are 2 to 20"),
        ({"MaxCapacity": 4}, "2 to 4 tasks, planned are 2 to 20"),
        ({"MinCapacity": 9}, "9 to 20 tasks, planned are 2 to 20"),
        (
            {"SuspendedState": {"DynamicScalingOutSuspended": True}},
            "2 to 20 tasks, but suspended: DynamicScalingOutSuspended",
        ),
    ],
)
def test_limits_that_nobody_planned(changed: Json, reason: str) -> None:
    assert scaling(target(**changed))["scaling"] == ("fail", reason)


def test_an_event_may_have_raised_the_floor() -> None:
    shown = scaling(target(MinCapacity=9), actions=(action("sale-1"),), planned=(EVENT,))
    assert shown["scaling"][0] == "pass"
    assert shown["scaling events"] == ("pass", "1 are registered")


def test_an_event_that_is_not_registered_is_over_or_removed() -> None:
    assert scaling(target(), planned=(EVENT,))["scaling events"] == (
        "skip",
        "over, or removed: sale-1",
    )


@pytest.mark.parametrize(
    ("policies", "reason"),
    [
        ((), "todo-prod-cpu-1 is gone"),
        ((policy(value=95),), "todo-prod-cpu-1 aims at 95, planned is 60"),
        ((policy(), policy("by-hand")), "by-hand is nobody's"),
    ],
)
def test_rules_that_nobody_planned(policies: tuple[Json, ...], reason: str) -> None:
    assert scaling(target(), policies)["scaling rules"] == ("fail", reason)


def alarms(*found: Json) -> tuple[str, str]:
    with answering("cloudwatch", ("describe_alarms", {"MetricAlarms": list(found)})) as client:
        return said(alarm_lines(deployed(), client))["alarms"]


def alarm(**changed: Any) -> Json:  # noqa: ANN401
    return {"AlarmName": "errors-1", "StateValue": "OK", "ActionsEnabled": True, **changed}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([alarm()], ("pass", "none of 1 is on")),
        (
            [alarm(StateValue="INSUFFICIENT_DATA")],
            ("pass", "none of 1 is on; 1 have no data yet"),
        ),
        (
            [alarm(StateValue="ALARM", StateReason="5 % of the requests")],
            ("fail", "errors-1: 5 % of the requests"),
        ),
        ([alarm(ActionsEnabled=False)], ("fail", "errors-1 tells nobody")),
        ([], ("fail", "errors-1 is gone")),
    ],
    ids=["quiet", "new", "on", "muted", "gone"],
)
def test_alarms(found: list[Json], expected: tuple[str, str]) -> None:
    assert alarms(*found) == expected


def test_a_stack_without_alarms_says_so() -> None:
    with answering("cloudwatch") as client:
        shown = said(alarm_lines(deployed(without=(ALARM,)), client))
    assert shown["alarms"] == ("skip", "the stack has none (todo:observability.alarms)")


def secret(**changed: Any) -> Json:  # noqa: ANN401
    return {
        # Somebody changed a tag today; the password is older.
        "LastChangedDate": NOW,
        "CreatedDate": NOW - timedelta(days=40),
        "RotationEnabled": True,
        "NextRotationDate": NOW + timedelta(days=18),
        "VersionIdsToStages": {"2" * 32: ["AWSCURRENT"], "1" * 32: ["AWSPREVIOUS"]},
        **changed,
    }


def version(*stages: str, days: int) -> Json:
    made = NOW - timedelta(days=days)
    return {"VersionId": str(days).zfill(32), "VersionStages": list(stages), "CreatedDate": made}


VERSIONS = (version("AWSCURRENT", days=12), version("AWSPREVIOUS", days=40))


def secrets(
    described: Json,
    *,
    versions: tuple[Json, ...] = VERSIONS,
    rotates: bool = True,
    master: Json | None = None,
) -> dict[str, tuple[str, str]]:
    instance = {"DBInstanceIdentifier": "todo-prod-database-1"}
    if master is None or master:
        instance |= {"MasterUserSecret": master or {"SecretStatus": "active"}}  # type: ignore[dict-item]
    without = () if rotates else ("aws:secretsmanager/secretRotation:SecretRotation",)
    # A page each; those after the current one are not asked for.
    current = [
        number for number, one in enumerate(versions) if "AWSCURRENT" in one["VersionStages"]
    ]
    asked = versions[: current[0] + 1] if current else versions
    pages: list[Json] = [
        {"Versions": [one]} | ({"NextToken": str(number)} if number < len(versions) else {})
        for number, one in enumerate(asked, start=1)
    ]
    listed = [] if "DeletedDate" in described else pages
    with (
        answering(
            "secretsmanager",
            ("describe_secret", described),
            *(("list_secret_version_ids", page) for page in listed),
        ) as manager,
        answering("rds", ("describe_db_instances", {"DBInstances": [instance]})) as rds,
    ):
        return said(secret_lines(deployed(without=without), manager, rds, NOW))


def test_secrets_that_rotate() -> None:
    assert secrets(secret()) == {
        "todo-prod-app-secret": ("pass", "12 days old; rotates next on 2026-12-19"),
        "master of todo-prod-database-1": ("pass", "managed by RDS, active"),
    }


def test_a_secret_that_nothing_is_meant_to_rotate() -> None:
    shown = secrets(secret(RotationEnabled=False), rotates=False)["todo-prod-app-secret"]
    assert shown == ("skip", "12 days old; nothing rotates it (todo:secrets.rotationDays)")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"RotationEnabled": False}, "its rotation was turned off"),
        ({"NextRotationDate": NOW - timedelta(days=3)}, "its rotation was due on 2026-11-28"),
        (
            {
                "VersionIdsToStages": {
                    "2" * 32: ["AWSCURRENT"],
                    "three".zfill(32): ["AWSPENDING"],
                }
            },
            "a rotation began and did not end",
        ),
        ({"DeletedDate": NOW}, "is being deleted since 2026-12-01"),
    ],
    ids=["off", "late", "half done", "deleted"],
)
def test_secrets_that_are_not_well(changed: Json, reason: str) -> None:
    verdict, text = secrets(secret(**changed))["todo-prod-app-secret"]
    assert verdict == "fail"
    assert reason in text


def test_the_age_is_that_of_the_password_and_not_of_the_last_change_of_a_tag() -> None:
    older = (version("AWSPREVIOUS", days=1), version("AWSCURRENT", days=400))
    line = secrets(secret(), versions=older)["todo-prod-app-secret"]
    assert line == ("pass", "400 days old; rotates next on 2026-12-19")


def test_a_secret_without_a_password_that_counts() -> None:
    line = secrets(secret(), versions=(version("AWSPREVIOUS", days=1),))["todo-prod-app-secret"]
    assert line == ("fail", "has no current version: nobody can log in with it")


@pytest.mark.parametrize(
    ("master", "reason"),
    [
        ({"SecretStatus": "impaired"}, "RDS says its secret is impaired"),
        ({}, "RDS does not manage its password any more"),
    ],
)
def test_a_master_that_rds_does_not_look_after(master: Json, reason: str) -> None:
    shown = secrets(secret(), master=master)["master of todo-prod-database-1"]
    assert shown == ("fail", reason)
