from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from ministack.services import ecs

from local.emulator_deployments import Deployments

SERVICE = "arn:aws:ecs:us-east-1:000000000000:service/web/todo"
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}


class Service:
    """A service of MiniStack's, whose tasks are there by a word of ours: there is no Docker."""

    def call(self, action: str, **request: Any) -> dict[str, Any]:  # noqa: ANN401
        status, _, body = ecs._ACTION_MAP[action](request)
        assert status == 200, body
        answer: dict[str, Any] = json.loads(body)
        return answer

    def listed(self, **more: Any) -> list[tuple[str, str]]:  # noqa: ANN401
        """Status and reason of each deployment, newest first."""
        answer = self.call("ListServiceDeployments", cluster="web", service="todo", **more)
        return [
            (one["status"], one.get("statusReason", "")) for one in answer["serviceDeployments"]
        ]

    def in_service(self) -> list[str]:
        """States of the deployments that the service itself names."""
        (service,) = self.call("DescribeServices", cluster="web", services=["todo"])["services"]
        return [one["rolloutState"] for one in service["deployments"]]


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setattr(ecs, "_get_docker", lambda: None)
    # Without Docker it would end a deployment in the moment in which that begins.
    monkeypatch.setattr(ecs, "_complete_service_deployment", lambda *_, **__: None)
    monkeypatch.setattr(ecs, "_refresh_service_state", ecs._refresh_service_state)
    monkeypatch.setattr(ecs, "_ACTION_MAP", dict(ecs._ACTION_MAP))
    ecs.reset()
    Deployments(ecs).extend()
    service = Service()
    definition = {"family": "app", "containerDefinitions": [{"name": "app", "image": "app:1"}]}
    service.call("RegisterTaskDefinition", **definition)
    service.call(
        "CreateService",
        cluster="web",
        serviceName="todo",
        taskDefinition="app",
        desiredCount=2,
        deploymentConfiguration=BREAKER,
    )
    yield service
    ecs.reset()


def start(service: Service) -> None:
    """Begin a deployment whose tasks are not well yet."""
    service.call("UpdateService", cluster="web", service="todo", forceNewDeployment=True)


def test_the_first_deployment_is_listed_and_described(service: Service) -> None:
    assert service.listed() == [("SUCCESSFUL", "")]
    brief = service.call("ListServiceDeployments", cluster="web", service="todo")[
        "serviceDeployments"
    ][0]
    (deployment,) = ecs._services["web/todo"]["deployments"]
    number = deployment["id"].rpartition("/")[2]
    # By that number the provider finds it.
    assert brief["targetServiceRevisionArn"].endswith(f":service-revision/web/todo/{number}")
    assert brief["serviceArn"] == SERVICE
    arn = brief["serviceDeploymentArn"]
    described = service.call("DescribeServiceDeployments", serviceDeploymentArns=[arn, "arn:other"])
    (one,) = described["serviceDeployments"]
    assert one["status"] == "SUCCESSFUL"
    assert one["targetServiceRevision"]["arn"] == brief["targetServiceRevisionArn"]
    assert described["failures"] == [{"arn": "arn:other", "reason": "MISSING"}]


def test_a_first_deployment_is_under_way_as_long_as_its_tasks_are_not_well() -> None:
    nothing_runs = SimpleNamespace(_tasks={}, _PRE_STOP_STATUSES=())
    first = {"id": "1", "rolloutState": "COMPLETED", "desiredCount": 2}
    assert Deployments(nothing_runs)._status(first, first) == "IN_PROGRESS"


def test_a_deployment_is_under_way_until_it_is_replaced(service: Service) -> None:
    start(service)
    assert [status for status, _ in service.listed()] == ["IN_PROGRESS", "SUCCESSFUL"]
    start(service)
    assert [status for status, _ in service.listed()] == ["IN_PROGRESS", "STOPPED", "SUCCESSFUL"]


def test_a_deployment_that_was_taken_back_leaves_the_service_and_is_told_of(
    service: Service,
) -> None:
    start(service)
    newest, before = ecs._services["web/todo"]["deployments"]
    newest["rolloutState"] = "FAILED"
    newest["status"], before["status"] = "ACTIVE", "PRIMARY"
    before["rolloutState"] = "IN_PROGRESS"
    ecs._refresh_service_state("web", "service:todo")
    assert service.listed()[0][0] == "ROLLBACK_IN_PROGRESS"
    assert service.in_service() == ["FAILED", "IN_PROGRESS"]
    for task in ecs._tasks.values():
        if task["_deployment_id"] == newest["id"]:
            task["lastStatus"] = "STOPPED"
    before["rolloutState"] = "COMPLETED"
    ecs._refresh_service_state("web", "service:todo")
    assert service.in_service() == ["COMPLETED"]
    assert service.listed()[0] == (
        "ROLLBACK_SUCCESSFUL",
        "Service deployment rolled back: the circuit breaker threshold was exceeded.",
    )


def test_one_that_failed_stays_in_the_service_as_long_as_it_has_tasks(service: Service) -> None:
    start(service)
    newest, before = ecs._services["web/todo"]["deployments"]
    (task, *_) = ecs._tasks.values()
    task |= {"_deployment_id": newest["id"], "lastStatus": "ACTIVATING"}
    newest |= {"status": "ACTIVE", "rolloutState": "FAILED"}
    before |= {"status": "PRIMARY", "rolloutState": "COMPLETED"}
    ecs._refresh_service_state("web", "service:todo")
    assert "FAILED" in service.in_service()


def test_where_there_is_nothing_to_go_back_to_it_has_stopped(service: Service) -> None:
    start(service)
    ecs._services["web/todo"]["deployments"][0]["rolloutState"] = "FAILED"
    ecs._refresh_service_state("web", "service:todo")
    assert service.listed()[0] == ("STOPPED", "")
    assert "FAILED" in service.in_service()


def test_deployments_are_found_by_status_and_time(service: Service) -> None:
    created = ecs._services["web/todo"]["deployments"][0]["createdAt"]
    at = ecs._ts_to_epoch(created)
    assert service.listed(status=["SUCCESSFUL"], createdAt={"after": at - 10, "before": at + 10})
    assert service.listed(status=["STOPPED"]) == []
    assert service.listed(createdAt={"after": at + 10}) == []


def test_an_unknown_service_is_an_error(service: Service) -> None:
    assert service
    status, _, _ = ecs._ACTION_MAP["ListServiceDeployments"]({"cluster": "web", "service": "x"})
    assert status == 400
