"""The AWS endpoint of a local system: MiniStack, and the one service it lacks beside it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass

from local.commands import Watch
from local.daemons import Daemon
from local.errors import LocalError
from local.images import IMAGE_PREFIX, PYTHON
from local.workspace import REGION, Workspace

__all__ = ["containers", "emulator_version", "ensure_emulator", "running_pids", "stop_emulator"]


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
    emulator, autoscaling = _daemons(workspace)
    resumed = emulator.pid() is not None and emulator_version(workspace) is not None
    if not resumed:
        stop_emulator(workspace)
        _require_free_ports(workspace)
        _create_network(workspace)
        emulator.start(
            [workspace.python, "-m", "local.emulator_server"], env=_emulator_environment(workspace)
        )
        watch("waiting for the endpoint")
        emulator.wait_until(lambda: emulator_version(workspace) is not None, seconds=60)
    if autoscaling.pid() is None:
        state = workspace.run / f"autoscaling-{workspace.port}-state.json"
        autoscaling.start(
            [
                *(workspace.python, "-m", "local.autoscaling_api"),
                *("--port", str(workspace.autoscaling_port), "--state", str(state)),
            ],
            env={**workspace.environment(), "PYTHONPATH": str(workspace.root)},
        )
        autoscaling.wait_until(lambda: _listens(workspace.autoscaling_port), seconds=30)
    version = emulator_version(workspace)
    return f"MiniStack {version} on {workspace.endpoint}, {'running' if resumed else 'started'}"


def stop_emulator(workspace: Workspace) -> int:
    """Stop both endpoints; remove their containers, network and the state that described them.

    Returns:
        How many containers were removed.
    """
    for daemon in _daemons(workspace):
        daemon.stop()
    found = [container.id for container in containers(workspace)]
    if found:
        _docker("rm", "--force", "--volumes", *found)
    if workspace.name in _docker("network", "ls", "--format", "{{.Name}}").split():
        _docker("network", "rm", workspace.name)
    for leftover in (
        *workspace.terraform_state.parent.glob(f"{workspace.terraform_state.name}*"),
        *workspace.run.glob(f"autoscaling-{workspace.port}-state.json*"),
    ):
        leftover.unlink()
    shutil.rmtree(workspace.pulumi_state, ignore_errors=True)
    return len(found)


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


def containers(workspace: Workspace) -> list[Container]:
    """Every container of this system, running or not."""
    if shutil.which("docker") is None:
        return []
    lines: Iterable[str] = _docker(
        *("ps", "--all", "--filter", f"network={workspace.name}"),
        *("--format", "{{.ID}}\t{{.Names}}\t{{.Status}}"),
    ).splitlines()
    rows = [line.split("\t") for line in lines]
    return [Container(id=row[0], name=row[1], status=row[2]) for row in rows]


def running_pids(workspace: Workspace) -> dict[str, int]:
    """Ids of this system's own processes by name."""
    return {daemon.name: pid for daemon in _daemons(workspace) if (pid := daemon.pid()) is not None}


def _daemons(workspace: Workspace) -> tuple[Daemon, Daemon]:
    return Daemon.of(workspace, "emulator"), Daemon.of(workspace, "autoscaling-api")


def _emulator_environment(workspace: Workspace) -> dict[str, str]:
    return {
        **workspace.environment(),
        "PYTHONPATH": str(workspace.root),
        "GATEWAY_PORT": str(workspace.port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "MINISTACK_HOSTNAME": workspace.name,
        "MINISTACK_IMAGE_PREFIX": IMAGE_PREFIX,
        "MINISTACK_DOCKER_TIMEOUT": "60",
        "IOT_MTLS_ENABLED": "0",  # a listener on every interface, for a service not used here
        # Tasks and databases join the network of the container that HOSTNAME names: with it the
        # emulator reports addresses that this machine and the tasks can both reach.
        "DOCKER_NETWORK": workspace.name,
        "HOSTNAME": _anchor(workspace),
    }


def _anchor(workspace: Workspace) -> str:
    return f"{workspace.name}-anchor"


def _create_network(workspace: Workspace) -> None:
    _docker("network", "create", workspace.name)
    _docker(
        *("run", "--detach", "--init", "--name", _anchor(workspace)),
        *("--network", workspace.name, PYTHON, "sleep", "infinity"),
    )


def _require_free_ports(workspace: Workspace) -> None:
    for port in (workspace.port, workspace.autoscaling_port):
        if _listens(port):
            raise LocalError(
                f"Port {port} is taken by another program, so the AWS endpoint cannot use it.",
                fix=f"Stop that program (`lsof -i :{port}` names it), or set LOCAL_PORT to a free "
                "port.",
            )


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise LocalError(
            f"`docker {arguments[0]}` failed: {done.stderr.strip()}",
            fix="Is Docker running? `docker info` shows.",
        )
    return done.stdout
