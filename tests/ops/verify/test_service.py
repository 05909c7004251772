"""The service: what ECS runs is what was deployed, or the reason is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from ops.verify.service import service_lines
from tests.ops.verify.stack import (
    BEFORE,
    CLUSTER_ARN,
    DIGEST,
    GROUP,
    SERVICE,
    SERVICE_ARN,
    WANTED,
    Json,
    answering,
    deployed,
    said,
)

OTHER = f"sha256:{'b' * 64}"
REASON = "Deployment rolled back: the circuit breaker threshold was exceeded."


def service(**changed: Any) -> Json:  # noqa: ANN401
    return {
        "serviceName": SERVICE,
        "serviceArn": SERVICE_ARN,
        "clusterArn": CLUSTER_ARN,
        "status": "ACTIVE",
        "desiredCount": 2,
        "runningCount": 2,
        "pendingCount": 0,
        "loadBalancers": [{"targetGroupArn": GROUP}],
        "deployments": [deployment()],
        "events": [],
        **changed,
    }


def deployment(**changed: Any) -> Json:  # noqa: ANN401
    return {
        "status": "PRIMARY",
        "taskDefinition": WANTED,
        "rolloutState": "COMPLETED",
        "rolloutStateReason": "ECS deployment completed.",
        **changed,
    }


def task(**changed: Any) -> Json:  # noqa: ANN401
    containers = [
        {"name": "app", "imageDigest": DIGEST},
        {"name": "migrate", "imageDigest": DIGEST},
    ]
    return {
        "taskArn": f"{CLUSTER_ARN.replace(':cluster/', ':task/')}/0123",
        "lastStatus": "RUNNING",
        "taskDefinitionArn": WANTED,
        "containers": containers,
        **changed,
    }


def lines(
    service: Json,
    tasks: Sequence[Json] = (task(), task()),
    targets: Sequence[str] = ("healthy", "healthy"),
    reasons: Sequence[tuple[str, Json]] = (),
    logged: Sequence[Json] = (),
) -> dict[str, tuple[str, str]]:
    listed = {"taskArns": [f"arn:{number}" for number in range(len(tasks))]}
    described = [("describe_tasks", {"tasks": list(tasks)})] if tasks else []
    health = [
        {
            "Target": {"Id": f"10.0.0.{number}"},
            "TargetHealth": {"State": state, "Description": f"as {state}"},
        }
        for number, state in enumerate(targets)
    ]
    with (
        answering(
            "ecs",
            ("describe_services", {"services": [service]}),
            ("list_tasks", listed),
            *described,
            *reasons,
        ) as ecs,
        answering(
            "elbv2", ("describe_target_health", {"TargetHealthDescriptions": health})
        ) as elbv2,
        answering("logs", *(("get_log_events", each) for each in logged)) as logs,
    ):
        return said(service_lines(deployed(), ecs, elbv2, logs))


def rolled_back(*stopped: Json, of: Json) -> list[tuple[str, Json]]:
    """What is asked for when the intended version does not run."""
    listed = [f"arn:{number}" for number in range(len(stopped))]
    described = [("describe_tasks", {"tasks": list(stopped)})] if stopped else []
    return [("list_service_deployments", of), ("list_tasks", {"taskArns": listed}), *described]


def test_what_was_deployed_runs() -> None:
    shown = lines(service())
    assert {name: verdict for name, (verdict, _) in shown.items()} == dict.fromkeys(
        ("deployment", "tasks", "image", "targets"), "pass"
    )
    assert shown["deployment"][1] == "todo-prod-app:7 is deployed: ECS deployment completed."


def test_a_version_that_was_taken_back_fails_with_ecs_own_reason() -> None:
    back = service(deployments=[deployment(taskDefinition=BEFORE)])
    reasons = rolled_back(
        of={"serviceDeployments": [{"status": "ROLLBACK_SUCCESSFUL", "statusReason": REASON}]}
    )
    verdict, reason = lines(back, reasons=reasons)["deployment"]
    assert verdict == "fail"
    assert reason.startswith("todo-prod-app:6 runs, and not todo-prod-app:7, which was deployed")
    assert reason.endswith(REASON)


def test_where_ecs_does_not_list_deployments_events_and_ended_tasks_tell_why() -> None:
    back = service(
        deployments=[deployment(taskDefinition=BEFORE)],
        events=[
            {"message": "(service todo) has reached a steady state."},
            {"message": "(service todo) deployment failed: tasks failed to start."},
        ],
    )
    ended = task(
        lastStatus="STOPPED",
        stoppedReason="Essential container in task exited",
        containers=[{"name": "app", "exitCode": 2}, {"name": "migrate", "exitCode": 0}],
    )
    reasons = rolled_back(ended, of={"error": "AccessDeniedException"})
    _, reason = lines(back, reasons=reasons, logged=[said_last("a crash")])["deployment"]
    assert "deployment failed: tasks failed to start." in reason
    assert "steady state" not in reason
    assert reason.endswith(
        'A task of it ended: Essential container in task exited; app exit code 2 ("a crash")'
    )


def said_last(*messages: str) -> Json:
    """What a container logged."""
    return {"events": [{"message": message} for message in messages]}


def of_ended(*containers: Json, logged: Sequence[Json], **more: str) -> str:
    """What is told of a task of the wanted version that ended so."""
    back = service(deployments=[deployment(taskDefinition=BEFORE)])
    ended = task(lastStatus="STOPPED", containers=list(containers), **more)
    reasons = rolled_back(ended, of={"serviceDeployments": []})
    _, reason = lines(back, reasons=reasons, logged=logged)["deployment"]
    return reason.partition("A task of it ended: ")[2]


@pytest.mark.parametrize(
    ("logged", "words"),
    [
        (said_last("first", '{"level": "error", "message": "no such table"}'), '("no such table")'),
        (said_last("Traceback", "RuntimeError: no"), '("RuntimeError: no")'),
        (said_last("said", "  "), '("said")'),
        (said_last("[7]"), '("[7]")'),
    ],
    ids=["of the application", "of Python", "an empty line", "other JSON"],
)
def test_the_last_line_of_what_failed_is_told(logged: Json, words: str) -> None:
    reason = of_ended({"name": "app", "exitCode": 1}, logged=[logged])
    assert reason == f"app exit code 1 {words}"


@pytest.mark.parametrize("answer", [said_last(), {"error": "ResourceNotFoundException"}])
def test_without_a_log_the_exit_code_has_to_do(answer: Json) -> None:
    assert of_ended({"name": "app", "exitCode": 1}, logged=[answer]) == "app exit code 1"


def test_a_container_without_a_log_of_its_own_is_not_asked_for_one() -> None:
    containers = (
        {"name": "app", "exitCode": 143, "reason": "CannotStartContainerError: no"},
        {"name": "migrate", "exitCode": 1},
    )
    reason = of_ended(*containers, logged=[said_last()], stoppedReason="Task failed to start")
    assert reason == (
        "Task failed to start; app CannotStartContainerError: no; migrate exit code 1"
    )


def test_a_task_that_failed_its_health_checks_did_not_give_way() -> None:
    containers = {"name": "app", "exitCode": 0}
    reason = of_ended(containers, logged=(), stoppedReason="Task failed ELB health checks in (x)")
    assert reason == "Task failed ELB health checks in (x)"


def test_the_newest_of_what_ecs_says_is_told_of_each_kind() -> None:
    back = service(
        deployments=[deployment(taskDefinition=BEFORE)],
        events=[
            {"message": "rolled back to the last completed deployment."},
            {"message": "deployment failed: tasks failed to start."},
            {"message": "(task 2) is unhealthy due to (reason codes: [503])"},
            {"message": "(task 1) is unhealthy due to (reason codes: [502])"},
        ],
    )
    reasons = rolled_back(of={"serviceDeployments": []})
    _, reason = lines(back, reasons=reasons)["deployment"]
    assert "rolled back to" in reason
    assert "tasks failed to start." in reason
    assert "codes: [503]" in reason
    assert "codes: [502]" not in reason


def test_other_versions_failures_and_tasks_that_gave_way_are_no_reason() -> None:
    back = service(
        deployments=[
            deployment(taskDefinition=BEFORE),
            deployment(
                status="ACTIVE",
                taskDefinition="arn:another:1",
                rolloutState="FAILED",
                rolloutStateReason="tasks failed to start.",
            ),
        ]
    )
    replaced = task(
        stoppedReason="Deployment completed", containers=[{"name": "app", "exitCode": 0}]
    )
    reasons = rolled_back(replaced, of={"serviceDeployments": []})
    _, reason = lines(back, reasons=reasons)["deployment"]
    assert reason.endswith("somebody may have chosen it by hand.")


def test_without_any_reason_somebody_did_it_by_hand() -> None:
    back = service(deployments=[deployment(taskDefinition=BEFORE)])
    _, reason = lines(back, reasons=rolled_back(of={"serviceDeployments": []}))["deployment"]
    assert reason.endswith("somebody may have chosen it by hand.")


def test_a_deployment_under_way_is_not_done() -> None:
    going = service(
        deployments=[deployment(rolloutState="IN_PROGRESS", rolloutStateReason="in progress.")]
    )
    assert lines(going)["deployment"] == ("fail", "todo-prod-app:7 is IN_PROGRESS: in progress.")


def test_a_failed_deployment_tells_why() -> None:
    failed = service(
        deployments=[deployment(rolloutState="FAILED", rolloutStateReason="tasks failed to start.")]
    )
    verdict, reason = lines(failed, reasons=rolled_back(of={"serviceDeployments": []}))[
        "deployment"
    ]
    assert (verdict, reason.count("tasks failed to start.")) == ("fail", 2)


def test_a_service_that_is_not_there() -> None:
    with (
        answering("ecs", ("describe_services", {"services": []})) as ecs,
        answering("elbv2") as elbv2,
        answering("logs") as logs,
    ):
        assert said(service_lines(deployed(), ecs, elbv2, logs))["deployment"][0] == "fail"


@pytest.mark.parametrize(
    ("changed", "tasks", "reason"),
    [
        ({}, [task()], "1 of 2 run todo-prod-app:7; 0 others, 0 starting"),
        ({"pendingCount": 1}, [task(), task()], "2 of 2 run todo-prod-app:7; 0 others, 1 starting"),
        ({}, [task(), task(), task(taskDefinitionArn=BEFORE)], "2 of 2 run"),
        ({}, [task(), task(lastStatus="PENDING")], "1 of 2 run todo-prod-app:7; 1 others"),
        ({"desiredCount": 0}, [], "none is asked for"),
    ],
    ids=["fewer", "more start", "an old one", "one starts", "scaled to none"],
)
def test_tasks_that_are_not_as_asked_for(changed: Json, tasks: list[Json], reason: str) -> None:
    verdict, text = lines(service(**changed), tasks)["tasks"]
    assert verdict == "fail"
    assert text.startswith(reason)


def test_another_image_is_told() -> None:
    other = task(containers=[{"name": "app", "imageDigest": OTHER}])
    verdict, reason = lines(service(), [task(), other])["image"]
    assert verdict == "fail"
    assert reason.startswith("sha256:bbbbbbbbbbbb…")


# What GuardDuty's runtime monitoring adds to each task of a cluster.
AGENT = {"name": "aws-guardduty-agent-x1", "imageDigest": OTHER, "exitCode": 137}


def test_a_container_that_aws_adds_is_not_held_to_our_image() -> None:
    own = task()["containers"]
    with_agent = task(containers=[*own, AGENT])
    assert lines(service(), [with_agent, with_agent])["image"][0] == "pass"


def test_how_a_container_that_aws_adds_ends_is_no_reason() -> None:
    back = service(deployments=[deployment(taskDefinition=BEFORE)])
    gave_way = task(containers=[{"name": "app", "exitCode": 0}, AGENT])
    reasons = rolled_back(gave_way, of={"serviceDeployments": []})
    _, reason = lines(back, reasons=reasons)["deployment"]
    assert "A task of it ended" not in reason
    assert of_ended({"name": "app", "exitCode": 1}, AGENT, logged=[said_last()]) == (
        "app exit code 1"
    )


def test_an_image_that_nobody_knows_is_not_the_intended_one() -> None:
    verdict, reason = lines(service(), [task(containers=[{"name": "app"}])])["image"]
    assert (verdict, reason[:7]) == ("fail", "unknown")


@pytest.mark.parametrize("states", [["healthy"], ["healthy", "unhealthy"], ["healthy", "initial"]])
def test_targets_that_are_not_all_healthy(states: list[str]) -> None:
    verdict, reason = lines(service(), targets=states)["targets"]
    assert verdict == "fail"
    assert all(f"as {state}" in reason for state in states if state != "healthy")


def test_a_target_that_leaves_is_no_fault() -> None:
    assert lines(service(), targets=["healthy", "healthy", "draining"])["targets"][0] == "pass"
