"""The application's image built as a deployment builds it, and containers of it."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import subprocess
import tarfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from local.containers import docker
from local.toolchain.docker_image import ImageBuild, build

__all__ = ["APP", "Image", "Running", "built", "read_layers", "started"]

APP = Path(__file__).parents[2] / "app"
SECONDS = 60

# As a task runs it.
HARDENED = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges")


@dataclass(frozen=True, kw_only=True)
class Image:
    """The built image, and the files that its layers hold.

    Attributes:
        bytecode: the first bytes of each compiled module.
        packed: size of its layers as they travel to and from a registry.
    """

    name: str
    files: dict[str, tarfile.TarInfo] = field(repr=False)
    bytecode: dict[str, bytes] = field(repr=False)
    packed: int

    def run(self, *arguments: str, options: tuple[str, ...] = ()) -> tuple[int, str]:
        """Run a container to its end, without a network; return exit code and output."""
        done = subprocess.run(
            ["docker", "run", "--rm", "--network=none", *HARDENED, *options, self.name, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=5 * SECONDS,
        )
        return done.returncode, done.stdout

    def python(self, code: str) -> str:
        """Run code in the image's Python; return what it printed."""
        status, output = self.run("-W", "error", "-c", code, options=("--entrypoint=python",))
        assert status == 0, output
        return output.strip()


@contextmanager
def built(base: str, target: str | None = None, context: Path = APP) -> Iterator[str]:
    """Build the image, or a stage of it, as the Docker plugin does; remove it afterwards."""
    tag = f"todo-test/app:{uuid.uuid4().hex}"
    description = ImageBuild(
        name=tag,
        digest="test",
        context=str(context),
        dockerfile=str(context / "Dockerfile"),
        target=target,
        args={"BASE_IMAGE": base},
    )
    asyncio.run(build(description))
    try:
        yield tag
    finally:
        docker("rmi", "--force", tag)


def read_layers(name: str, folder: Path) -> Image:
    """Read the image from its layers: in a container, Docker's own files are among its."""
    files: dict[str, tarfile.TarInfo] = {}
    bytecode: dict[str, bytes] = {}
    packed = 0
    docker("save", "--output", str(folder / "image.tar"), name)
    with tarfile.open(folder / "image.tar") as saved:
        (manifest,) = json.load(contents(saved, "manifest.json"))
        for layer in manifest["Layers"]:
            data = contents(saved, layer).read()
            data = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
            packed += len(gzip.compress(data))
            with tarfile.open(fileobj=io.BytesIO(data)) as tar:
                for member in tar:
                    files[f"/{member.name.strip('/')}"] = member
                    if member.name.endswith(".pyc"):
                        bytecode[member.name] = contents(tar, member).read(16)
    return Image(name=name, files=files, bytecode=bytecode, packed=packed)


def contents(archive: tarfile.TarFile, member: str | tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(member)
    assert file is not None
    return file


@dataclass(frozen=True, kw_only=True)
class Running:
    """A container that was started."""

    id: str

    def inspect(self, template: str) -> str:
        return docker("inspect", "--format", template, self.id).strip()

    def log(self) -> str:
        return docker("logs", self.id)

    def wait_for_health(self, wanted: str) -> None:
        deadline = time.monotonic() + SECONDS
        while self.inspect("{{.State.Health.Status}}") != wanted:
            assert self.inspect("{{.State.Running}}") == "true", self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.1)

    def processes(self) -> list[str]:
        """The command lines of its processes, without health checks."""
        lines = docker("top", self.id, "-eo", "pid,args").splitlines()[1:]
        return [line for line in lines if "todo_app" in line]

    def wait(self) -> int:
        return int(docker("wait", self.id))

    def stop(self) -> int:
        """End it as ECS does; return the exit code, which is 137 if it had to be killed."""
        docker("stop", "--time", "30", self.id)
        return int(self.inspect("{{.State.ExitCode}}"))


@contextmanager
def started(image: Image, command: str, environment: dict[str, str]) -> Iterator[Running]:
    """Run a container in the background; remove it afterwards."""
    variables = [f"--env={name}={value}" for name, value in environment.items()]
    options = (*HARDENED, "--health-interval=1s", "--health-start-period=0s", *variables)
    identifier = docker("run", "--detach", *options, image.name, command).strip()
    try:
        yield Running(id=identifier)
    finally:
        docker("rm", "--force", identifier)
