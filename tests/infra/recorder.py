"""Runs the real program against recorded mocks: every input of every resource is kept."""

import asyncio
import contextvars
import copy
import importlib
import json
import runpy
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pulumi
import pulumi.runtime
import yaml
from google.protobuf import json_format
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime import mocks, settings
from pulumi.runtime.proto.resource_pb2 import (
    RegisterResourceOutputsRequest,
    RegisterResourceRequest,
    RegisterResourceResponse,
)

from tests.infra.cloud import (
    CALLS,
    GENERATED_PASSWORD,
    REGISTRY_PASSWORD,
    RESOURCES,
    TERRAFORM_OUTPUTS,
)

with warnings.catch_warnings():
    # The modules warn of deprecated classes of their own, whoever imports them.
    warnings.simplefilter("ignore", DeprecationWarning)
    importlib.import_module("pulumi_aws.ec2.encryption_control")
    _ = importlib.import_module("pulumi_aws.s3").Bucket  # loads all of the module

__all__ = [
    "CERTIFICATE",
    "GENERATED_PASSWORD",
    "OWN_MASTER",
    "PROJECT_ROOT",
    "REGISTRY_PASSWORD",
    "TERRAFORM_OUTPUTS",
    "Deployment",
    "Registration",
    "deploy_stack",
    "make_project",
    "project_defaults",
    "run_program",
    "stack_config",
    "use_config",
]

PROJECT_ROOT = Path(__file__).parents[2]
# How the SDK marks a secret on its way to the engine.
_SIGNATURE_KEY = "4dabf18193072939515e22adb298388d"
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"

OWN_MASTER = {"managedMasterPassword": False}
"""Of `databaseOperations`: what read replicas need."""

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One resource as the program registered it."""

    type: str
    name: str
    parent: tuple[str, str] | None
    """Type and name of the component that made it."""
    inputs: dict[str, Any]
    sources: dict[str, frozenset[tuple[str, str]]]
    """What each input is made from: types and names of resources."""
    secret_inputs: frozenset[str]
    ignored: tuple[str, ...]
    protected: bool
    replaced_after_deletion: bool
    waits_for: frozenset[str]
    waits_for_types: frozenset[str]


@dataclass
class Deployment:
    """Everything one run of the program registered and exported."""

    registrations: list[Registration] = field(default_factory=list)
    exports: dict[str, Any] = field(default_factory=dict)
    calls: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    computed: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    """By type and name, what the cloud answered beside the inputs."""

    def all(self, type_: str) -> list[Registration]:
        return [one for one in self.registrations if one.type == type_]

    def one(self, type_: str, name: str | None = None) -> Registration:
        found = [one for one in self.all(type_) if name is None or one.name == name]
        assert len(found) == 1, f"{len(found)} resources of {type_}: {[one.name for one in found]}"
        return found[0]

    def without_stack(self) -> list[Registration]:
        return [one for one in self.registrations if one.type != "pulumi:pulumi:Stack"]

    def containers(self) -> dict[str, dict[str, Any]]:
        definitions = json.loads(
            self.one("aws:ecs/taskDefinition:TaskDefinition").inputs["containerDefinitions"]
        )
        return {container["name"]: container for container in definitions}


class _Cloud(mocks.Mocks):
    """Answers as AWS does, as far as the program looks at the answer."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        self._deployment.calls.setdefault(args.token, []).append(args.args)
        assert args.token in CALLS, f"unexpected call of {args.token}"
        return CALLS[args.token](args.args), []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        arn = f"arn:{args.typ.split(':')[-1]}:{args.name}"
        computed = RESOURCES[args.typ](args.name, args.inputs) if args.typ in RESOURCES else {}
        identity = arn if args.typ == "aws:secretsmanager/secret:Secret" else f"{args.name}-id"
        answer = {"name": args.name, "arn": arn, **computed}
        self._deployment.computed[args.typ, args.name] = {"id": identity, **answer}
        return identity, {**answer, **args.inputs, **computed}


class _Recorder(mocks.MockMonitor):
    """Keeps what the program asks for, in the form the engine would get it."""

    def __init__(self, deployment: Deployment) -> None:
        super().__init__(_Cloud(deployment))
        self._deployment = deployment

    def RegisterResource(  # noqa: N802 - named by the protocol
        self, request: RegisterResourceRequest
    ) -> RegisterResourceResponse:
        raw = json_format.MessageToDict(request.object)
        registration = Registration(
            type=request.type,
            name=request.name,
            parent=_identity(request.parent) if request.parent else None,
            inputs=_plain(raw),
            sources={
                name: frozenset(map(_identity, dependencies.urns))
                for name, dependencies in request.propertyDependencies.items()
            },
            secret_inputs=frozenset(name for name, value in raw.items() if _holds_secret(value)),
            ignored=tuple(request.ignoreChanges),
            protected=request.protect,
            replaced_after_deletion=request.deleteBeforeReplace,
            waits_for=frozenset(_identity(urn)[1] for urn in request.dependencies),
            waits_for_types=frozenset(_identity(urn)[0] for urn in request.dependencies),
        )
        self._deployment.registrations.append(registration)
        response: RegisterResourceResponse = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        return response

    def RegisterResourceOutputs(  # noqa: N802 - named by the protocol
        self, request: RegisterResourceOutputsRequest
    ) -> Empty:
        if "::pulumi:pulumi:Stack::" in request.urn:
            self._deployment.exports |= json_format.MessageToDict(request.outputs)
        return Empty()


