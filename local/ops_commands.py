"""Runs `ops.verify`, `ops.drift` and `ops.restore` on the local system, as at AWS.

They get its environment, and what a stack at AWS has by itself: a URL that leads to the page.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence

from local import stack
from local.pulumi_engine import engine_environment
from local.system import load_balancer_host
from local.workspace import Workspace

__all__ = ["OPS_COMMANDS", "run_ops"]


def _verify(workspace: Workspace) -> list[str]:
    return ["--url", f"http://{load_balancer_host(workspace)}/"]


def _drift(workspace: Workspace) -> list[str]:
    return [*stack.config_file(workspace), "--known", str(workspace.root / "local" / "drift.toml")]


_CHANGING = "restore"  # what the stack's config says

OPS_COMMANDS: Mapping[str, Callable[[Workspace], list[str]]] = {
    "drift": _drift,
    _CHANGING: stack.config_file,
    "verify": _verify,
}
"""By name, what each is told."""


def run_ops(workspace: Workspace, command: str, arguments: Sequence[str]) -> int:
    """Run one of them and return its exit code.

    Raises:
        LocalError: if the stack is not deployed.
    """
    told = OPS_COMMANDS[command](workspace)
    words = [
        str(workspace.python),
        "-m",
        f"ops.{command}",
        "--stack",
        stack.STACK,
        *told,
        *arguments,
    ]
    env = engine_environment(workspace)
    done = subprocess.run(words, cwd=workspace.root, env=env, check=False)
    if command == _CHANGING:
        stack.keep_config(workspace)
    return done.returncode
