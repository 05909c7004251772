"""Containers of one run: on a CPU of their own or not, accounted for, removed at the end."""

from __future__ import annotations

import contextlib
import os
import socket
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.containers import docker
from local.errors import LocalError

__all__ = ["Container", "Containers", "cpu_accounting", "free_port", "two_cpus"]

_NANO = 1e-9
_MICRO = 1e-6


@dataclass(frozen=True, kw_only=True)
class Container:
    """A container of this run.

    Attributes:
        name: unique on this machine; begins with `todo-bench-` and the number of this process.
        cpu: file of the kernel that accounts for its CPU time.
    """

    name: str
    cpu: Path

    def cpu_seconds(self) -> float:
        """CPU time of all its processes so far, in user and kernel mode."""
        text = self.cpu.read_text()
        if self.cpu.name == "cpuacct.usage":
            return int(text) * _NANO
        fields = dict(line.split() for line in text.splitlines())
        return int(fields["usage_usec"]) * _MICRO


class Containers:
    """Makes containers, all in the host's network: what they serve, they serve on loopback."""

    def __init__(self) -> None:
        self._names: list[str] = []

    def create(
        self,
        image: str,
        *command: str,
        cpu: int | None,
        environment: Mapping[str, str] | None = None,
        options: Sequence[str] = (),
    ) -> str:
        """Create a container, on one CPU or on all, without starting it, and return its name."""
        name = f"todo-bench-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._names.append(name)  # before it exists: an interruption must not leave it behind
        docker(
            *("create", "--name", name, "--network", "host"),
            *(() if cpu is None else ("--cpuset-cpus", str(cpu))),
            *("--log-opt", "max-size=8m", *options),
            *(word for item in (environment or {}).items() for word in ("--env", "=".join(item))),
            *(image, *command),
        )
        return name

    def start(self, name: str) -> Container:
        """Start a container that was created."""
        docker("start", name)
        pid = docker("inspect", "--format", "{{.State.Pid}}", name).strip()
        return Container(name=name, cpu=cpu_accounting(Path(f"/proc/{pid}/cgroup").read_text()))

    def run(
        self,
        image: str,
        *command: str,
        cpu: int | None,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """Run a container to its end and return what it printed.

        Raises:
            LocalError: if it fails.
        """
        name = self.create(image, *command, cpu=cpu, environment=environment)
        try:
            return docker("start", "--attach", name)
        finally:
            self.remove(name)

    def remove(self, name: str) -> None:
        """Remove one container with its volumes, running or not."""
        with contextlib.suppress(LocalError):  # an interrupted `create` may not have made it
            docker("rm", "--force", "--volumes", name)
        self._names.remove(name)

    @contextlib.contextmanager
    def removed_at_the_end(self) -> Iterator[Containers]:
        """Remove every container that is left, however the block ends."""
        try:
            yield self
        finally:
            for name in [*self._names]:
                self.remove(name)


def cpu_accounting(cgroups: str, root: Path = Path("/sys/fs/cgroup")) -> Path:
    """The file with a process' CPU time, out of its `/proc/PID/cgroup`: version 1 or 2."""
    unified = root
    for line in cgroups.splitlines():
        _, controllers, path = line.split(":", 2)
        if "cpuacct" in controllers.split(","):
            return root / "cpuacct" / path.lstrip("/") / "cpuacct.usage"
        if not controllers:
            unified = root / path.lstrip("/") / "cpu.stat"
    return unified


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextlib.contextmanager
def two_cpus() -> Iterator[tuple[int, int]]:
    """One CPU for the servers; one for everything else, in the block this process included.

    Raises:
        LocalError: if there are not two.
    """
    available = os.sched_getaffinity(0)
    if len(available) == 1:
        raise LocalError(
            "The servers need a CPU of their own, and there is only one.",
            fix="Run the benchmark on a machine with two CPUs or more.",
        )
    servers, rest = sorted(available)[:2]
    os.sched_setaffinity(0, {rest})
    try:
        yield servers, rest
    finally:
        os.sched_setaffinity(0, available)
