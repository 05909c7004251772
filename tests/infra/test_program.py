import ast
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.infra.recorder import (
    GENERATED_PASSWORD,
    PROJECT_ROOT,
    REGISTRY_PASSWORD,
    Deployment,
    deploy_stack,
)
from todo_infra.errors import ConfigErrors, InfrastructureError

PROGRAM = PROJECT_ROOT / "pulumi" / "__main__.py"


def test_the_program_stays_short_enough_to_read_at_once() -> None:
    assert len(PROGRAM.read_text().splitlines()) <= 80


def test_no_package_shadows_the_pulumi_sdk() -> None:
    assert not (PROJECT_ROOT / "pulumi" / "__init__.py").exists()


def test_the_program_only_wires_and_exports() -> None:
    kinds = {type(node) for node in ast.parse(PROGRAM.read_text()).body}
    assert kinds <= {ast.Import, ast.ImportFrom, ast.Assign, ast.Expr}


@pytest.mark.parametrize("stack", ["local", "dev", "prod"])
def test_every_stack_deploys(deploy: Callable[..., Deployment], stack: str) -> None:
    assert set(deploy(stack).exports) == {
        "url",
        "cluster",
        "service",
        "load_balancer",
        "database",
        "image",
    }


def test_nothing_secret_is_exported(local: Deployment) -> None:
    exported = json.dumps(local.exports)
    assert GENERATED_PASSWORD not in exported
    assert REGISTRY_PASSWORD not in exported


def test_secret_values_reach_only_inputs_that_the_engine_encrypts(local: Deployment) -> None:
    for registration in local.registrations:
        for name, value in registration.inputs.items():
            text = json.dumps(value)
            if GENERATED_PASSWORD in text or REGISTRY_PASSWORD in text:
                assert name in registration.secret_inputs, (registration.name, name)


def test_a_useless_terraform_state_stops_the_program_before_any_resource(project: Path) -> None:
    (project / "terraform" / "terraform.tfstate").write_text('{"outputs": {}}')
    recorded = Deployment()
    with pytest.raises(InfrastructureError, match="it has no outputs"):
        deploy_stack(project, "prod", recorded)
    assert recorded.without_stack() == []


def test_useless_config_stops_the_program_before_any_resource(project: Path) -> None:
    recorded = Deployment()
    with pytest.raises(ConfigErrors, match=r"todo:capacity\.minTasks"):
        deploy_stack(project, "prod", recorded, capacity={"minTasks": 0})
    assert recorded.without_stack() == []


def test_all_names_start_with_project_and_stack(prod: Deployment) -> None:
    assert all(one.name.startswith("todo-prod") for one in prod.registrations)


def test_two_stacks_share_no_name(prod: Deployment, local: Deployment) -> None:
    names = [{(one.type, one.name) for one in stack.registrations} for stack in (prod, local)]
    assert not names[0] & names[1]
