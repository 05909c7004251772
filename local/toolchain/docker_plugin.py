"""`pulumi-resource-docker`: the `docker.Image` of pulumi-docker 4, and nothing else of it.

The build context's digest is part of the inputs, so that a preview shows no change and an update
does nothing as long as neither the context nor the build's settings change.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import (
    CheckFailure,
    CheckRequest,
    CheckResponse,
    CreateRequest,
    CreateResponse,
    DeleteRequest,
    DiffRequest,
    DiffResponse,
    GetSchemaRequest,
    GetSchemaResponse,
    Provider,
    UpdateRequest,
    UpdateResponse,
)

from local.toolchain.build_context import context_digest
from local.toolchain.docker_image import Credentials, ImageBuild, build, find_pushed, push
from local.toolchain.plugin_server import serve
from local.toolchain.property_values import UNKNOWN, Data, contains_unknown, to_data
from local.toolchain.versions import required_version

__all__ = ["DockerImages", "check_build"]

_IMAGE = "docker:index/image:Image"
_COMPARED = ("build", "imageName", "skipPush")  # a registry's login may change freely
_USED_INPUTS = "usedInputs"  # our own output: what the image was made from

Properties = Mapping[str, PropertyValue]


class DockerImages(Provider):
    """Builds and pushes images."""

    async def get_schema(self, _request: GetSchemaRequest) -> GetSchemaResponse:
        """Give the least that counts as a schema."""
        version = required_version("pulumi-docker")
        return GetSchemaResponse(json.dumps({"name": "docker", "version": version}))

    async def check(self, request: CheckRequest) -> CheckResponse:
        """Fill in defaults and the context's digest; refuse what cannot be built."""
        inputs = dict(request.new_inputs)
        # Inside a component the type is the whole path: parent$type.
        if request.type.rpartition("$")[2] != _IMAGE:
            reason = f"{request.type} is not supported by the offline stand-in; only {_IMAGE} is."
            return CheckResponse(inputs, [CheckFailure("", reason)])
        settings = inputs.get("build", PropertyValue({}))
        if contains_unknown(to_data(settings)):
            return CheckResponse(inputs)
        checked, failures = check_build(cast("Mapping[str, PropertyValue]", settings.value))
        inputs["build"] = PropertyValue(checked, settings.is_secret, settings.dependencies)
        return CheckResponse(inputs, failures)

    async def diff(self, request: DiffRequest) -> DiffResponse:
        """Compare with what the present image was made from."""
        used = request.old_state.get(_USED_INPUTS)
        old = to_data(used) if used else None
        new = _compared(request.new_inputs)
        old = old if isinstance(old, dict) else {}
        changed = [name for name in _COMPARED if old.get(name) != new.get(name)]
        return DiffResponse(changes=bool(changed), diffs=changed)

    async def create(self, request: CreateRequest) -> CreateResponse:
        """Build and push, or take over what the registry holds from the same inputs."""
        outputs = await _realise(request.properties, preview=request.preview)
        name = to_data(request.properties["imageName"])
        return CreateResponse("" if contains_unknown(name) else str(name), outputs)

    async def update(self, request: UpdateRequest) -> UpdateResponse:
        """As create: an image is replaced by another in place."""
        return UpdateResponse(await _realise(request.news, preview=request.preview))

    async def delete(self, _request: DeleteRequest) -> None:
        """Leave pushed images where they are, as the real plugin does."""


def check_build(settings: Properties) -> tuple[dict[str, PropertyValue], list[CheckFailure]]:
    """Complete an image's build settings and say what is wrong with them."""
    given = {name: to_data(value) for name, value in settings.items()}
    context = Path(str(given.get("context") or "."))
    dockerfile = Path(str(given.get("dockerfile") or context / "Dockerfile"))
    completed = {
        **settings,
        "context": PropertyValue(str(context)),
        "dockerfile": PropertyValue(str(dockerfile)),
    }
    if not context.is_dir():
        reason = f"There is no directory {context.resolve()} to build an image from."
        return completed, [CheckFailure("build.context", reason)]
    if not dockerfile.is_file():
        reason = f"There is no Dockerfile at {dockerfile.resolve()}."
        return completed, [CheckFailure("build.dockerfile", reason)]
    try:
        completed["contextDigest"] = PropertyValue(context_digest(context, dockerfile))
    except OSError as error:
        return completed, [CheckFailure("build.context", f"Cannot read the context: {error}.")]
    return completed, []


