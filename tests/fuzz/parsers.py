"""Every parser of ours, with what it may be given and the one error that it documents."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hypothesis import strategies as st

from local.autoscaling_api import schedule, server
from local.autoscaling_api.contract import ApiError, operation_of, target_prefix, validate
from local.autoscaling_api.operations import Operations, Owner
from local.autoscaling_api.state import State
from local.daemons import Daemon
from local.errors import LocalError
from local.load_balancer.state import statuses
from local.toolchain.terraform_states import StateError, outputs_of
from ops.drift import pulumi_drift, terraform_drift
from ops.drift.findings import read_known
from ops.errors import OpsError
from ops.plain_data import DataError, json_value, yaml_value
from ops.plan.stack import changed, read_stack
from ops.report.changes import differences
from ops.report.compare import compare
from ops.report.events import read_preview
from ops.report.verdict import read_verdict
from ops.scan import DeployedImage
from ops.simulate.csv_file import read_csv
from ops.stack_files import UnclearError, changed_keys
from ops.verify import database
from ops.verify.deployed import parse as parse_deployed
from tests.fuzz import seeds
from tests.fuzz.inputs import json_lines, json_texts, texts, values
from todo_app import credentials
from todo_app.errors import DatabaseRefusedError
from todo_app.rsgi import HTTPError, Request
from todo_app.settings import SettingsError, load_migrate_settings, load_serve_settings
from todo_app.tls import UnusableCertificateError, verifying_context
from todo_app.todo import InvalidFieldsError, parse_changes, parse_completion, parse_new_todo
from todo_infra import config, terraform_state
from todo_infra.errors import ConfigErrors, InfrastructureError
from todo_infra.terraform_outputs import parse_outputs
from todo_infra.terraform_paths import StateOutputs
from todo_policies import RULES
from todo_policies.containers import containers
from todo_policies.parameters import PolicyConfigError
from todo_policies.policy_documents import statements
from todo_policies.rule import judge

__all__ = ["PARSERS", "ROOT", "Parser"]

ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Parser:
    """One parser.

    Attributes:
        parse: reads an input; files go into the folder that it gets.
        inputs: what it may be given.
        errors: what it may raise; nothing if it answers whatever it is given.
        text: whether an input is a text, so that it is given the hostile ones, too.
        reads: modules whose reading this is, as paths.
        hides: never in a message.
    """

    parse: Callable[[Any, Path], object]
    inputs: st.SearchStrategy[Any]
    errors: tuple[type[Exception], ...] = ()
    text: bool = True
    reads: tuple[str, ...]
    hides: str | None = None


def _file(folder: Path, text: str, name: str = "input") -> Path:
    path = folder / name
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    return path


def _event_log(text: str, folder: Path) -> object:
    preview = read_preview(_file(folder, text), "prod")
    told = [differences(step) for step in preview.steps]
    return told, compare(preview, preview)


def _stack_file(text: str, folder: Path) -> object:
    _file(folder, "config: {'aws:region': {default: eu-west-1}}", "Pulumi.yaml")
    _file(folder, text, "Pulumi.fuzz.yaml")
    return config.parse(read_stack(folder, "fuzz"))


def _outputs(value: Any, _: Path) -> object:  # noqa: ANN401
    outputs = StateOutputs(
        values=value, sensitive=frozenset({"secret"}), paths={"vpc_id": "vpc.0.id"}
    )
    return parse_outputs(outputs, "eu-west-1")


def _policy_config(value: Any, _: Path) -> object:  # noqa: ANN401
    given = value if isinstance(value, Mapping) else {}
    return [
        one.read_config(given[one.name]) for one in RULES if isinstance(given.get(one.name), dict)
    ]


def _scaling_request(text: str, folder: Path) -> object:
    operation, _, body = text.partition("\n")
    (folder / "state").unlink(missing_ok=True)
    operations = Operations(State(folder / "state"), Owner(account="1" * 12, region="eu-west-1"))
    answered = None
    for name in (operation, f"Describe{operation.removeprefix('Put')}s"):
        checked = operation_of(f"{target_prefix()}.{name}")
        members = server._parsed(body.encode("utf-8", "surrogatepass"))
        answered = json.dumps(operations.perform(checked, validate(checked, members)))
        body = '{"ServiceNamespace":"ecs"}'
    return answered


class _Scope:
    """As much of a request as Granian hands over."""

    def __init__(self, query: str, headers: Mapping[str, str]) -> None:
        self.query_string, self.headers = query, headers
        self.method, self.path, self.client = "POST", "/", "127.0.0.1:1"


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> Any:  # noqa: ANN401
        yield self._content


def _request_body(text: str, _: Path) -> object:
    scope = _Scope("", {"content-type": "application/json; charset=x"})
    request = Request(scope, _Body(text.encode("utf-8", "surrogatepass")), "id")  # type: ignore[arg-type]
    fields = asyncio.run(request.json_object())
    read: Callable[[Mapping[str, object]], object]
    for read in (parse_new_todo, parse_changes, parse_completion):
        try:
            read(fields)
        except InvalidFieldsError as error:
            assert error.errors  # noqa: PT017 - one of three may read it
    return fields


def _query(text: str, _: Path) -> object:
    scope = _Scope(text, {"host": text, "x-forwarded-proto": text})
    request = Request(scope, _Body(b""), "id")  # type: ignore[arg-type]
    return request.query("after", "limit"), request.origin


class _Subject:
    """A task definition, as far as its containers are read."""

    def __init__(self, text: str) -> None:
        self.props = {"containerDefinitions": text}


def _environment(value: Any, _: Path) -> object:  # noqa: ANN401
    given = {str(name): text for name, text in value.items() if isinstance(text, str)}
    return load_migrate_settings(given) if "MIGRATE" in given else load_serve_settings(given)


def _daemon(text: str, folder: Path) -> object:
    record = _file(folder, text)
    return Daemon(name="x", record=record, log=folder / "log").pid()


PARSERS: Final[Mapping[str, Parser]] = {
    "stack config": Parser(
        parse=lambda value, _: config.parse(value if isinstance(value, dict) else {}),
        inputs=values([seeds.STACK_CONFIG], beyond_json=True),
        errors=(ConfigErrors,),
        text=False,
        reads=(
            "pulumi/todo_infra/config/__init__.py",
            "pulumi/todo_infra/config/events.py",
            "pulumi/todo_infra/config/restore.py",
        ),
    ),
    "stack config as the engine has it": Parser(
        parse=lambda text, _: config._decoded(text),
        inputs=json_texts(list(seeds.STACK_CONFIG.values())),
        reads=("pulumi/todo_infra/config/__init__.py",),
    ),
    "stack file": Parser(
        parse=_stack_file,
        inputs=texts(seeds.STACK_FILES),
        errors=(OpsError, ConfigErrors),
        reads=("ops/plan/stack.py", "ops/plain_data.py", "ops/report/capacity.py"),
    ),
    "stack files compared": Parser(
        parse=lambda text, _: changed_keys(
            text.encode("utf-8", "surrogatepass"), seeds.STACK_FILES[0].encode()
        ),
        inputs=texts(seeds.STACK_FILES),
        errors=(UnclearError,),
        reads=("ops/stack_files.py",),
    ),
    "change of a plan": Parser(
        parse=lambda text, _: changed(seeds.STACK_CONFIG, text),
        inputs=texts(["peakRequestsPerSecond=1200 size=large", "databaseOperations.proxy=true"]),
        errors=(OpsError,),
        reads=("ops/plan/stack.py",),
    ),
    "Terraform's outputs": Parser(
        parse=_outputs,
        inputs=values([seeds.OUTPUTS]).filter(lambda one: isinstance(one, dict)),
        errors=(InfrastructureError,),
        text=False,
        reads=(),
    ),
    "Terraform's state, for what is sensitive": Parser(
        parse=lambda text, folder: terraform_state._sensitive(_file(folder, text)),
        inputs=json_texts([seeds.TERRAFORM_STATE]),
        reads=("pulumi/todo_infra/terraform_state.py",),
    ),
    "Terraform's state, by our plugin": Parser(
        parse=lambda text, _: outputs_of(text, "there", argument="path"),
        inputs=json_texts([seeds.TERRAFORM_STATE]),
        errors=(StateError,),
        reads=("local/toolchain/terraform_states.py",),
    ),
    "event log": Parser(
        parse=_event_log,
        inputs=json_lines([seeds.EVENTS]),
        errors=(OpsError,),
        reads=("ops/report/events.py", "ops/report/changes.py"),
    ),
    "event log of a refresh": Parser(
        parse=lambda text, folder: pulumi_drift.found_in(_file(folder, text), "prod"),
        inputs=json_lines([seeds.REFRESH]),
        errors=(OpsError,),
        reads=(),
    ),
    "Terraform's plan": Parser(
        parse=lambda text, _: terraform_drift.found_in(json_value(text)),
        inputs=json_texts([seeds.TERRAFORM_PLAN]),
        errors=(OpsError, DataError),
        reads=("ops/drift/terraform_drift.py", "ops/plain_data.py"),
    ),
    "list of known drift": Parser(
        parse=lambda text, folder: read_known([_file(folder, text)]),
        inputs=texts([(ROOT / "ops/drift/known.toml").read_text(), *seeds.KNOWN]),
        errors=(OpsError,),
        reads=("ops/drift/findings.py",),
    ),
    "verdict about ownership": Parser(
        parse=lambda text, folder: read_verdict(_file(folder, text)),
        inputs=json_texts([{"productOnly": True, "line": "x"}]),
        errors=(OpsError,),
        reads=("ops/report/verdict.py",),
    ),
    "deployed stack": Parser(
        parse=lambda text, _: parse_deployed("prod", text),
        inputs=json_texts([seeds.DEPLOYED]),
        errors=(OpsError,),
        reads=("ops/verify/deployed.py",),
    ),
    "what a task says of its session": Parser(
        parse=lambda text, _: database._session(text),
        inputs=json_texts([{"message": "database session over TLSv1.3"}]),
        reads=("ops/verify/database.py", "ops/verify/ended.py"),
    ),
    "image of a stack": Parser(
        parse=lambda text, _: DeployedImage.parse(text),
        inputs=texts([f"1.dkr.ecr.eu-west-1.amazonaws.com/todo@sha256:{'a' * 64}"]),
        errors=(OpsError,),
        reads=(),
    ),
    "traffic as CSV": Parser(
        parse=lambda text, folder: read_csv(_file(folder, text)),
        inputs=texts(
            ["time,rate\n0,120\n60,80.5\n", "2027-01-10T08:00:00Z,1\n2027-01-10T09:00Z,2\n"]
        ),
        errors=(OpsError,),
        reads=("ops/simulate/csv_file.py",),
    ),
    "YAML": Parser(
        parse=lambda text, _: repr(yaml_value(text)),
        inputs=texts(seeds.STACK_FILES),
        errors=(DataError,),
        reads=("ops/plain_data.py", "ops/restore/stack_config.py"),
    ),
    "policy config": Parser(
        parse=_policy_config,
        inputs=values(seeds.POLICY_CONFIGS),
        errors=(PolicyConfigError,),
        text=False,
        reads=("policies/todo_policies/waivers.py",),
    ),
    "IAM policy, as rules read it": Parser(
        parse=lambda text, _: list(judge(lambda: [str(one) for one in statements(text)])),
        inputs=json_texts([seeds.IAM_POLICY]),
        reads=("policies/todo_policies/policy_documents.py",),
    ),
    "containers, as rules read them": Parser(
        parse=lambda text, _: list(
            judge(lambda: [str(one) for one in containers(_Subject(text))])  # type: ignore[arg-type]
        ),
        inputs=json_texts([seeds.CONTAINERS]),
        reads=("policies/todo_policies/containers.py",),
    ),
    "scaling request": Parser(
        parse=_scaling_request,
        inputs=texts(seeds.SCALING_REQUESTS)
        | st.builds(
            lambda name, body: f"{name}\n{body}",
            st.sampled_from([one.partition("\n")[0] for one in seeds.SCALING_REQUESTS]),
            json_texts([json.loads(one.partition("\n")[2]) for one in seeds.SCALING_REQUESTS]),
        ),
        errors=(ApiError,),
        reads=("local/autoscaling_api/server.py",),
    ),
    "state of scaling": Parser(
        parse=lambda text, folder: State(_file(folder, text)),
        inputs=json_texts([seeds.SCALING_STATE]),
        errors=(LocalError,),
        reads=("local/autoscaling_api/state.py",),
    ),
    "schedule": Parser(
        parse=lambda text, _: schedule.due_at(*text.partition(" ")[::2]),
        inputs=texts(["at(2027-01-10T08:00:00) Europe/Berlin", "at(2027-01-10T08:00:00) "]),
        errors=(ApiError,),
        reads=("local/autoscaling_api/schedule.py",),
    ),
    "status codes of a health check": Parser(
        parse=lambda text, _: statuses(text),
        inputs=texts(["200", "200,202", "200-299,301"]),
        errors=(ValueError,),
        reads=(),
    ),
    "record of a daemon": Parser(
        parse=_daemon,
        inputs=json_texts([{"pid": 1, "command": ["/sbin/init"]}]),
        reads=("local/daemons.py",),
    ),
    "environment of the application": Parser(
        parse=_environment,
        inputs=values([seeds.ENVIRONMENT, {**seeds.ENVIRONMENT, "MIGRATE": "1"}]).filter(
            lambda one: isinstance(one, dict)
        ),
        errors=(SettingsError,),
        text=False,
        reads=(),
        hides=seeds.PASSWORD,
    ),
    "secret of an account": Parser(
        parse=lambda text, _: credentials._parsed(text, "the secret"),
        inputs=json_texts([{"username": "todo_app", "password": seeds.PASSWORD}]),
        errors=(DatabaseRefusedError,),
        reads=("app/todo_app/credentials.py",),
        hides=seeds.PASSWORD,
    ),
    "authority of the database": Parser(
        parse=lambda text, _: verifying_context(text),
        inputs=texts([seeds.CERTIFICATE]),
        errors=(UnusableCertificateError,),
        reads=(),
    ),
    "body of a request": Parser(
        parse=_request_body,
        inputs=json_texts([{"title": "Buy milk", "completed": False, "order": 7}]),
        errors=(HTTPError,),
        reads=("app/todo_app/rsgi.py",),
    ),
    "query and host of a request": Parser(
        parse=_query,
        inputs=texts(["after=1&limit=20", "after=%31&limit=%F0", "example.com:8080"]),
        errors=(HTTPError,),
        reads=("app/todo_app/rsgi.py",),
    ),
}
