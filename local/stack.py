"""Deploys the Pulumi stack `local` with the policy pack on, exactly as a person would by hand."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local import terraform
from local.commands import CommandError, Watch, run
from local.errors import LocalError
from local.pulumi_engine import engine_environment
from local.workspace import DEFAULT_PORT, Workspace

__all__ = [
    "STACK",
    "STUCK",
    "config_file",
    "is_half_made",
    "keep_config",
    "load_balancer",
    "up",
]

STACK = "local"
_STACK_TYPE = "pulumi:pulumi:Stack"
_CREATING = "creating"
STUCK = "If it stays so: `make down` and then `make up` start afresh, without the todos."


@dataclass(frozen=True, kw_only=True)
class _Checkpoint:
    """What an update has written down so far.

    Attributes:
        is_complete: whether one ever came to its end, so that there may be todos.
        pending: URNs of what was being created when Pulumi was killed.
    """

    is_complete: bool = False
    pending: tuple[str, ...] = ()

    @classmethod
    def of(cls, workspace: Workspace) -> _Checkpoint:
        """Read it from the file backend: the engine may not be there yet."""
        try:
            (file,) = workspace.pulumi_state.glob(f".pulumi/stacks/*/{STACK}.json")
            latest = json.loads(file.read_text())["checkpoint"]["latest"] or {}
        except (OSError, ValueError, KeyError):
            return cls()
        stacks = [one for one in latest.get("resources", ()) if one["type"] == _STACK_TYPE]
        operations = latest.get("pending_operations") or ()
        return cls(
            is_complete=any(one.get("outputs") for one in stacks),
            pending=tuple(one["resource"]["urn"] for one in operations if one["type"] == _CREATING),
        )


def is_half_made(workspace: Workspace) -> bool:
    """Whether a killed run left at the emulator what no state tells of, before there was a page.

    What was being made can neither be found by its state nor always made a second time; to start
    afresh loses nothing then.
    """
    checkpoint = _Checkpoint.of(workspace)
    cut_off = checkpoint.pending or terraform.was_cut_off(workspace)
    return bool(cut_off) and not checkpoint.is_complete


def up(workspace: Workspace, watch: Watch) -> str:
    """Preview, check the policies, then deploy what differs; return the engine's own summary.

    Raises:
        LocalError: with the engine's diagnostics, policy violations included.
    """
    env = engine_environment(workspace)
    workspace.pulumi_state.mkdir(parents=True, exist_ok=True)
    log = workspace.logs / "pulumi-stack.log"
    select = ["pulumi", "stack", "select", "--create", STACK, "--non-interactive"]
    run(select, log=log, env=env, cwd=workspace.root)
    # `make up` has a lock of its own, so that one of Pulumi's is what an interrupted run left.
    cancel = ["pulumi", "cancel", "--yes", "--stack", STACK]
    run(cancel, log=log.with_name("pulumi-cancel.log"), env=env, cwd=workspace.root)
    forgotten = _forget_pending(workspace, env)
    log = workspace.logs / "pulumi-up.log"
    try:
        output = run(
            [
                *("pulumi", "up", "--stack", STACK, "--yes", "--non-interactive"),
                *("--color", "never", *config_file(workspace)),
                *("--policy-pack", "policies"),
                *("--policy-pack-config", f"policies/config/{STACK}.json"),
            ],
            log=log,
            watch=watch,
            env=env,
            cwd=workspace.root,
        )
    except CommandError as failure:
        if failure.code < 0:  # nothing it names is to be mended
            raise LocalError(failure.args[0], fix=f"`make up` resumes. {failure.fix}") from None
        raise LocalError(
            f"`pulumi up` failed:\n{_diagnostics(log.read_text())}{_what_ecs_says(workspace)}",
            fix=f"Mend what it names, then `make up` again. {STUCK} The whole output is in {log}.",
        ) from None
    return _summary(output) + forgotten


def _forget_pending(workspace: Workspace, env: Mapping[str, str]) -> str:
    """Let what was being created when a run was killed be created again; tell what that means.

    `pulumi up` would keep it in mind for ever: only a person can find out whether it is there.
    """
    pending = _Checkpoint.of(workspace).pending
    if not pending:
        return ""
    file = workspace.run / f"deployment-{workspace.port}.json"
    for command in ("export", "import"):
        words = ["pulumi", "stack", command, "--stack", STACK, "--file", file]
        log = workspace.logs / f"pulumi-{command}.log"
        run(words, log=log, env=env, cwd=workspace.root)
    file.unlink()
    names = ", ".join(urn.rpartition("::")[2] for urn in pending)
    return f"; the last run was cut off and may have left a second {names}"


def _what_ecs_says(workspace: Workspace) -> str:
    """Why the service does not run what was deployed, in lines of `make verify`; else nothing."""
    done = subprocess.run(
        [workspace.python, "-m", "ops.verify", "--stack", STACK, "--only", "service"],
        cwd=workspace.root,
        env=engine_environment(workspace),
        capture_output=True,
        text=True,
        check=False,
    )
    return f"\nWhat ECS says:\n{done.stdout.rstrip()}" if done.returncode == 1 else ""


def load_balancer(workspace: Workspace) -> str:
    """Name of the deployed load balancer, by which the emulator forwards.

    Raises:
        LocalError: if the stack is not deployed.
    """
    command = ["pulumi", "stack", "output", "load_balancer", "--stack", STACK]
    log = workspace.logs / "pulumi-output.log"
    try:
        shown = run(command, log=log, env=engine_environment(workspace), cwd=workspace.root)
    except LocalError:
        raise LocalError("The stack is not deployed.", fix="Run `make up`.") from None
    return shown.strip()


def config_file(workspace: Workspace) -> list[str]:
    """Options for a system on another port: a copy of the stack's config that names that port."""
    if workspace.port == DEFAULT_PORT:
        return []
    config, copy = (workspace.root / f"Pulumi.{STACK}.yaml").read_text(), _copy(workspace)
    copy.write_text(config.replace(f"localhost:{DEFAULT_PORT}", f"localhost:{workspace.port}"))
    return ["--config-file", str(copy)]


def keep_config(workspace: Workspace) -> None:
    """Take over into the stack's config what a command changed in that copy."""
    if workspace.port == DEFAULT_PORT or not _copy(workspace).exists():
        return
    config = _copy(workspace).read_text()
    (workspace.root / f"Pulumi.{STACK}.yaml").write_text(
        config.replace(f"localhost:{workspace.port}", f"localhost:{DEFAULT_PORT}")
    )


def _copy(workspace: Workspace) -> Path:
    return workspace.run / f"Pulumi.{STACK}-{workspace.port}.yaml"


def _summary(output: str) -> str:
    """The counts of the last `Resources:` block, such as `37 unchanged`."""
    blocks = re.findall(r"^Resources:\n((?:[ ]+.+\n)+)", output, flags=re.MULTILINE)
    return ", ".join(line.strip() for line in blocks[-1].splitlines()) if blocks else "done"


def _diagnostics(output: str) -> str:
    """What the engine has to say about a failure: everything from its first such heading on."""
    found = re.search(r"^(Diagnostics|Policies|Policy Violations):.*", output, re.M | re.S)
    return found.group(0).rstrip() if found else output[-2000:]
