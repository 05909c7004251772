from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.services import alb, ecs

from local.emulator_tasks import Tasks, _remove, limited, target_health
from local.load_balancer.health import Health, Judgement
from local.load_balancer.model import Target

CLUSTER = "arn:aws:ecs:us-east-1:000000000000:cluster/web"
TASK = {"cpu": "256", "memory": "512"}
ARGUMENTS = {"labels": {"one": "kept"}, "privileged": False}


def test_a_container_gets_the_cpu_and_memory_of_its_task() -> None:
    found = limited(ARGUMENTS, {"name": "app"}, TASK)
    assert found == {
        "privileged": False,
        "nano_cpus": 250_000_000,
        "mem_limit": 512 * 2**20,
        "labels": {"one": "kept", "todo.local.stop-seconds": "30"},
    }


def test_a_container_gets_no_more_rights_than_its_definition_says() -> None:
    container = {
        "user": "65532",
        "readonlyRootFilesystem": True,
        "linuxParameters": {"capabilities": {"drop": ["ALL"]}, "initProcessEnabled": True},
        "stopTimeout": 60,
        "cpu": 128,
    }
    found = limited(ARGUMENTS, container, TASK)
    assert found["user"] == "65532"
    assert found["read_only"] is True
    assert found["cap_drop"] == ["ALL"]
    assert found["init"] is True
    assert found["nano_cpus"] == 125_000_000
    assert found["labels"]["todo.local.stop-seconds"] == "60"


class Known:
    """What a controller knows of the targets."""

    def __init__(self) -> None:
        self.health: dict[Target, Judgement] = {}
        self.forgotten: list[Target] = []

    def forget(self, group_arn: str, target: Target) -> None:
        assert group_arn in alb._tgs
        self.forgotten.append(target)

    def judgement(self, group_arn: str, target: Target) -> Judgement | None:
        assert group_arn in alb._tgs
        return self.health.get(target)


@pytest.fixture
def known() -> Known:
    return Known()


@pytest.fixture
def tasks(known: Known, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tasks]:
    # These tasks have no containers; a client of a running engine would be left open.
    monkeypatch.setattr(ecs, "_get_docker", lambda: None)
    for service in (alb, ecs):
        service.reset()
    alb._create_tg({"Name": "app", "Port": "8080"})
    yield Tasks(ecs, alb, known)
    for service in (alb, ecs):
        service.reset()


