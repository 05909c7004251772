"""Each thing that goes wrong is one clear message, an exit code, and nothing half-made."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.containers import containers
from tests.running_system import RunningSystem
from tests.scratch import Scratch, copy_checkout, free_port

pytestmark = pytest.mark.engine

EMPTY_STATE = {
    "version": 4,
    "terraform_version": "1.11.4",
    "serial": 7,
    "lineage": "of-the-user",
    "outputs": {},
    "resources": [],
}
TLS_REQUIRED = 'yield "require_secure_transport", "1"'


@pytest.fixture
def scratch(system: RunningSystem, tmp_path: Path) -> Iterator[Scratch]:
    scratch = copy_checkout(system.workspace, tmp_path / "copy", port=free_port())
    yield scratch
    scratch.remove()


def _deployed(scratch: Scratch) -> list[str]:
    """Types of the resources in the stack's state, besides the stack's own components."""
    (state,) = scratch.workspace.pulumi_state.glob(".pulumi/stacks/todo/local.json")
    resources = json.loads(state.read_text())["checkpoint"]["latest"].get("resources", [])
    return [r["type"] for r in resources if r.get("custom") and "providers" not in r["type"]]


def test_a_database_without_tls_stops_at_the_preview_with_nothing_deployed(
    scratch: Scratch,
) -> None:
    scratch.replace(
        "pulumi/todo_infra/database_parameters.py", TLS_REQUIRED, TLS_REQUIRED.replace('"1"', '"0"')
    )
    users_own = scratch.workspace.root / "terraform" / "terraform.tfstate"
    users_own.write_text(json.dumps(EMPTY_STATE))
    up = scratch.local("up")
    assert up.code == 1, up.output
    violations = [line for line in up.output.splitlines() if "[mandatory]" in line]
    assert len(violations) == 1, up.output
    assert "database-tls-required" in violations[0]
    assert "todo-local-database" in up.output
    assert "require_secure_transport" in up.output
    assert _deployed(scratch) == []
    scratch.remove()  # with an emulator running, it has something to leave behind
    assert not scratch.workspace.terraform_state.exists()
    assert json.loads(users_own.read_text()) == EMPTY_STATE


def test_a_docker_engine_that_does_not_answer_is_named(scratch: Scratch) -> None:
    up = scratch.local("up", DOCKER_HOST="tcp://127.0.0.1:1")
    assert up.code == 1
    assert "DOCKER_HOST names (tcp://127.0.0.1:1) does not answer" in up.output
    assert "Traceback" not in up.output


def test_a_port_that_is_taken_is_named_and_left_alone(scratch: Scratch) -> None:
    port = scratch.workspace.port
    with socket.create_server(("127.0.0.1", port)) as stranger:
        up = scratch.local("up")
        assert up.code == 1, up.output
        assert f"Port {port} is taken by another program" in up.output
        assert "LOCAL_PORT" in up.output
        assert containers(scratch.workspace) == []
        socket.create_connection(stranger.getsockname()).close()
    assert "Traceback" not in up.output


def test_another_checkouts_system_on_the_same_port_is_left_alone(
    system: RunningSystem, tmp_path: Path
) -> None:
    stranger = copy_checkout(system.workspace, tmp_path / "copy", port=system.workspace.port)
    before = {container.id for container in containers(system.workspace)}
    for command in ("up", "down"):
        refused = stranger.local(command)
        assert refused.code == 1, refused.output
        assert f"is that of the system of {system.workspace.root}" in refused.output
    assert {container.id for container in containers(system.workspace)} == before
