"""What `make preview STACK=prod` does: the stack's real config, judged without any AWS account.

The emulator stands in for AWS, with `terraform/` applied to it and nothing else: no update of any
stack is needed before. What emulator and toolchain cannot have is left out by a copy of the stack's
config, never in the stack's file, and told. A mandatory violation ends the command with 1.

`--events FILE` (`make preview … EVENTS=FILE`) also writes the engine's events, for programs: one
JSON object a line, in order, each an `EngineEvent` of the Go package
`github.com/pulumi/pulumi/sdk/v3/go/common/apitype`. All have `sequence` and `timestamp`, and one of
    preludeEvent        config: the stack's configuration
    resourcePreEvent    metadata: op (create, update, replace, delete, same, read …), urn, type,
                        old and new state with their inputs, keys, diffs and detailedDiff
    resOutputsEvent     the same after the step; `planning` is true in a preview
    policyEvent         resourceUrn, policyName, policyPackName, policyPackVersion, message,
                        enforcementLevel (mandatory, advisory), severity (critical …)
    policyAnalyze…SummaryEvent   which rules a resource or the stack passed and failed
    diagnosticEvent     urn, message, severity (error, warning, info, debug)
    summaryEvent        resourceChanges: how many of each op; policyPacks; durationSeconds
    cancelEvent         the last one
The file is there after a preview that failed, too.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from local import images, pulumi_engine, system
from local.certificates import ensure_authority
from local.commands import Watch, run
from local.errors import LocalError
from local.preview_config import Available, Change, for_emulator, read_config
from local.steps import Step, run_steps
from local.workspace import DEFAULT_PORT, REGION, Workspace

__all__ = ["Options", "policy_options", "preview", "preview_stack", "stacks"]

_POLICIES = "policies"


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is previewed.

    Attributes:
        stack: name of a stack that has a config file.
        events: file for the engine's events.
    """

    stack: str
    events: Path | None = None


def preview(workspace: Workspace, options: Options) -> int:
    """Have what a preview needs, then preview; 0 if nothing stands against an update.

    Raises:
        LocalError: if there is no such stack, or something needed cannot be had.
    """
    if options.stack not in (known := stacks(workspace)):
        raise LocalError(
            f"STACK is {options.stack!r}, but there is no Pulumi.{options.stack}.yaml.",
            fix=f"Give one of {', '.join(known)}.",
        )
    pulumi_engine.is_official()  # decided once, before steps that run side by side ask
    with system.only_one(workspace):
        step = Step(name="container images", run=partial(_images, workspace))
        run_steps(system.preparation(workspace, step))
        return preview_stack(workspace, options)


def stacks(workspace: Workspace) -> list[str]:
    """Names of the stacks that have a config file."""
    files = sorted(workspace.root.glob("Pulumi.*.yaml"))
    return [file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in files]


def preview_stack(workspace: Workspace, options: Options) -> int:
    """Preview on an emulator that runs, and print what the engine says.

    Raises:
        LocalError: if the stack's config cannot be read.
    """
    config_file, changes = _prepare(workspace, options.stack)
    print(_told(options.stack, changes), flush=True)
    env = pulumi_engine.engine_environment(workspace)
    command = [
        *("pulumi", "preview", "--stack", options.stack),
        *("--non-interactive", "--suppress-progress"),
        *("--config-file", str(config_file), *policy_options(workspace, options.stack)),
    ]
    if options.events:
        events = options.events.resolve()
        events.parent.mkdir(parents=True, exist_ok=True)
        events.unlink(missing_ok=True)
        command += ["--event-log", str(events)]
        env["PULUMI_DEBUG_COMMANDS"] = "true"  # the option is one of these
    done = subprocess.run(command, cwd=workspace.root, env=env, check=False)
    if done.returncode:
        print(f"\n✗ {options.stack} cannot be updated so: see above", file=sys.stderr)
    return 1 if done.returncode else 0


def policy_options(workspace: Workspace, stack: str) -> list[str]:
    """The policy pack, and its config for that stack if there is one."""
    config = Path(_POLICIES, "config", f"{stack}.json")
    if not (workspace.root / config).is_file():
        return ["--policy-pack", _POLICIES]
    return ["--policy-pack", _POLICIES, "--policy-pack-config", str(config)]


def _images(workspace: Workspace, watch: Watch) -> str:
    """The emulator's image, and the authority that Pulumi.local.yaml names; no database runs."""
    came_from = images.ensure_python_image(workspace, watch)
    ensure_authority(workspace, "database")
    images.ensure_emulator_image(workspace, watch)
    return came_from


def _prepare(workspace: Workspace, stack: str) -> tuple[Path, list[Change]]:
    """Have the stack in the local backend, and a copy of its config that fits the emulator."""
    folder = workspace.run / f"preview-{workspace.port}"
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / f"Pulumi.{stack}.yaml"
    env = pulumi_engine.engine_environment(workspace)
    _have_stack(workspace, stack, folder, env)
    log = workspace.logs / f"preview-{stack}-config.log"
    read = ["pulumi", "config", "--json", "--stack", stack, "--non-interactive"]
    shown = json.loads(run(read, log=log, env=env, cwd=workspace.root))
    config, hidden = read_config(shown)
    config, changes = for_emulator(config, _available(workspace))
    copy.write_text(json.dumps({"config": config}, indent=1))  # which is YAML, too
    return copy, [*hidden, *changes]


def _have_stack(workspace: Workspace, stack: str, folder: Path, env: dict[str, str]) -> None:
    """Make the stack unless it is there, from another directory.

    Where the stack's own file is, this would write a new key into it.
    """
    workspace.pulumi_state.mkdir(parents=True, exist_ok=True)
    project = workspace.root / "Pulumi.yaml"
    name = re.search(r"^name: *(\S+)", project.read_text(), re.MULTILINE)
    (folder / project.name).write_text(f"name: {name[1] if name else 'todo'}\nruntime: python\n")
    log = workspace.logs / f"preview-{stack}-stack.log"
    listed = run(["pulumi", "stack", "ls", "--json"], log=log, env=env, cwd=folder)
    if stack in (entry["name"] for entry in json.loads(listed)):
        return
    create = ["pulumi", "stack", "init", stack, "--no-select", "--non-interactive"]
    run(create, log=log, env=env, cwd=folder)


def _available(workspace: Workspace) -> Available:
    return Available(
        region=REGION,
        terraform_state=os.path.relpath(workspace.terraform_state, workspace.root),
        registry=f"localhost:{workspace.port}",
        registries=(f"localhost:{DEFAULT_PORT}",) if workspace.port != DEFAULT_PORT else (),
        components=pulumi_engine.is_official(),
    )


def _told(stack: str, changes: Sequence[Change]) -> str:
    if not changes:
        return f"\n  {stack} with the whole of its config\n"
    lines = [f"\n  {stack} with its config but for"]
    width = max(len(change.key) for change in changes)
    lines += [f"    {change.key:<{width}}  {change.here}: {change.why}" for change in changes]
    return "\n".join([*lines, ""])
