"""A Docker engine: the one that runs already, or one installed from the system's packages."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

from local.commands import Watch, run
from local.daemons import Daemon
from local.errors import LocalError
from local.workspace import Workspace

__all__ = ["ensure_docker", "install_packages", "server_version", "stop_docker"]

_SYSTEMD = Path("/run/systemd/system")


def server_version() -> str | None:
    """Version of the Docker engine that answers, or None."""
    if shutil.which("docker") is None:
        return None
    shown = subprocess.run(
        ["docker", "version", "--format", "{{.Server.Version}}"],
        capture_output=True,
        text=True,
        check=False,
    )
    return shown.stdout.strip() if shown.returncode == 0 else None


def ensure_docker(workspace: Workspace, watch: Watch) -> str:
    """Find a running engine; else, as root on Debian or Ubuntu, install and start one.

    Raises:
        LocalError: if there is none and none can be started.
    """
    if version := server_version():
        return f"running, version {version}"
    if host := os.environ.get("DOCKER_HOST"):
        raise LocalError(
            f"The Docker engine that DOCKER_HOST names ({host}) does not answer.",
            fix="Start it, or unset DOCKER_HOST to use the one of this machine.",
        )
    if platform.system() != "Linux" or os.geteuid() != 0:
        raise _unusable()
    if shutil.which("dockerd") is None:
        install_packages(workspace, "docker.io", watch=watch)
    return _start(workspace, watch)


def _unusable() -> LocalError:
    """Why this person cannot use Docker, as far as its own client tells."""
    if shutil.which("docker") is None:
        fix = "Install Docker: https://docs.docker.com/get-started/get-docker"
        return LocalError("Docker is not installed.", fix=fix)
    shown = subprocess.run(["docker", "version"], capture_output=True, text=True, check=False)
    if "permission denied" in shown.stderr.lower():
        return LocalError(
            "You are not allowed to use Docker.",
            fix="`sudo usermod -aG docker $USER`, then log in again.",
        )
    fix = "Start it (Docker Desktop, colima or `sudo systemctl start docker`) and repeat."
    return LocalError("Docker is not running.", fix=fix)


def install_packages(workspace: Workspace, *names: str, watch: Watch) -> None:
    """Install Debian packages, with the system's own package manager.

    Raises:
        LocalError: if this is not a Debian system, or not as root, or the installation fails.
    """
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise LocalError(
            f"{' and '.join(names)} must be installed first.",
            fix="Use your system's package manager, or repeat as root on Debian or Ubuntu.",
        )
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"]
    install = [*apt, "install", "--yes", "--no-install-recommends", *names]
    run([*apt, "update"], log=workspace.logs / "apt-update.log", watch=watch, env=env)
    run(install, log=workspace.logs / f"apt-{names[0]}.log", watch=watch, env=env)


def _start(workspace: Workspace, watch: Watch) -> str:
    if _SYSTEMD.exists():  # its own service, which the package may have started already
        run(["systemctl", "start", "docker"], log=workspace.logs / "docker.log", watch=watch)
        return f"started, version {server_version()}"
    daemon = _daemon(workspace)
    daemon.start(["dockerd", f"--mtu={_mtu()}"])
    daemon.wait_until(lambda: server_version() is not None, seconds=60)
    return f"started, version {server_version()}"


def _mtu() -> int:
    """MTU of the network that containers reach the world through; larger packets would be lost."""
    interfaces = Path("/sys/class/net")
    sizes = [
        int((interface / "mtu").read_text())
        for interface in interfaces.iterdir()
        if (interface / "device").exists()
    ]
    return min([1500, *sizes])


def stop_docker(workspace: Workspace) -> bool:
    """Stop the engine if `ensure_docker` started it and nothing else uses it by now.

    Returns:
        Whether it was stopped.
    """
    if server_version() is not None and _others_use_it():
        return False
    return _daemon(workspace).stop(seconds=60)


def _others_use_it() -> bool:
    shown = subprocess.run(["docker", "ps", "--quiet"], capture_output=True, text=True, check=False)
    return bool(shown.stdout.strip())


def _daemon(workspace: Workspace) -> Daemon:
    return Daemon.of(workspace, "dockerd")