async def _realise(inputs: Properties, *, preview: bool) -> dict[str, PropertyValue]:
    """Make the image that the inputs ask for, unless this is a preview, and return the outputs."""
    outputs = _known_outputs(inputs)
    plain = {name: to_data(value) for name, value in inputs.items()}
    if contains_unknown([plain.get(name) for name in _COMPARED]):
        return outputs
    image = _image_build(plain)
    credentials = _credentials(plain.get("registry"), image.name)
    if preview:
        if plain.get("buildOnPreview"):
            await build(image)
        return outputs
    if plain.get("skipPush"):
        outputs["repoDigest"] = PropertyValue(await build(image))
        return outputs
    pushed = await find_pushed(image.name, image.digest, credentials)
    if pushed is None:
        await build(image)
        pushed = await push(image.name, credentials)
    outputs["repoDigest"] = PropertyValue(pushed)
    return outputs


def _known_outputs(inputs: Properties) -> dict[str, PropertyValue]:
    """All outputs but the digest, which only a finished build can tell."""
    settings = inputs["build"].value
    settings = settings if isinstance(settings, Mapping) else {}
    name = to_data(inputs["imageName"])
    server = UNKNOWN if contains_unknown(name) else PropertyValue(_server(str(name)))
    used = {name: inputs[name] for name in _COMPARED if name in inputs}
    return {
        "imageName": inputs["imageName"],
        "baseImageName": inputs["imageName"],
        "context": settings.get("context", UNKNOWN),
        "dockerfile": settings.get("dockerfile", UNKNOWN),
        "platform": settings.get("platform", PropertyValue(None)),
        "registryServer": server,
        "repoDigest": UNKNOWN,
        _USED_INPUTS: PropertyValue(used),
    }


def _compared(inputs: Properties) -> dict[str, Data]:
    return {name: to_data(inputs[name]) for name in _COMPARED if name in inputs}


def _image_build(inputs: Mapping[str, Data]) -> ImageBuild:
    settings = _mapping(inputs.get("build"))
    cache = _mapping(settings.get("cacheFrom"))
    serialised = json.dumps(settings, sort_keys=True).encode()
    return ImageBuild(
        name=str(inputs["imageName"]),
        digest=hashlib.sha256(serialised).hexdigest(),
        context=str(settings["context"]),
        dockerfile=str(settings["dockerfile"]),
        platform=_optional(settings.get("platform")),
        target=_optional(settings.get("target")),
        network=_optional(settings.get("network")),
        builder=_optional(settings.get("builderVersion")),
        args={name: str(value) for name, value in _mapping(settings.get("args")).items()},
        add_hosts=_strings(settings.get("addHosts")),
        cache_from=_strings(cache.get("images")),
    )


def _credentials(registry: Data, image: str) -> Credentials | None:
    login = _mapping(registry)
    if not login.get("username"):
        return None
    return Credentials(
        server=str(login.get("server") or _server(image)),
        username=str(login["username"]),
        password=str(login.get("password") or ""),
    )


def _server(name: str) -> str:
    """The registry of an image, by Docker's rule for what is a host and what a user's name."""
    first = name.split("/", maxsplit=1)[0]
    is_host = "/" in name and ("." in first or ":" in first or first == "localhost")
    return first if is_host else "docker.io"


def _mapping(data: Data) -> dict[str, Data]:
    return data if isinstance(data, dict) else {}


def _strings(data: Data) -> tuple[str, ...]:
    return tuple(map(str, data)) if isinstance(data, list) else ()


def _optional(data: Data) -> str | None:
    return str(data) if data else None


if __name__ == "__main__":
    serve(DockerImages(), required_version("pulumi-docker"))
