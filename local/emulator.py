"""The AWS endpoint of a local system: MiniStack, and the one service it lacks beside it.

Both run in containers on the network of the tasks and databases that the emulator starts, so that
every address it reports is right for all of them.
"""

from __future__ import annotations

import http.client
import json
import os
import platform
import shutil
import socket
import time
from collections.abc import Callable, Sequence

from local.certificates import ensure_server_certificate
from local.commands import LOOPBACK, Watch, last_lines, pause, reachable
from local.containers import containers, docker
from local.docker_engine import server_version
from local.errors import LocalError
from local.images import emulator_image
from local.stack import is_half_made
from local.time_lapse import VARIABLE, default_seconds
from local.workspace import REGION, Workspace

__all__ = ["emulator_version", "endpoint_containers", "ensure_emulator", "stop_emulator"]

_READY_SECONDS = 60
_DATABASE_PORTS = 20_000
_CERTIFICATE = "/srv/load-balancer.pem"
_OWNER = "todo.local.checkout"


def emulator_version(workspace: Workspace) -> str | None:
    """Version of the emulator if it answers on our port, else None."""
    try:
        with LOOPBACK.open(f"{workspace.endpoint}/_ministack/health", timeout=5) as answer:
            return str(json.load(answer)["version"])
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return None


def ensure_emulator(workspace: Workspace, watch: Watch) -> str:
    """Have both endpoints running; a fresh emulator is empty, so old state files are removed.

    Raises:
        LocalError: if a port is taken by something else, or an endpoint does not start.
    """
    _require_ours(workspace)
    running = {container.name for container in containers(workspace) if container.is_running}
    endpoints = set(endpoint_containers(workspace))
    known = endpoints <= running and workspace.pulumi_state.exists()
    cut_off = known and is_half_made(workspace)
    if not known or cut_off:
        stop_emulator(workspace)
        _require_free_ports(workspace)
        docker("network", "create", workspace.name)
        _start_emulator(workspace)
        _start_autoscaling(workspace)
    watch("waiting for the endpoints")
    _wait_for(_emulator(workspace), lambda: emulator_version(workspace) is not None)
    endpoint = workspace.autoscaling_endpoint
    _wait_for(_autoscaling(workspace), lambda: reachable(endpoint, opener=LOOPBACK))
    state = "started afresh: the last run was cut off" if cut_off else "started"
    state = "running" if known and not cut_off else state
    if not _is_current(workspace):
        state = "older than its sources, `make down` ends it"
    return f"MiniStack {emulator_version(workspace)} on {workspace.endpoint}, {state}"


def stop_emulator(workspace: Workspace) -> int:
    """Remove both endpoints, all they started, their network and the state that described it.

    Returns:
        How many containers were removed.

    Raises:
        LocalError: if there is something to remove, but Docker does not run, or it is not ours.
    """
    removed = 0
    if server_version() is None:
        if workspace.pulumi_state.exists():
            raise LocalError(
                "Docker is not running, so what it holds of this system cannot be removed.",
                fix="Start Docker (`make up` may do it) and repeat.",
            )
    else:
        _require_ours(workspace)
        removed = _remove_containers(workspace)
        if workspace.name in docker("network", "ls", "--format", "{{.Name}}").split():
            docker("network", "rm", workspace.name)
    for state in workspace.terraform_state.parent.glob(f"{workspace.terraform_state.name}*"):
        state.unlink()
    workspace.terraform_applied.unlink(missing_ok=True)
    shutil.rmtree(workspace.pulumi_state, ignore_errors=True)
    return removed


def _emulator(workspace: Workspace) -> str:
    return f"{workspace.name}-emulator"


def _autoscaling(workspace: Workspace) -> str:
    return f"{workspace.name}-autoscaling"


def endpoint_containers(workspace: Workspace) -> tuple[str, str]:
    """Names of the containers of both endpoints, MiniStack's first."""
    return _emulator(workspace), _autoscaling(workspace)


def _remove_containers(workspace: Workspace) -> int:
    # The emulator first: it would replace the tasks that end.
    endpoints = endpoint_containers(workspace)
    removed = 0
    while found := containers(workspace):
        found.sort(key=lambda container: container.name not in endpoints)
        for container in found:
            docker("rm", "--force", "--volumes", container.id)
        removed += len(found)
    return removed


