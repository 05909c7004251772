"""Fixtures: the program's recorded deployments, one for each way a stack is configured."""

import functools
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime import config as runtime_config

from tests.infra.recorder import Deployment, deploy_stack, make_project

# With one of these, a test has something of its own that the program could see.
_OWN = {"project", "monkeypatch"}


@pytest.fixture(autouse=True)
def _no_config_of_another_test() -> Iterator[None]:
    runtime_config.CONFIG.set({})
    yield
    runtime_config.CONFIG.set({})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path)


@pytest.fixture(scope="session")
def deploy_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Deployment]:
    """Deploys what it has not deployed yet; the program makes the same of the same config."""
    root = make_project(tmp_path_factory.mktemp("project"))
    return functools.cache(lambda stack, changes: deploy_stack(root, stack, **json.loads(changes)))


@pytest.fixture
def deploy(
    request: pytest.FixtureRequest, deploy_once: Callable[[str, str], Deployment]
) -> Callable[..., Deployment]:
    own = bool(_OWN.intersection(request.fixturenames))
    root = request.getfixturevalue("project") if own else None

    def run(stack: str = "prod", **changes: Mapping[str, Any]) -> Deployment:
        if root is not None:
            return deploy_stack(root, stack, **changes)
        return deploy_once(stack, json.dumps(changes, sort_keys=True))

    return run


@pytest.fixture(scope="session")
def prod(deploy_once: Callable[[str, str], Deployment]) -> Deployment:
    return deploy_once("prod", "{}")


@pytest.fixture(scope="session")
def local(deploy_once: Callable[[str, str], Deployment]) -> Deployment:
    return deploy_once("local", "{}")
