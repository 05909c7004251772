"""A copy of the checkout to spoil, with a local system of its own on another port."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from local.containers import containers
from local.pulumi_engine import assemble
from local.workspace import Workspace
from tests.running_system import CommandResult, local_command, plain_pulumi

__all__ = ["Scratch", "copy_checkout", "free_port"]

_PORTS = 4  # that a local system may use, from its first on


@dataclass(frozen=True, kw_only=True)
class Scratch:
    """A copy of the sources as they are now, committed or not."""

    workspace: Workspace

    def local(self, command: str, **variables: str) -> CommandResult:
        """Run `python3 -m local COMMAND` in the copy."""
        return local_command(command, self.workspace, {**os.environ, **variables})

    def pulumi(self, *arguments: str) -> CommandResult:
        """Run plain `pulumi` in the copy, with nothing of ours but the environment."""
        return plain_pulumi(self.workspace, *arguments)

    def remove(self) -> None:
        """Take its system down, after which no container of it is left."""
        down = self.local("down")
        assert down.code == 0, down.output
        assert containers(self.workspace) == []

    def replace(self, file: str, old: str, new: str) -> None:
        """Change one place in a source file."""
        path = self.workspace.root / file
        text = path.read_text()
        assert text.count(old) == 1, f"{old!r} is not in {file} exactly once"
        path.write_text(text.replace(old, new))


def copy_checkout(source: Workspace, target: Path, *, port: int) -> Scratch:
    """Copy what git would track; builds, packages and the database's authority are shared."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=source.root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (source.root / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source.root / name, target / name)
    workspace = Workspace(root=target, port=port)
    workspace.home.mkdir(parents=True)
    workspace.venv.symlink_to(source.venv)
    workspace.cache.symlink_to(source.cache)
    shutil.copytree(source.tls, workspace.tls)
    workspace.pulumi_state.mkdir()
    assemble(workspace, lambda _line: None)
    return Scratch(workspace=workspace)


def free_port() -> int:
    """A port for a local system: it is free, as are those after it."""
    while True:
        with contextlib.ExitStack() as held, contextlib.suppress(OSError, OverflowError):
            first = held.enter_context(socket.create_server(("127.0.0.1", 0)))
            port: int = first.getsockname()[1]
            for other in range(port + 1, port + _PORTS):
                held.enter_context(socket.create_server(("127.0.0.1", other)))
            return port