def _require_ours(workspace: Workspace) -> None:
    """Refuse to touch another checkout's system, or a second one of this checkout."""
    shown = docker(
        *("ps", "--all", "--filter", f"label={_OWNER}"),
        *("--format", f'{{{{.Label "{_OWNER}"}}}}\t{{{{.Names}}}}'),
    )
    ours = endpoint_containers(workspace)
    for line in shown.splitlines():
        owner, name = line.split("\t")
        if name in ours and owner != str(workspace.root):
            raise LocalError(
                f"Port {workspace.port} is that of the system of {owner}.",
                fix="Run `make down` there, or set LOCAL_PORT to a free port here.",
            )
        if name not in ours and owner == str(workspace.root):
            raise LocalError(
                f"This checkout has a system on another port already: {name}.",
                fix="Set LOCAL_PORT as it was for that one, and `make down` removes it.",
            )


def _is_current(workspace: Workspace) -> bool:
    """Whether the emulator runs the image that the sources make."""
    running = docker("inspect", "--format", "{{.Image}}", _emulator(workspace))
    return running == docker("image", "inspect", "--format", "{{.Id}}", emulator_image(workspace))


def _start_emulator(workspace: Workspace) -> None:
    settings = {
        "GATEWAY_PORT": str(workspace.port),
        "MINISTACK_REGION": REGION,
        "MINISTACK_HOSTNAME": workspace.name,
        "MINISTACK_IMAGE_PREFIX": workspace.image_prefix,
        "MINISTACK_DOCKER_TIMEOUT": "60",
        # On the host, where another system's databases may have the emulator's usual ones.
        "RDS_BASE_PORT": str(_DATABASE_PORTS + workspace.port % 10_000),
        "IOT_MTLS_ENABLED": "0",
        VARIABLE: str(default_seconds()),
        "LOAD_BALANCER_HTTP_PORT": str(workspace.http_port),
        "LOAD_BALANCER_HTTPS_PORT": str(workspace.https_port),
        "LOAD_BALANCER_CERTIFICATE": _CERTIFICATE,
    }
    ensure_server_certificate(workspace, "load-balancer", "localhost", "*.alb.localhost")
    _start(
        workspace,
        _emulator(workspace),
        (workspace.port, workspace.http_port, workspace.https_port),
        *("--volume", f"{workspace.tls}/load-balancer.pem:{_CERTIFICATE}:ro"),
        # It starts databases and tasks beside itself.
        *("--volume", f"{_docker_socket()}:/var/run/docker.sock"),
        *(word for name, value in settings.items() for word in ("--env", f"{name}={value}")),
        emulator_image(workspace),
    )


def _start_autoscaling(workspace: Workspace) -> None:
    port = workspace.autoscaling_port
    settings = {
        # Where metrics are read and tasks are asked for.
        "AWS_ENDPOINT_URL": f"http://{_emulator(workspace)}:{workspace.port}",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        VARIABLE: str(default_seconds()),
    }
    _start(
        workspace,
        _autoscaling(workspace),
        (port,),
        *(word for name, value in settings.items() for word in ("--env", f"{name}={value}")),
        *(emulator_image(workspace), "python", "-m", "local.autoscaling_api"),
        *("--host", "0.0.0.0", "--port", str(port), "--region", REGION),  # noqa: S104 - of the container
        *("--state", "/var/tmp/autoscaling.json"),  # noqa: S108 - nobody else is in there
    )


def _start(workspace: Workspace, name: str, ports: Sequence[int], *arguments: str) -> None:
    """Start a container whose ports are published on the loopback address only."""
    published = (f"127.0.0.1:{port}:{port}" for port in ports)
    docker(
        *("run", "--detach", "--init", "--name", name, "--network", workspace.name),
        *("--label", f"{_OWNER}={workspace.root}"),
        *(word for address in published for word in ("--publish", address)),
        *arguments,
    )


def _docker_socket() -> str:
    """The engine's socket as the engine's own machine knows it."""
    host = os.environ.get("DOCKER_HOST", "")
    if platform.system() == "Linux" and host.startswith("unix://"):
        return host.removeprefix("unix://")
    return "/var/run/docker.sock"


def _require_free_ports(workspace: Workspace) -> None:
    for port in range(workspace.port, workspace.https_port + 1):
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
        running = docker("inspect", "--format", "{{.State.Running}}", name).strip() == "true"
        if not running or time.monotonic() > deadline:
            raise LocalError(
                f"{name} {f'was not ready in {_READY_SECONDS} s' if running else 'ended'}:\n"
                f"{last_lines(docker('logs', name))}",
                fix=f"`docker logs {name}` shows all of it.",
            )
        pause(0.2)
