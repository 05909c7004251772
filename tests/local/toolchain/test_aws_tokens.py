"""The AWS plugin's token table against Pulumi's AWS SDK.

A wrong token fails a user's `pulumi up`; a property of another name or shape is silently dropped.
"""

import importlib
import inspect
import json
import os
import re
import subprocess
import typing
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pulumi
import pulumi_aws
import pytest
from pulumi import _types

from local.toolchain.build import build_aws_plugin
from local.toolchain.provider_search import aws_provider

# The SDK warns of its own deprecated resources when one of its packages is imported.
pytestmark = pytest.mark.filterwarnings("ignore:.* has been deprecated in:DeprecationWarning")

ROOT = Path(__file__).resolve().parents[3]
TABLE = json.loads((ROOT / "local/toolchain/aws_plugin/tokens.json").read_text())

# Inputs that Pulumi's SDK leaves out of every resource, or that its newer AWS provider has dropped.
NOT_IN_SDK = {"id", "tagsAll", "timeouts", "inferenceAccelerators"}
# The SDK flattens the statement in a WAF "not"; nested without end, so not worth overriding.
OTHER_SHAPE = re.compile(r"\.notStatement\.statement")

Properties = dict[str, dict[str, Any]]


def module_of(token: str) -> ModuleType:
    package = token.split(":")[1].split("/", maxsplit=1)[0]
    return pulumi_aws if package == "index" else importlib.import_module(f"pulumi_aws.{package}")


def snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


@pytest.mark.parametrize("token", TABLE["resources"].values())
def test_every_resource_is_one_of_the_sdk(token: str) -> None:
    resource = getattr(module_of(token), token.split(":")[2])
    assert issubclass(resource, pulumi.CustomResource)
    assert resource.pulumi_type == token


@pytest.mark.parametrize("token", TABLE["dataSources"].values())
def test_every_data_source_is_a_function_of_the_sdk(token: str) -> None:
    function = getattr(module_of(token), snake_case(token.split(":")[2]))
    assert f"'{token}'" in inspect.getsource(function)


@pytest.fixture(scope="module")
def described() -> dict[str, dict[str, Properties]]:
    """The properties that the built plugin takes, by kind and token."""
    cache = ROOT / ".local" / "cache"
    plugin = build_aws_plugin(cache)
    environment = {**os.environ, "TERRAFORM_AWS_PROVIDER_PATH": str(aws_provider(cache))}
    answer = subprocess.run([plugin, "describe"], env=environment, capture_output=True, check=True)
    return typing.cast("dict[str, dict[str, Properties]]", json.loads(answer.stdout))


@pytest.mark.engine
@pytest.mark.parametrize("path", ["", "/nowhere/terraform-provider-aws_v5.100.0"])
def test_without_a_provider_the_plugin_names_the_variable(path: str) -> None:
    environment = {**os.environ, "TERRAFORM_AWS_PROVIDER_PATH": path}
    plugin = build_aws_plugin(ROOT / ".local" / "cache")
    done = subprocess.run(
        [plugin, "127.0.0.1:1"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "TERRAFORM_AWS_PROVIDER_PATH" in done.stderr
    assert "terraform-provider-aws_vX.Y.Z" in done.stderr


@pytest.mark.engine
def test_every_mapped_type_is_one_of_the_provider(
    described: dict[str, dict[str, Properties]],
) -> None:
    for kind in ("resources", "dataSources"):
        assert set(described[kind]) == set(TABLE[kind].values())


@pytest.mark.engine
@pytest.mark.parametrize("token", TABLE["resources"].values())
def test_inputs_have_the_sdks_names_and_shapes(
    token: str, described: dict[str, dict[str, Properties]]
) -> None:
    assert list(differences(token, described["resources"][token], arguments_of(token))) == []


@pytest.mark.engine
@pytest.mark.parametrize("token", TABLE["resources"].values())
def test_outputs_have_the_sdks_names_and_shapes(
    token: str, described: dict[str, dict[str, Properties]]
) -> None:
    resource = getattr(module_of(token), token.split(":")[2])
    have = {
        name: one for name, one in described["resources"][token].items() if not one["deprecated"]
    }
    want = _types.resource_types(resource)
    outputs = set(have) - NOT_IN_SDK
    assert outputs - set(want) == set()
    assert {name for name in outputs if is_list(want[name]) != have[name]["list"]} == set()


@pytest.mark.engine
@pytest.mark.parametrize("token", TABLE["dataSources"].values())
def test_results_have_the_sdks_names_and_shapes(
    token: str, described: dict[str, dict[str, Properties]]
) -> None:
    name = token.split(":")[2]
    function = importlib.import_module(getattr(module_of(token), snake_case(name)).__module__)
    result = getattr(function, f"{name[0].upper()}{name[1:]}Result")
    want = {key: kind for key, kind in _types.output_type_types(result).items() if key != "id"}
    have = {key: one for key, one in described["dataSources"][token].items() if key in want}
    assert {key for key in have if is_list(want[key]) != have[key]["list"]} == set()
    given = {key for key, one in described["dataSources"][token].items() if one["input"]}
    assert given - set(want) - NOT_IN_SDK == set()


def arguments_of(token: str) -> type:
    """The class with a resource's inputs; renamed where a nested type has taken its name."""
    name = token.split(":")[2]
    module = importlib.import_module(getattr(module_of(token), name).__module__)
    found = getattr(module, f"{name}InitArgs", None) or getattr(module, f"{name}Args")
    return typing.cast("type", found)


def differences(path: str, have: Properties, arguments: type) -> Iterator[str]:
    """Inputs that a program can set in the SDK, but that the plugin would not understand."""
    names = _types.input_type_py_to_pulumi_names(arguments)
    hints = _types.input_type_types(arguments)
    want = {name: hints.get(name, hints.get(key)) for key, name in names.items()}
    for name, one in have.items():
        here = f"{path}.{name}"
        if not one["input"] or one["deprecated"] or name in NOT_IN_SDK or OTHER_SHAPE.search(here):
            continue
        if name not in want:
            yield f"{here}: the SDK has no such input"
        elif is_list(want[name]) != one["list"]:
            yield f"{here}: a list for {'the plugin' if one['list'] else 'the SDK'} only"
        elif one.get("properties") and (nested := nested_arguments(want[name])):
            yield from differences(here, one["properties"], nested)


def alternatives(hint: object) -> Iterator[object]:
    """The types that a value may have, seen through Optional, Input and Union."""
    if typing.get_origin(hint) is typing.Union:
        for member in typing.get_args(hint):
            yield from alternatives(member)
    else:
        yield hint


def is_list(hint: object) -> bool:
    return any(
        inspect.isclass(origin) and issubclass(origin, list | typing.Sequence)
        for member in alternatives(hint)
        if (origin := typing.get_origin(member)) is not None
    )


def nested_arguments(hint: object) -> type | None:
    for member in alternatives(hint):
        for one in [member, *(typing.get_args(member) if is_list(member) else [])]:
            for candidate in alternatives(one):
                if inspect.isclass(candidate) and _types.is_input_type(candidate):
                    return candidate
    return None
