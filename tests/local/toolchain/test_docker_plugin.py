from pathlib import Path

import pytest
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import (
    CheckRequest,
    CheckResponse,
    CreateRequest,
    DiffRequest,
    DiffResponse,
)

from local.toolchain.docker_image import Credentials, ImageBuild, _has_buildx
from local.toolchain.docker_plugin import DockerImages
from local.toolchain.property_values import UNKNOWN, from_data, to_data

URN = "urn:pulumi:dev::todo::docker:index/image:Image::app"
NAME = "registry.example:5000/todo/app:abc"

Values = dict[str, PropertyValue]


@pytest.fixture
def context(tmp_path: Path) -> Path:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    return tmp_path


def image(context: Path, **build: object) -> Values:
    return {
        "imageName": PropertyValue(NAME),
        "build": from_data({"context": str(context), **build}),
    }


async def checked(inputs: Values) -> CheckResponse:
    return await DockerImages().check(CheckRequest(URN, {}, inputs, b""))


async def created(inputs: Values) -> Values:
    """The state that a preview of a creation foresees, which has all that diffs look at."""
    request = CreateRequest(URN, inputs, 0, True)
    return (await DockerImages().create(request)).properties


async def difference(old: Values, new: Values) -> DiffResponse:
    state = await created((await checked(old)).inputs or {})
    inputs = (await checked(new)).inputs or {}
    return await DockerImages().diff(DiffRequest(URN, NAME, state, inputs, []))


async def test_an_unchanged_image_shows_no_difference(context: Path) -> None:
    inputs = image(context, args={"VERSION": "1"})
    assert (await difference(inputs, inputs)).changes is False


async def test_a_new_login_is_no_difference(context: Path) -> None:
    old = image(context) | {"registry": from_data({"username": "AWS", "password": "1"})}
    new = image(context) | {"registry": from_data({"username": "AWS", "password": "2"})}
    assert (await difference(old, new)).changes is False


@pytest.mark.parametrize(
    "setting", [{"args": {"VERSION": "2"}}, {"target": "test"}, {"platform": "linux/arm64"}]
)
async def test_changed_settings_are_a_difference(context: Path, setting: dict[str, object]) -> None:
    response = await difference(image(context), image(context, **setting))
    assert response.changes is True
    assert response.diffs == ["build"]


async def test_a_changed_context_is_a_difference(context: Path) -> None:
    state = await created((await checked(image(context))).inputs or {})
    (context / "app.py").write_text("print()\n")
    inputs = (await checked(image(context))).inputs or {}
    assert (await DockerImages().diff(DiffRequest(URN, NAME, state, inputs, []))).changes


async def test_a_changed_name_is_a_difference(context: Path) -> None:
    renamed = image(context) | {"imageName": PropertyValue("other:1")}
    assert (await difference(image(context), renamed)).diffs == ["imageName"]


async def test_the_digest_is_unknown_until_the_image_is_pushed(context: Path) -> None:
    outputs = await created((await checked(image(context))).inputs or {})
    assert outputs["repoDigest"] == UNKNOWN
    assert to_data(outputs["imageName"]) == NAME
    assert to_data(outputs["registryServer"]) == "registry.example:5000"


async def test_an_unknown_name_is_passed_on(context: Path) -> None:
    inputs = image(context) | {"imageName": UNKNOWN}
    outputs = await created((await checked(inputs)).inputs or {})
    assert outputs["imageName"] == outputs["registryServer"] == UNKNOWN


async def test_secret_arguments_stay_secret_in_the_state(context: Path) -> None:
    inputs = image(context)
    inputs["build"] = from_data(to_data(inputs["build"]), secret=True)
    outputs = await created((await checked(inputs)).inputs or {})
    assert outputs["usedInputs"].contains_secret()


async def test_a_missing_context_is_refused_by_its_absolute_path(tmp_path: Path) -> None:
    [failure] = (await checked(image(tmp_path / "none"))).failures or []
    assert failure.property == "build.context"
    assert str(tmp_path / "none") in failure.reason


async def test_a_missing_dockerfile_is_refused_by_its_absolute_path(tmp_path: Path) -> None:
    [failure] = (await checked(image(tmp_path))).failures or []
    assert failure.property == "build.dockerfile"
    assert str(tmp_path / "Dockerfile") in failure.reason


async def test_other_docker_resources_are_refused() -> None:
    urn = "urn:pulumi:dev::todo::docker:index/container:Container::app"
    response = await DockerImages().check(CheckRequest(urn, {}, {}, b""))
    [failure] = response.failures or []
    assert "docker:index/container:Container is not supported" in failure.reason


def build(**settings: object) -> ImageBuild:
    required = {"name": NAME, "digest": "d", "context": "app", "dockerfile": "app/Dockerfile"}
    return ImageBuild(**{**required, **settings})  # type: ignore[arg-type]


def test_every_setting_reaches_the_command_line() -> None:
    command = build(
        platform="linux/arm64",
        target="final",
        network="host",
        add_hosts=("db:10.0.0.1",),
        cache_from=("todo:cache",),
    ).command()
    pairs = dict(zip(command[3:-1:2], command[4:-1:2], strict=True))
    assert command[:3] == ["docker", "build", "--force-rm"]
    assert command[-1] == "app"
    assert pairs == {
        "--tag": NAME,
        "--file": "app/Dockerfile",
        "--label": "pulumi.build-digest=d",
        "--platform": "linux/arm64",
        "--target": "final",
        "--network": "host",
        "--add-host": "db:10.0.0.1",
        "--cache-from": "todo:cache",
    }


def test_build_arguments_never_show_in_a_process_list() -> None:
    image = build(args={"TOKEN": "s3cret"})
    assert "s3cret" not in " ".join(image.command())
    assert image.command()[-3:-1] == ["--build-arg", "TOKEN"]
    assert image.environment()["TOKEN"] == "s3cret"


def test_a_password_is_not_shown_by_repr() -> None:
    assert "s3cret" not in repr(Credentials(server="r", username="u", password="s3cret"))


def test_the_legacy_builder_is_used_where_buildx_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DOCKER_BUILDKIT", raising=False)
    for exit_code, expected in ((1, "0"), (0, "1")):
        docker = tmp_path / "docker"
        docker.write_text(f"#!/bin/sh\nexit {exit_code}\n")
        docker.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        _has_buildx.cache_clear()
        assert build().environment()["DOCKER_BUILDKIT"] == expected
    _has_buildx.cache_clear()


@pytest.mark.parametrize(("builder", "expected"), [("BuilderV1", "0"), ("BuilderBuildKit", "1")])
def test_a_builder_asked_for_is_used(builder: str, expected: str) -> None:
    assert build(builder=builder).environment()["DOCKER_BUILDKIT"] == expected
