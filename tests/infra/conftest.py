"""Fixtures: the program's recorded deployments, one for each way a stack is configured."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime import config as runtime_config

from tests.infra.recorder import Deployment, deploy_stack, make_project


@pytest.fixture(autouse=True)
def _no_config_of_another_test() -> Iterator[None]:
    runtime_config.CONFIG.set({})
    yield
    runtime_config.CONFIG.set({})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path)


@pytest.fixture
def deploy(project: Path) -> Callable[..., Deployment]:
    def run(stack: str = "prod", **changes: Mapping[str, Any]) -> Deployment:
        return deploy_stack(project, stack, **changes)

    return run


@pytest.fixture(scope="session")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    return deploy_stack(make_project(tmp_path_factory.mktemp("prod")), "prod")


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    return deploy_stack(make_project(tmp_path_factory.mktemp("local")), "local")
