"""`make verify` on the running system: what is well passes, and what others changed fails."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from ops.verify.deployed import Deployed, parse
from ops.verify.service import service_lines
from tests.running_system import CommandResult, RunningSystem, plain_pulumi, run_command

pytestmark = pytest.mark.engine

SECONDS = 90


def verify(system: RunningSystem, *options: str) -> CommandResult:
    env = {**os.environ, "LOCAL_PORT": str(system.workspace.port)}
    words = [sys.executable, "-m", "local", "verify", *options]
    return run_command(words, cwd=system.workspace.root, env=env)


def verdicts(done: CommandResult) -> dict[str, tuple[str, str]]:
    lines = json.loads(done.output)["lines"]
    return {line["name"]: (line["verdict"], line["reason"]) for line in lines}


@pytest.fixture
def deployed(system: RunningSystem) -> Deployed:
    exported = plain_pulumi(system.workspace, "stack", "export", "--stack", "local")
    return parse("local", exported.output)


class Service:
    """The service, as somebody with the console sees it."""

    def __init__(self, ecs: Any, deployed: Deployed) -> None:  # noqa: ANN401 - boto3's
        self.ecs = ecs
        self.intended = str(deployed.one("aws:ecs/taskDefinition:TaskDefinition")["arn"])
        self.names = {
            "cluster": deployed.outputs["cluster"],
            "service": deployed.outputs["service"],
        }

    def variant(self, **changed: object) -> str:
        """Register the same task with another `app`, in a family of its own; return its ARN."""
        described = self.ecs.describe_task_definition(taskDefinition=self.intended)
        definition = described["taskDefinition"]
        keys = (
            *("cpu", "memory", "networkMode", "requiresCompatibilities", "runtimePlatform"),
            *("executionRoleArn", "taskRoleArn"),
        )
        same = {key: definition[key] for key in keys if key in definition}
        containers = [
            {**one, **changed} if one["name"] == "app" else one
            for one in definition["containerDefinitions"]
        ]
        made = self.ecs.register_task_definition(
            family="by-hand", containerDefinitions=containers, **same
        )
        return str(made["taskDefinition"]["taskDefinitionArn"])

    def run(self, arn: str) -> None:
        self.ecs.update_service(**self.names, taskDefinition=arn)

    def settled(self) -> str:
        """Wait until one deployment is complete and no other has tasks; return what it runs."""
        deadline = time.monotonic() + SECONDS
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
            if done and len(tasks) == service["desiredCount"] == service["runningCount"]:
                return str(primary["taskDefinition"])
            time.sleep(0.5)
        pytest.fail("the service did not settle")


@pytest.fixture
def service(system: RunningSystem, deployed: Deployed) -> Iterator[Service]:
    """The service; in the end it runs what was deployed."""
    service = Service(system.aws("ecs"), deployed)
    yield service
    if service.settled() != service.intended:
        service.run(service.intended)
        service.settled()
    for arn in service.ecs.list_task_definitions(familyPrefix="by-hand")["taskDefinitionArns"]:
        service.ecs.deregister_task_definition(taskDefinition=arn)


def test_a_system_that_is_as_it_was_deployed_passes(
    system: RunningSystem, service: Service
) -> None:
    assert service.settled() == service.intended
    done = verify(system, "--json")
    assert done.code == 0, done.output
    lines = verdicts(done)
    assert {name for name, (verdict, _) in lines.items() if verdict == "pass"} >= {
        *("deployment", "tasks", "image", "targets", "ready", "page", "scaling", "scaling rules"),
        *("todo-local-database TLS", "app's sessions", "login", "plain text"),
    }
    assert "TLSv1.3" in lines["app's sessions"][1]
    assert "2 of 2" in lines["app's sessions"][1]
    assert "TLSv1.3" in lines["login"][1]
    assert lines["plain text"][1].startswith("refused (")


def test_another_version_behind_pulumis_back_fails(system: RunningSystem, service: Service) -> None:
    environment = [{"name": "LOG_LEVEL", "value": "debug"}]
    described = service.ecs.describe_task_definition(taskDefinition=service.intended)
    app = next(
        one for one in described["taskDefinition"]["containerDefinitions"] if one["name"] == "app"
    )
    other = service.variant(environment=[*app["environment"], *environment])
    service.run(other)
    assert service.settled() == other
    done = verify(system, "--json")
    assert done.code == 1, done.output
    lines = verdicts(done)
    verdict, reason = lines["deployment"]
    assert verdict == "fail"
    assert re.match(r"by-hand:\d+ runs, and not todo-local-app:\d+, which was deployed", reason)
    assert lines["tasks"][0] == "fail"
    assert lines["page"][0] == "pass", "it serves, and is another one all the same"


def test_a_version_that_ecs_took_back_fails_with_the_reason(
    system: RunningSystem, service: Service, deployed: Deployed
) -> None:
    bad = service.variant(command=["no-such-command"])
    service.run(bad)
    deadline = time.monotonic() + SECONDS
    while service.settled() != service.intended:
        assert time.monotonic() < deadline
    # What Pulumi's state says after an update that did not wait, or was told of success.
    resources = [
        type(one)(type=one.type, name=one.name, id=one.id, outputs={**one.outputs, "arn": bad})
        if one.type == "aws:ecs/taskDefinition:TaskDefinition"
        else one
        for one in deployed.resources
    ]
    believed = Deployed(stack="local", outputs=deployed.outputs, resources=resources)
    shown = {line.name: line for line in service_lines(believed, service.ecs, system.aws("elbv2"))}
    assert str(shown["deployment"].verdict) == "fail"
    assert "A task of it ended: " in shown["deployment"].reason
    assert "exit code 2" in shown["deployment"].reason
    assert str(shown["targets"].verdict) == "pass", "the old version serves"
