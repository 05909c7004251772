"""The service, as somebody with the console sees and changes it; in the end it is as deployed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from ops.verify.deployed import Deployed, parse
from tests.running_system import RunningSystem, plain_pulumi

__all__ = ["ServiceByHand"]

_SECONDS = 180
_SAME = (
    *("cpu", "memory", "networkMode", "requiresCompatibilities", "runtimePlatform"),
    *("executionRoleArn", "taskRoleArn"),
)


@pytest.fixture
def deployed(system: RunningSystem) -> Deployed:
    exported = plain_pulumi(system.workspace, "stack", "export", "--stack", "local")
    return parse("local", exported.output)


class ServiceByHand:
    """The service.

    Attributes:
        ecs: the client.
        intended: the task definition that was deployed.
        names: cluster and service, as calls take them.
    """

    def __init__(self, ecs: Any, elbv2: Any, deployed: Deployed) -> None:  # noqa: ANN401 - boto3's
        self.ecs, self._elbv2 = ecs, elbv2
        self.intended = str(deployed.one("aws:ecs/taskDefinition:TaskDefinition")["arn"])
        self.names = {
            "cluster": deployed.outputs["cluster"],
            "service": deployed.outputs["service"],
        }
        self._registered: list[str] = []

    def variant(self, family: str = "by-hand", **changed: object) -> str:
        """Register the same task with another `app`; return its ARN."""
        definition = self.ecs.describe_task_definition(taskDefinition=self.intended)[
            "taskDefinition"
        ]
        containers = [
            {**one, **changed} if one["name"] == "app" else one
            for one in definition["containerDefinitions"]
        ]
        same = {key: definition[key] for key in _SAME if key in definition}
        made = self.ecs.register_task_definition(
            family=family, containerDefinitions=containers, **same
        )
        self._registered.append(str(made["taskDefinition"]["taskDefinitionArn"]))
        return self._registered[-1]

    def talkative(self, family: str = "by-hand") -> str:
        """Register a version that works as well, and logs more."""
        described = self.ecs.describe_task_definition(taskDefinition=self.intended)
        containers = described["taskDefinition"]["containerDefinitions"]
        (app,) = (one for one in containers if one["name"] == "app")
        more = {"name": "LOG_LEVEL", "value": "debug"}
        return self.variant(family, environment=[*app["environment"], more])

    def run(self, arn: str) -> None:
        """Have the service run a task definition."""
        self.ecs.update_service(**self.names, taskDefinition=arn)

    def scale(self, count: int) -> None:
        """Have the service run so many tasks."""
        self.ecs.update_service(**self.names, desiredCount=count)

    def settled(self) -> str:
        """Wait until one deployment is complete and all its tasks serve; return what it runs."""
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            (service,) = self.ecs.describe_services(
                cluster=self.names["cluster"], services=[self.names["service"]]
            )["services"]
            deployments = service["deployments"]
            primary = next(one for one in deployments if one["status"] == "PRIMARY")
            others = [one for one in deployments if one is not primary]
            tasks = self.ecs.list_tasks(
                cluster=self.names["cluster"],
                serviceName=self.names["service"],
                desiredStatus="RUNNING",
            )["taskArns"]
            # A deployment that failed stays in the list, with nothing to do.
            busy = any(other["desiredCount"] or other["runningCount"] for other in others)
            done = primary.get("rolloutState") == "COMPLETED" and not busy
            wanted = service["desiredCount"]
            if done and len(tasks) == wanted == service["runningCount"] == self._serving(service):
                return str(primary["taskDefinition"])
            time.sleep(0.5)
        pytest.fail("the service did not settle")

    def _serving(self, service: Any) -> int:  # noqa: ANN401 - boto3's
        """How many tasks get requests: one that was started by hand is in no deployment."""
        (group,) = (one["targetGroupArn"] for one in service["loadBalancers"])
        targets = self._elbv2.describe_target_health(TargetGroupArn=group)
        states = [one["TargetHealth"]["State"] for one in targets["TargetHealthDescriptions"]]
        return states.count("healthy") if set(states) <= {"healthy", "draining"} else -1

    def put_back(self) -> None:
        """Run what was deployed, and forget what else was registered."""
        if self.settled() != self.intended:
            self.run(self.intended)
            self.settled()
        for arn in self._registered:
            self.ecs.deregister_task_definition(taskDefinition=arn)


@pytest.fixture
def no_scaling(system: RunningSystem, deployed: Deployed) -> Iterator[None]:
    """Who counts tasks wants none to be added, or taken away, for the traffic of tests before."""
    scaling, outputs = system.aws("application-autoscaling"), deployed.outputs

    def suspend(*, suspended: bool) -> None:
        scaling.register_scalable_target(
            ServiceNamespace="ecs",
            ResourceId=f"service/{outputs['cluster']}/{outputs['service']}",
            ScalableDimension="ecs:service:DesiredCount",
            SuspendedState={
                "DynamicScalingInSuspended": suspended,
                "DynamicScalingOutSuspended": suspended,
            },
        )

    suspend(suspended=True)
    yield
    suspend(suspended=False)


@pytest.fixture
def service(system: RunningSystem, deployed: Deployed) -> Iterator[ServiceByHand]:
    service = ServiceByHand(system.aws("ecs"), system.aws("elbv2"), deployed)
    yield service
    service.put_back()
