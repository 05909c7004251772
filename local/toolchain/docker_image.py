"""Building, pushing and finding images with the Docker command line."""

import asyncio
import base64
import functools
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from local.commands import last_lines
from local.errors import LocalError

__all__ = ["BUILD_LABEL", "Credentials", "ImageBuild", "build", "find_pushed", "push"]

BUILD_LABEL = "pulumi.build-digest"
"""Label with the digest of all that went into an image, by which a pushed one is recognised."""


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """A login to a registry, kept out of the user's Docker configuration.

    Attributes:
        server: host of the registry; a URL is accepted as well.
    """

    server: str
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ImageBuild:
    """What to build and how to call it.

    Attributes:
        name: repository with registry and tag.
        digest: identifies all inputs of the build; kept as a label of the image.
        dockerfile: path of the Dockerfile, from the working directory.
        builder: "BuilderV1" or "BuilderBuildKit" forces one; else BuildKit where it is installed.
    """

    name: str
    digest: str
    context: str
    dockerfile: str
    platform: str | None = None
    target: str | None = None
    network: str | None = None
    builder: str | None = None
    args: Mapping[str, str] = field(default_factory=dict)
    add_hosts: tuple[str, ...] = ()
    cache_from: tuple[str, ...] = ()

    def command(self) -> list[str]:
        """The `docker build` command line. Arguments' values are taken from the environment."""
        options = {
            "--platform": self.platform,
            "--target": self.target,
            "--network": self.network,
        }
        return [
            # The classic builder would keep the container of a step that failed.
            *("docker", "build", "--force-rm", "--tag", self.name, "--file", self.dockerfile),
            *("--label", f"{BUILD_LABEL}={self.digest}"),
            *(word for name, value in options.items() if value for word in (name, value)),
            *(word for name in self.args for word in ("--build-arg", name)),
            *(word for host in self.add_hosts for word in ("--add-host", host)),
            *(word for image in self.cache_from for word in ("--cache-from", image)),
            self.context,
        ]

    def environment(self) -> dict[str, str]:
        """The builder to use, and the build arguments, which thus never show in a process list."""
        forced = {"BuilderV1": "0", "BuilderBuildKit": "1"}.get(self.builder or "")
        chosen = forced or os.environ.get("DOCKER_BUILDKIT") or ("1" if _has_buildx() else "0")
        return {**os.environ, **self.args, "DOCKER_BUILDKIT": chosen}


async def build(image: ImageBuild) -> str:
    """Build an image and return its id.

    Raises:
        LocalError: if the build fails; the message has its last lines.
    """
    await _docker(
        image.command(),
        image.environment(),
        fix=f"Build it by hand to see all: docker build -f {image.dockerfile} {image.context}",
    )
    return await _inspect(image.name, "{{.Id}}")


async def push(name: str, credentials: Credentials | None) -> str:
    """Push an image and return it by digest, as `repository@sha256:…`.

    Raises:
        LocalError: if the registry does not take it.
    """
    async with _logged_in(credentials) as environment:
        await _docker(
            ["docker", "push", name],
            environment,
            fix="Check that the registry is up, that the login is valid and that the repository "
            "exists. A tag in an immutable repository can be pushed once only: change the tag.",
        )
    return await _repository_digest(name)


async def find_pushed(name: str, digest: str, credentials: Credentials | None) -> str | None:
    """Find an image in its registry that was made from the same inputs; return it by digest."""
    async with _logged_in(credentials) as environment:
        try:
            await _docker(["docker", "pull", "--quiet", name], environment, fix="")
        except LocalError:
            return None  # not there, or no registry: the push will tell which
    label = await _inspect(name, f'{{{{index .Config.Labels "{BUILD_LABEL}"}}}}')
    return await _repository_digest(name) if label == digest else None


async def _repository_digest(name: str) -> str:
    repository = name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name
    digests = json.loads(await _inspect(name, "{{json .RepoDigests}}")) or []
    for digest in digests:
        if digest.startswith(f"{repository}@"):
            return str(digest)
    raise LocalError(
        f"Docker knows no digest of {name} although it was pushed.",
        fix=f"Run `docker push {name}` by hand to see why.",
    )


async def _inspect(name: str, template: str) -> str:
    command = ["docker", "image", "inspect", "--format", template, name]
    return (await _docker(command, dict(os.environ), fix="")).strip()


async def _docker(command: list[str], environment: Mapping[str, str], *, fix: str) -> str:
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
    except FileNotFoundError:
        raise LocalError(
            "There is no `docker` on PATH.", fix="Install Docker: https://docs.docker.com/engine"
        ) from None
    try:
        output = (await process.communicate())[0].decode(errors="replace")
    except asyncio.CancelledError:
        process.terminate()
        raise
    if process.returncode != 0:
        step = " ".join(command[:2])
        raise LocalError(f"`{step}` of the image failed:\n{last_lines(output)}", fix=fix)
    return output


@asynccontextmanager
async def _logged_in(credentials: Credentials | None) -> AsyncIterator[dict[str, str]]:
    """An environment in which the Docker client has a login that it forgets afterwards."""
    if credentials is None:
        yield dict(os.environ)
        return
    login = f"{credentials.username}:{credentials.password}".encode()
    auths = {credentials.server: {"auth": base64.b64encode(login).decode()}}
    host = await _docker_host()
    with tempfile.TemporaryDirectory(prefix="docker-login-") as directory:
        _write_config(directory, {"auths": auths})
        yield {**os.environ, "DOCKER_CONFIG": directory, "DOCKER_HOST": host}


def _write_config(directory: str, config: Mapping[str, object]) -> None:
    Path(directory, "config.json").write_text(json.dumps(config))


async def _docker_host() -> str:
    """The engine's address: a context chosen in the user's configuration must not get lost."""
    command = ["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]
    return (
        os.environ.get("DOCKER_HOST")
        or (await _docker(command, dict(os.environ), fix="Check `docker context ls`.")).strip()
    )


@functools.cache
def _has_buildx() -> bool:
    command = ["docker", "buildx", "version"]
    if shutil.which("docker") is None:
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