def _identity(urn: str) -> tuple[str, str]:
    """Return a resource's type and name."""
    _, _, types, name = urn.split("::", 3)
    return types.rpartition("$")[2], name


def _holds_secret(value: object) -> bool:
    if isinstance(value, list):
        return any(_holds_secret(item) for item in value)
    if not isinstance(value, dict):
        return False
    return value.get(_SIGNATURE_KEY) == _SECRET_SIGNATURE or _holds_secret(list(value.values()))


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON value, and its like
    """Take secrets out of their wrapping, and whole numbers out of their floats."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        if value.get(_SIGNATURE_KEY) == _SECRET_SIGNATURE:
            return _plain(value["value"])
        return {key: _plain(item) for key, item in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


def project_defaults() -> dict[str, Any]:
    """Return the defaults of `Pulumi.yaml`."""
    project = yaml.safe_load((PROJECT_ROOT / "Pulumi.yaml").read_text())
    return {key: copy.deepcopy(item["default"]) for key, item in project["config"].items()}


def stack_config(stack: str) -> dict[str, Any]:
    """Return what the stack file says, over the defaults of `Pulumi.yaml`, as the CLI does."""
    stated: dict[str, Any] = yaml.safe_load((PROJECT_ROOT / f"Pulumi.{stack}.yaml").read_text())[
        "config"
    ]
    return project_defaults() | stated


def use_config(values: Mapping[str, Any]) -> None:
    """Hand config to the program in the engine's form: texts as they are, the rest as JSON."""
    pulumi.runtime.set_all_config(
        {
            key: value if isinstance(value, str) else json.dumps(value)
            for key, value in values.items()
        }
    )


def make_project(root: Path) -> Path:
    """Fill a project directory: a Terraform state, an application and a local authority."""
    outputs = {name: {"value": value} for name, value in TERRAFORM_OUTPUTS.items()}
    state = json.dumps({"version": 4, "outputs": outputs})
    files = {
        "terraform/terraform.tfstate": state,
        ".local/terraform.tfstate": state,  # where the stack `local` has it
        "app/Dockerfile": "FROM scratch\n",
        ".local/tls/database-ca.pem": CERTIFICATE,
    }
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return root


def deploy_stack(
    root: Path, stack: str, recorded: Deployment | None = None, /, **changes: Mapping[str, Any]
) -> Deployment:
    """Run the program as `pulumi up` does.

    Args:
        root: The project's directory.
        stack: The stack, whose own file is its config.
        recorded: Where to record, for a run that is expected to fail.
        **changes: By object, the keys to change in the config; None drops a key.
    """
    config = stack_config(stack)
    for name, change in changes.items():
        merged = {**config[f"todo:{name}"], **change}
        config[f"todo:{name}"] = {key: value for key, value in merged.items() if value is not None}
    deployment = recorded or Deployment()
    run_program(deployment, root, stack, config)
    return deployment


def run_program(deployment: Deployment, root: Path, stack: str, config: Mapping[str, Any]) -> None:
    """Run the program, in a thread: the SDK notes every call that leads to a resource."""
    work = partial(_run_program, deployment, root, stack, config)
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(contextvars.copy_context().run, work).result()


def _run_program(deployment: Deployment, root: Path, stack: str, config: Mapping[str, Any]) -> None:
    monitor = _Recorder(deployment)
    program = str(PROJECT_ROOT / "pulumi" / "__main__.py")

    def run() -> None:
        runpy.run_path(program, run_name="__main__")

    with _event_loop() as loop:
        pulumi.runtime.set_mocks(
            monitor.mocks, project="todo", stack=stack, preview=False, monitor=monitor
        )
        settings.SETTINGS.root_directory = str(root)
        settings.SETTINGS.rpc_manager.clear()
        settings.SETTINGS.outputs.clear()
        # The program gets a stack of its own below, so that its exports are recorded too.
        settings.set_root_resource(None)  # type: ignore[arg-type]
        use_config(config)
        loop.run_until_complete(pulumi.runtime.run_in_stack(run))


@contextmanager
def _event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Give the SDK its loop, and each of its worker threads one, and close them all.

    The SDK makes the missing ones itself and never closes them, which is a warning.
    """
    loops = [asyncio.new_event_loop()]

    def make_one() -> None:
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])

    executor = ThreadPoolExecutor(max_workers=8, initializer=make_one)
    loops[0].set_default_executor(executor)
    asyncio.set_event_loop(loops[0])
    try:
        yield loops[0]
    finally:
        executor.shutdown()
        for loop in loops:
            loop.close()
        asyncio.set_event_loop(None)