def serving(address: str, *, started_ago: float = 100, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """A running task of a service behind the target group."""
    (group,) = alb._tgs.keys()
    alb.set_targets_for_group(group, [(address, 8080)])
    ecs._services["web/app"] = {
        "serviceName": "app",
        "clusterArn": CLUSTER,
        "status": "ACTIVE",
        "desiredCount": 1,
        "taskDefinition": "app:1",
        "deployments": [],
        "events": [],
        "healthCheckGracePeriodSeconds": 30,
        "loadBalancers": [{"targetGroupArn": group, "containerPort": 8080}],
    }
    task = {
        "taskArn": f"arn:aws:ecs:us-east-1:000000000000:task/web/{address}",
        "clusterArn": CLUSTER,
        "group": "service:app",
        "lastStatus": "RUNNING",
        "desiredStatus": "RUNNING",
        "startedAt": ecs._iso() if not started_ago else time.time() - started_ago,
        "_container_ip": address,
        **more,
    }
    ecs._tasks[task["taskArn"]] = task
    return task


UNHEALTHY = Judgement(health=Health.UNHEALTHY, failed=2, reason="codes: [503] & <more>")


def test_a_task_that_fails_its_checks_is_stopped(tasks: Tasks, known: Known) -> None:
    task = serving("10.0.0.1")
    known.health[Target("10.0.0.1", 8080)] = UNHEALTHY
    tasks.replace_unhealthy()
    assert task["lastStatus"] == "STOPPED"
    assert task["stoppedReason"].startswith("Task failed ELB health checks in (target-group arn:")
    (event,) = ecs._services["web/app"]["events"]
    assert "(port 8080) is unhealthy in (target-group arn:" in event["message"]
    assert event["message"].endswith("due to (reason codes: [503] & <more>)")


@pytest.mark.parametrize("health", [Health.INITIAL, Health.HEALTHY, Health.UNAVAILABLE])
def test_a_task_that_is_not_known_to_be_bad_stays(
    tasks: Tasks, known: Known, health: Health
) -> None:
    task = serving("10.0.0.1")
    known.health[Target("10.0.0.1", 8080)] = Judgement(health=health)
    tasks.replace_unhealthy()
    assert task["lastStatus"] == "RUNNING"


def test_a_task_has_the_services_time_of_grace(tasks: Tasks, known: Known) -> None:
    task = serving("10.0.0.1", started_ago=20)
    known.health[Target("10.0.0.1", 8080)] = UNHEALTHY
    tasks.replace_unhealthy()
    assert task["lastStatus"] == "RUNNING"


def test_a_task_of_no_service_is_left_alone(tasks: Tasks, known: Known) -> None:
    task = serving("10.0.0.1", group="family:app")
    known.health[Target("10.0.0.1", 8080)] = UNHEALTHY
    tasks.replace_unhealthy()
    assert task["lastStatus"] == "RUNNING"


def test_the_health_of_targets_is_described_with_its_reason(tasks: Tasks, known: Known) -> None:
    assert tasks
    serving("10.0.0.1")
    (group,) = alb._tgs.keys()
    request = {"TargetGroupArn": [group]}
    described = target_health(alb, known, request)
    assert "<State>initial</State><Reason>Elb.InitialHealthChecking</Reason>" in described
    known.health[Target("10.0.0.1", 8080)] = UNHEALTHY
    described = target_health(alb, known, request)
    assert "<State>unhealthy</State><Reason>Target.FailedHealthChecks</Reason>" in described
    assert "<Description>codes: [503] &amp; &lt;more&gt;</Description>" in described
    known.health[Target("10.0.0.1", 8080)] = Judgement(health=Health.HEALTHY)
    described = target_health(alb, known, request)
    assert "<TargetHealth><State>healthy</State></TargetHealth>" in described


@pytest.mark.parametrize("by_itself", [True, False])
def test_the_balancer_gives_up_a_task_that_ended_itself(
    tasks: Tasks, known: Known, by_itself: bool
) -> None:
    cleaned: list[dict[str, Any]] = []
    cleaning = tasks._after_draining(lambda task, *_: cleaned.append(task))
    more = {"stopCode": "EssentialContainerExited"} if by_itself else {"startedAt": None}
    task = {**serving("10.0.0.1"), **more}
    cleaning(task, None)
    assert cleaned == [task]
    assert known.forgotten == ([Target("10.0.0.1", 8080)] if by_itself else [])


def test_requests_get_the_deregistration_delay_before_their_task_is_stopped(tasks: Tasks) -> None:
    task = serving("10.0.0.1")
    assert tasks._drain_seconds(task) == 300
    assert tasks._drain_seconds({**task, "stopCode": "EssentialContainerExited"}) == 0
    assert tasks._drain_seconds({**task, "startedAt": None}) == 0
    assert tasks._drain_seconds({**task, "group": "family:app"}) == 0


class Container:
    """A container of MiniStack's, and what became of it."""

    def __init__(self) -> None:
        self.name = "ministack-ecs-01234567-app"
        self.labels = {"todo.local.stop-seconds": "7"}
        self.calls: list[str] = []

    def stop(self, *, timeout: int) -> None:
        self.calls.append(f"stop {timeout}")

    def remove(self, **_: bool) -> None:
        self.calls.append("remove")


def test_a_container_is_removed_when_the_log_has_its_last_lines() -> None:
    container = Container()

    def forward() -> None:
        while "stop 7" not in container.calls:
            time.sleep(0.01)
        container.calls.append("forwarded")

    forwarder = threading.Thread(target=forward, name="ministack-ecs-awslogs-01234567-app")
    forwarder.start()
    _remove(object(), container)
    assert container.calls == ["stop 7", "forwarded", "remove"]
