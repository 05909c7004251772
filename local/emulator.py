"""The AWS endpoint of a local system: MiniStack, and the one service it lacks beside it.

Both run in containers on the network of the tasks and databases that the emulator starts, so that
every address it reports is right for all of them.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

from local.commands import Watch, last_lines, reachable
from local.errors import LocalError
from local.images import EMULATOR, IMAGE_PREFIX
from local.workspace import REGION, Workspace

__all__ = ["Container", "containers", "emulator_version", "ensure_emulator", "stop_emulator"]

_READY_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Container:
    """A container of this local system."""

    id: str
    name: str
    status: str

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.status.startswith("Up")


def emulator_version(workspace: Workspace) -> str | None:
    """Version of the emulator if it answers on our port, else None."""
    try:
        url = f"{workspace.endpoint}/_ministack/health"
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - loopback only
            return str(json.load(answer)["version"])
    except (OSError, ValueError, KeyError):
        return None


def ensure_emulator(workspace: Workspace, watch: Watch) -> str:
    """Have both endpoints running; a fresh emulator is empty, so old state files are removed.

    Raises:
        LocalError: if a port is taken by something else, or an endpoint does not start.
    """
    running = {container.name for container in containers(workspace) if container.is_running}
    resumed = {_emulator(workspace), _autoscaling(workspace)} <= running
    if not resumed:
        stop_emulator(workspace)
        _require_free_ports(workspace)
        _docker("network", "create", workspace.name)
        _start_emulator(workspace)
        _start_autoscaling(workspace)
    watch("waiting for the endpoints")
    _wait_for(_emulator(workspace), lambda: emulator_version(workspace) is not None)
    _wait_for(_autoscaling(workspace), lambda: reachable(workspace.autoscaling_endpoint))
    version = emulator_version(workspace)
    return f"MiniStack {version} on {workspace.endpoint}, {'running' if resumed else 'started'}"


def stop_emulator(workspace: Workspace) -> int:
    """Remove both endpoints, all they started, their network and the state that described it.

    Returns:
        How many containers were removed.
    """
    # The emulator first: it would replace the tasks that end.
    names = (_emulator(workspace), _autoscaling(workspace))
    found = sorted(containers(workspace), key=lambda container: container.name not in names)
    for container in found:
        _docker("rm", "--force", "--volumes", container.id)
    if workspace.name in _docker("network", "ls", "--format", "{{.Name}}").split():
        _docker("network", "rm", workspace.name)
    for state in workspace.terraform_state.parent.glob(f"{workspace.terraform_state.name}*"):
        state.unlink()
    workspace.terraform_applied.unlink(missing_ok=True)
    shutil.rmtree(workspace.pulumi_state, ignore_errors=True)
    return len(found)


def containers(workspace: Workspace) -> list[Container]:
    """Every container of this system, running or not."""
    if shutil.which("docker") is None:
        return []
    lines = _docker(
        *("ps", "--all", "--filter", f"network={workspace.name}"),
        *("--format", "{{.ID}}\t{{.Names}}\t{{.Status}}"),
    ).splitlines()
    rows = [line.split("\t") for line in lines]
    return [Container(id=row[0], name=row[1], status=row[2]) for row in rows]


def _emulator(workspace: Workspace) -> str:
    return f"{workspace.name}-emulator"


def _autoscaling(workspace: Workspace) -> str:
    return f"{workspace.name}-autoscaling"


def _start_emulator(workspace: Workspace) -> None:
    settings = {
        "GATEWAY_PORT": str(workspace.port),
        "MINISTACK_REGION": REGION,
        "MINISTACK_HOSTNAME": workspace.name,
        "MINISTACK_IMAGE_PREFIX": IMAGE_PREFIX,
        "MINISTACK_DOCKER_TIMEOUT": "60",
        "IOT_MTLS_ENABLED": "0",
    }
    _start(
        workspace,
        _emulator(workspace),
        workspace.port,
        # It starts databases and tasks beside itself.
        *("--volume", f"{_docker_socket()}:/var/run/docker.sock"),
        *(word for name, value in settings.items() for word in ("--env", f"{name}={value}")),
        EMULATOR,
    )


def _start_autoscaling(workspace: Workspace) -> None:
    port = workspace.autoscaling_port
    _start(
        workspace,
        _autoscaling(workspace),
        port,
        *(EMULATOR, "python", "-m", "local.autoscaling_api"),
        *("--host", "0.0.0.0", "--port", str(port), "--region", REGION),  # noqa: S104 - of the container
        *("--state", "/var/tmp/autoscaling.json"),  # noqa: S108 - nobody else is in there
    )


def _start(workspace: Workspace, name: str, port: int, *arguments: str) -> None:
    """Start a container whose port is published on the loopback address only."""
    _docker(
        *("run", "--detach", "--init", "--name", name, "--network", workspace.name),
        *("--publish", f"127.0.0.1:{port}:{port}", *arguments),
    )


def _docker_socket() -> str:
    return os.environ.get("DOCKER_HOST", "").removeprefix("unix://") or "/var/run/docker.sock"


def _require_free_ports(workspace: Workspace) -> None:
    for port in (workspace.port, workspace.autoscaling_port):
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                continue
        raise LocalError(
            f"Port {port} is taken by another program, so the AWS endpoint cannot use it.",
            fix=f"Stop that program (`lsof -i :{port}` names it), or set LOCAL_PORT to a free one.",
        )


def _wait_for(name: str, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not ready():
        running = _docker("inspect", "--format", "{{.State.Running}}", name).strip() == "true"
        if not running or time.monotonic() > deadline:
            raise LocalError(
                f"{name} {f'was not ready in {_READY_SECONDS} s' if running else 'ended'}:\n"
                f"{last_lines(_docker('logs', name))}",
                fix=f"`docker logs {name}` shows all of it.",
            )
        time.sleep(0.2)


def _docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise LocalError(
            f"`docker {arguments[0]}` failed: {done.stderr.strip()}",
            fix="Is Docker running? `docker info` shows.",
        )
    # A container's log comes on both.
    return done.stdout + (done.stderr if arguments[0] == "logs" else "")
