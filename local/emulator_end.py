"""What happens when the emulator ends while something is deployed to it."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
from collections.abc import Iterator

from local.commands import interrupt_commands, last_lines
from local.containers import containers, docker
from local.docker_engine import server_version
from local.emulator import endpoint_containers
from local.errors import LocalError
from local.workspace import Workspace

__all__ = ["commands_end_with_emulator", "require_emulator"]


@contextlib.contextmanager
def commands_end_with_emulator(workspace: Workspace) -> Iterator[None]:
    """End every command when the emulator ends: Pulumi and Terraform would try on for minutes.

    They are killed: what they write down in order is of no use any more.
    """
    name, _ = endpoint_containers(workspace)
    is_over = threading.Event()
    with subprocess.Popen(
        ["docker", "wait", name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as waiting:

        def watch() -> None:
            if waiting.wait() == 0 and not is_over.is_set():
                interrupt_commands(signal.SIGKILL)

        watching = threading.Thread(target=watch, name="emulator-end", daemon=True)
        watching.start()
        try:
            yield
        finally:
            is_over.set()
            waiting.kill()
            watching.join()


def require_emulator(workspace: Workspace) -> None:
    """Check that neither endpoint has ended: whatever else failed then, this is why.

    Raises:
        LocalError: if one has.
    """
    if server_version() is None:
        return
    for one in containers(workspace):
        # One that was never started has a reason of its own, which was told.
        if one.name in endpoint_containers(workspace) and one.status.startswith("Exited"):
            raise LocalError(
                f"The AWS emulator ended: {one.name} is {one.status}. Its last words:\n"
                f"{last_lines(docker('logs', one.name))}",
                fix="`make up` starts afresh, without the todos.",
            )
