from __future__ import annotations

import asyncio
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
import uvloop

from local import docker_engine, emulator
from local.containers import containers
from local.workspace import Workspace
from tests.engine.prod_shaped import ProdShaped, prod_shaped_stack
from tests.running_system import RunningSystem, local_command

LEVELS = ("engine", "browser", "faults")


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run every test on the event loop that the application runs on: it has a TLS of its own."""
    return {"uvloop": uvloop.new_event_loop}


def _git_status(workspace: Workspace) -> str:
    return subprocess.run(
        ["git", "status", "--porcelain"],
        cwd=workspace.root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.fixture(scope="session")
def system(pytestconfig: pytest.Config) -> Iterator[RunningSystem]:
    """The local system, brought up once for the whole run and removed after it.

    One that was up before is used and left as it is.
    """
    workspace = Workspace.from_environment()
    found = emulator.emulator_version(workspace) is not None
    before = _git_status(workspace)
    try:
        up = local_command("up", workspace)
        with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print(f"\n{up.output}")
        if up.code:
            pytest.fail("`make up` failed, see above", pytrace=False)
        yield RunningSystem(workspace=workspace, first_up=up.output)
    finally:
        if not found:
            down = local_command("down", workspace)
            assert down.code == 0, down.output
    if not found and docker_engine.server_version():
        assert containers(workspace) == []
    assert _git_status(workspace) == before, "the run changed files that git tracks"


@pytest.fixture(scope="session")
def prod_shaped(
    system: RunningSystem, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ProdShaped]:
    """A second system, whose stack lives its life in the background."""
    folder = tmp_path_factory.mktemp("prod") / "copy"
    with prod_shaped_stack(system.workspace, folder) as stack:
        yield stack


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have benchmarks come when that stack is gone, and last those that wait for it."""
    items.sort(key=lambda item: (_waits_for_prod(item), "bench" in item.path.parts))
    for item in items:
        level = next((level for level in LEVELS if item.get_closest_marker(level)), "unit")
        item.user_properties.append(("level", level))


def _waits_for_prod(item: pytest.Item) -> bool:
    return "prod_shaped" in getattr(item, "fixturenames", ())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much of each level ran, so that a skipped level does not look like success."""
    counts: Counter[str] = Counter()
    for report in terminalreporter.stats.get("passed", []):
        if report.when == "call":
            counts[dict(report.user_properties)["level"]] += 1
    covered = ", ".join(f"{level} {counts[level]}" for level in ("unit", *LEVELS) if counts[level])
    terminalreporter.write_line(f"passed by level: {covered or 'nothing'}")


@pytest.fixture(autouse=True)
def _needs_the_system(request: pytest.FixtureRequest) -> None:
    """Engine and browser tests find Docker, images and toolchain there: `make up` made them."""
    if any(request.node.get_closest_marker(level) for level in ("engine", "browser")):
        request.getfixturevalue("system")
        if any(map(_waits_for_prod, request.session.items)):
            request.getfixturevalue("prod_shaped")  # begun as early as can be
