"""Deploys the Pulumi stack `local` with the policy pack on, exactly as a person would by hand."""

from __future__ import annotations

import re
from pathlib import Path

from local.commands import Watch, run
from local.errors import LocalError
from local.pulumi_engine import engine_environment
from local.workspace import DEFAULT_PORT, Workspace

__all__ = ["STACK", "STUCK", "config_file", "keep_config", "load_balancer", "up"]

STACK = "local"
STUCK = "If it stays so: `make down` and then `make up` start afresh, without the todos."


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
    except LocalError:
        raise LocalError(
            f"`pulumi up` failed:\n{_diagnostics(log.read_text())}",
            fix=f"Mend what it names, then `make up` again. {STUCK} The whole output is in {log}.",
        ) from None
    return _summary(output)


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
