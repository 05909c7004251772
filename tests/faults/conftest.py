from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.docker_engine import ensure_docker
from local.edge import ensure_haproxy
from local.images import ensure_database_image, ensure_emulator_image, ensure_python_image
from local.workspace import Workspace
from tests.faults.report import FIGURES, Report, table, write
from tests.faults.servers import App, Database
from tests.faults.stage import Stage, build_app_image


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="faults: the long form of every scenario")


@pytest.fixture(scope="session")
def long(pytestconfig: pytest.Config) -> bool:
    """Whether to repeat more often and send more requests."""
    # The option is unknown where the run was not started for this folder.
    return bool(pytestconfig.getoption("--long", default=False))


@pytest.fixture(scope="session")
def workspace() -> Workspace:
    workspace = Workspace.from_environment()
    for ensure in (ensure_docker, ensure_python_image, ensure_database_image):
        ensure(workspace, lambda _line: None)
    return workspace


@pytest.fixture(scope="session")
def stage(workspace: Workspace) -> Iterator[Stage]:
    with Stage(workspace, build_app_image(workspace)) as stage:
        yield stage


@pytest.fixture(scope="session")
def database(stage: Stage) -> Database:
    return stage.database()


@pytest.fixture(scope="session")
def emulator(workspace: Workspace) -> None:
    ensure_emulator_image(workspace, lambda _line: None)


@pytest.fixture(scope="session")
def haproxy(workspace: Workspace) -> str:
    """Path of HAProxy."""
    return ensure_haproxy(workspace, lambda _line: None)


@pytest.fixture(scope="module")
def shared_app(stage: Stage, database: Database) -> Iterator[App]:
    app = stage.app(database)
    app.wait_until_ready()
    yield app
    stage.remove(app)


@pytest.fixture
def report(request: pytest.FixtureRequest, database: Database) -> Report:
    name: str = request.node.name
    return Report(name.removeprefix("test_").replace("_", " "), database)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if not FIGURES:
        return
    workspace = Workspace.from_environment()
    is_long = bool(config.getoption("--long", default=False))
    file = workspace.home / "faults" / ("result.json" if is_long else "result-short.json")
    write(file, form="long" if is_long else "short")
    terminalreporter.section("faults")
    for line in table():
        terminalreporter.write_line(line)
    terminalreporter.write_line(f"written to {file.relative_to(workspace.root)}")
