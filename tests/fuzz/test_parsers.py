"""Whatever a parser of ours is given, it answers or says in one way what is wrong.

A hundred examples each, always the same ones; FUZZ_EXAMPLES=20000 tries as many others.
"""

from __future__ import annotations

import ast
import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.inputs import HOSTILE
from tests.fuzz.parsers import PARSERS, ROOT, Parser

_EXAMPLES: Final = int(os.environ.get("FUZZ_EXAMPLES", "100"))
_LONGEST_MESSAGE: Final = 20_000
_MOST_MEMORY: Final = 200_000  # kB, on top of what this process had at any time

READING: Final = {
    *("json.load", "json.loads", "msgspec.json.decode", "csv.reader", "csv.DictReader"),
    *("yaml.safe_load", "yaml.compose", "yaml.parse", "yaml.load", "tomllib.load", "tomllib.loads"),
    *("json_value", "yaml_value", "datetime.fromisoformat", "date.fromisoformat"),
    "dt.date.fromisoformat",
}
"""Calls that read what others wrote."""

OURS_ALONE: Final = {
    "app/image/sbom.py": "reads what Docker and the CycloneDX library print",
    "local/emulator_snapshots.py": "requests that MiniStack has taken, within its process",
    "local/emulator_deployments.py": "the emulator's own records, within its process",
    "local/stack.py": "what our own engine prints",
    "local/emulator.py": "the emulator's health; anything unreadable is no emulator",
    "local/emulator_server.py": "the emulator's own answer, within its process",
    "local/load_balancer/haproxy.py": "HAProxy's own statistics",
    "local/preview.py": "what our own engine prints",
    "local/task_metrics.py": "what the Docker engine answers",
    "local/terraform.py": "asks only whether Terraform's state is JSON",
    "local/toolchain/docker_image.py": "what Docker prints",
    "local/toolchain/program_runner.py": "what its parent process writes",
    "local/toolchain/terraform_remote.py": "tests/infra/test_terraform_state_backends.py",
    "ops/report/__main__.py": "an option's value; argparse shows the error",
    "ops/report/rest.py": "GitHub's answers; tests/ops/report/test_post.py",
    "ops/restore/__main__.py": "an option's value; argparse shows the error",
    "ops/restore/compare.py": "the master's secret, which RDS or the program wrote",
    "ops/restore/engine.py": "what Pulumi prints",
    "ops/restore/journal.py": "its own file",
    "ops/supply_chain/__main__.py": "the bill of materials, which app/image/sbom.py writes",
    "ops/supply_chain/go_modules.py": "tests/ops/supply_chain/test_supply_chain.py",
    "ops/supply_chain/python_packages.py": "tests/ops/supply_chain/test_supply_chain.py",
    "ops/supply_chain/secrets.py": "what gitleaks and Docker print",
    "ops/rehearse/load.py": "what Vegeta prints",
    "ops/rehearse/stage.py": "what the application of the local system answers",
    "policies/todo_policies/rotation.py": "within `judge`, as the two that are in the table",
    "policies/todo_policies/tags.py": "within `judge`, as the two that are in the table",
    "pulumi/todo_infra/capacity/data.py": "files beside it; tests/infra/test_capacity.py",
    "pulumi/todo_infra/credentials.py": "a secret that the program wrote itself",
}
"""Modules that read, but nothing of strangers; or where that is tested."""


def check(parser: Parser, value: Any, folder: Path) -> None:  # noqa: ANN401
    try:
        parser.parse(value, folder)
    except parser.errors as error:
        message = str(error)
        assert message.strip()
        assert "Traceback" not in message
        # What was given may be quoted, and not what it stands for.
        assert len(message) < _LONGEST_MESSAGE + len(value if parser.text else "")
        assert parser.hides is None or parser.hides not in message


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@pytest.mark.parametrize("name", PARSERS)
@settings(
    max_examples=_EXAMPLES,
    derandomize=_EXAMPLES <= 100,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_changed_input_is_read_or_refused(name: str, folder: Path, data: st.DataObject) -> None:
    check(PARSERS[name], data.draw(PARSERS[name].inputs), folder)


@pytest.mark.parametrize("name", [name for name, parser in PARSERS.items() if parser.text])
def test_hostile_texts_are_read_or_refused_within_bounds(name: str, folder: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for text in HOSTILE:
        check(PARSERS[name], text, folder)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < _MOST_MEMORY


def _reading_modules() -> Iterator[str]:
    for package in ("app", "local", "ops", "policies", "pulumi"):
        for path in sorted((ROOT / package).rglob("*.py")):
            calls = (
                one for one in ast.walk(ast.parse(path.read_text())) if isinstance(one, ast.Call)
            )
            if any(ast.unparse(call.func) in READING for call in calls):
                yield str(path.relative_to(ROOT))


def test_every_module_that_reads_what_others_wrote_is_in_the_table() -> None:
    tried = {module for parser in PARSERS.values() for module in parser.reads}
    assert set(_reading_modules()) - tried - OURS_ALONE.keys() == set()
