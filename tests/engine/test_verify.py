"""`make verify` on the running system: what is well passes, and what others changed fails."""

from __future__ import annotations

import json
import os
import sys
import time

import pytest

from ops.verify.deployed import Deployed
from ops.verify.service import service_lines
from tests.engine.service_by_hand import ServiceByHand
from tests.running_system import CommandResult, RunningSystem, run_command

pytestmark = pytest.mark.engine

SECONDS = 90


def verify(system: RunningSystem, *options: str) -> CommandResult:
    env = {**os.environ, "LOCAL_PORT": str(system.workspace.port)}
    words = [sys.executable, "-m", "local", "verify", *options]
    return run_command(words, cwd=system.workspace.root, env=env)


def verdicts(done: CommandResult) -> dict[str, tuple[str, str]]:
    lines = json.loads(done.output)["lines"]
    return {line["name"]: (line["verdict"], line["reason"]) for line in lines}


def test_a_system_that_is_as_it_was_deployed_passes(
    system: RunningSystem, service: ServiceByHand
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


def test_a_version_that_ecs_took_back_fails_with_the_reason(
    system: RunningSystem, service: ServiceByHand, deployed: Deployed
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
    clients = (service.ecs, system.aws("elbv2"), system.aws("logs"))
    shown = {line.name: line for line in service_lines(believed, *clients)}
    assert str(shown["deployment"].verdict) == "fail"
    assert "A task of it ended: " in shown["deployment"].reason
    assert "exit code 2" in shown["deployment"].reason
    assert str(shown["targets"].verdict) == "pass", "the old version serves"
