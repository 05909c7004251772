"""What Docker holds of a local system."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass

from local.errors import LocalError
from local.workspace import Workspace

__all__ = ["Container", "containers", "docker"]


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
    lines = docker(
        *("ps", "--all", "--filter", f"network={workspace.name}"),
        *("--format", "{{.ID}}\t{{.Names}}\t{{.Status}}"),
    ).splitlines()
    rows = [line.split("\t") for line in lines]
    return [Container(id=row[0], name=row[1], status=row[2]) for row in rows]


def docker(*arguments: str) -> str:
    """Run the `docker` command and return what it printed.

    Raises:
        LocalError: if it fails.
    """
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise LocalError(
            f"`docker {arguments[0]}` failed: {done.stderr.strip()}",
            fix="If Docker is not running, start it and repeat; else this message says why.",
        )
    # A container's log comes on both.
    return done.stdout + (done.stderr if arguments[0] == "logs" else "")
