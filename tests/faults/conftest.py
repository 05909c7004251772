from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.docker_engine import ensure_docker
from local.images import ensure_database_image, ensure_emulator_image, ensure_python_image
from local.workspace import Workspace
from tests.faults import chance
from tests.faults.local_system import local_system, local_system_begun  # noqa: F401 - fixtures
from tests.faults.network import build_network_image
from tests.faults.report import REFUSALS, SCENARIOS, Report
from tests.faults.result import Result, this_run
from tests.faults.servers import App, Database
from tests.faults.stage import Stage, build_app_image
from tests.plain_balancer import ensure_haproxy


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="faults: the long form of every scenario")
    parser.addoption("--seed", type=int, help="faults: of an earlier run; default: by chance")


def pytest_configure(config: pytest.Config) -> None:
    number = config.getoption("--seed", default=None)
    if number is not None:
        chance.use_seed(number)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Have the tests that wait for the local system come last: they have the least to wait then."""
    items.sort(key=_waits_for_system)
    if not config.getoption("--long", default=False):
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(pytest.mark.skip("has no short form: `make faults`"))


def _waits_for_system(item: pytest.Item) -> bool:
    return "local_system" in getattr(item, "fixturenames", ())


@pytest.fixture(autouse=True)
def _begin_the_local_system(request: pytest.FixtureRequest, long: bool) -> None:
    """In the short form; the long one states figures, which nothing beside it may spoil."""
    if long:
        return
    items = request.session.items
    if any(_waits_for_system(item) and not item.get_closest_marker("skip") for item in items):
        request.getfixturevalue("local_system_begun")


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
def network(workspace: Workspace) -> str:
    """The image that makes networks bad."""
    return build_network_image(workspace)


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
def report(request: pytest.FixtureRequest) -> Report:
    name: str = request.node.name
    return Report(name.removeprefix("test_").replace("_", " "))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if not SCENARIOS:
        return
    workspace = Workspace.from_environment()
    outcomes = {
        outcome: [
            test.nodeid
            for test in terminalreporter.stats.get(outcome, [])
            if test.nodeid.startswith("tests/faults/")
        ]
        for outcome in ("passed", "failed", "error")
    }
    run = this_run(
        workspace.root,
        form="long" if config.getoption("--long", default=False) else "short",
        passed=len(outcomes["passed"]),
        failed=outcomes["failed"] + outcomes["error"],
    )
    result = Result(run, SCENARIOS, REFUSALS)
    page = result.write(workspace.home / "faults")
    terminalreporter.section("faults")
    for line in result.text():
        terminalreporter.write_line(line)
    terminalreporter.write_line(f"written to {page.relative_to(workspace.root)}, and as JSON")
