"""`make verify` on the running system: what is well passes, and what others changed fails."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import sys
import time
from pathlib import Path

import pytest

from local.pulumi_engine import engine_environment
from tests.engine.service_by_hand import ServiceByHand
from tests.running_system import CommandResult, RunningSystem, plain_pulumi, run_command

pytestmark = pytest.mark.engine

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 90


def verify(system: RunningSystem, *options: str) -> CommandResult:
    env = {**os.environ, "LOCAL_PORT": str(system.workspace.port)}
    words = [sys.executable, "-m", "local", "verify", *options]
    return run_command(words, cwd=system.workspace.root, env=env)


def verdicts(done: CommandResult) -> dict[str, tuple[str, str]]:
    lines = json.loads(done.output)["lines"]
    return {line["name"]: (line["verdict"], line["reason"]) for line in lines}


def lines_of_the_page(name: str, pattern: str) -> set[str]:
    """Names of lines that a page speaks of; `…` stands for what differs from stack to stack."""
    text = (ROOT / "docs" / f"{name}.md").read_text()
    cells = re.findall(pattern, text, re.MULTILINE)
    assert cells
    return {word.strip().replace("…", "*") for cell in cells for word in cell.split(",")}


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
    planned = lines_of_the_page("secure-traffic", r"`make verify STACK=\w+`: (.*?) \|$")
    assert [each for each in planned if not fnmatch.filter(lines, each)] == []
    explained = lines_of_the_page("runbook", r"^\| ((?:[^|`]+, )+[^|`]+) \| [^|]+ \|$")
    assert [line for line in lines if not any(fnmatch.fnmatch(line, e) for e in explained)] == []


def test_a_version_that_ecs_took_back_fails_with_the_reason(
    system: RunningSystem, service: ServiceByHand, tmp_path: Path
) -> None:
    bad = service.variant(command=["no-such-command"])
    service.run(bad)
    deadline = time.monotonic() + SECONDS
    while service.settled() != service.intended:
        assert time.monotonic() < deadline
    # What Pulumi's state says after an update that did not wait, or was told of success.
    exported = plain_pulumi(system.workspace, "stack", "export", "--stack", "local").output
    state, pulumi = tmp_path / "state.json", tmp_path / "pulumi"
    state.write_text(exported.replace(service.intended, bad))
    pulumi.write_text(f"#!/bin/sh\ncat {state}\n")
    pulumi.chmod(0o755)
    env = engine_environment(system.workspace)
    done = run_command(
        [*(sys.executable, "-m", "ops.verify", "--stack", "local", "--json"),
         *("--url", f"http://{system.host}/")],
        cwd=system.workspace.root,
        env={**env, "PATH": f"{tmp_path}:{env['PATH']}"},
    )  # fmt: skip
    assert done.code == 1, done.output
    lines = verdicts(done)
    assert lines["deployment"][0] == "fail"
    assert "A task of it ended: " in lines["deployment"][1]
    assert "exit code 2" in lines["deployment"][1]
    assert lines["targets"][0] == lines["page"][0] == "pass", "the old version serves"
