"""`up` is cut off wherever it is: it resumes to the state of one that was not, or `down` clears."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest

from local.containers import docker
from local.workspace import Workspace
from tests.faults.chance import by_chance, seed
from tests.faults.interruption import Cut, Phase, Run, processes
from tests.faults.report import record
from tests.faults.systems import Systems, bring_down, bring_up, check, cut_off
from tests.running_system import RunningSystem
from tests.waiting import eventually

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]

_CREATING: Final = r"\+  {} \S+ creating \("
DATABASE = Phase(
    name="the database is made",
    begins=_CREATING.format("aws:rds:Instance"),
    seconds=3,
    log="pulumi-up",
)
LOAD_BALANCER = Phase(
    name="the load balancer is made",
    begins=_CREATING.format("aws:lb:LoadBalancer"),
    seconds=10,
    log="pulumi-up",
)
TERRAFORM = Phase(name="Terraform applies", begins="· terraform apply", seconds=4)
PREVIEW = Phase(name="Pulumi previews", begins="· pulumi up", seconds=3)
BEGINNING = Phase(name="it begins", begins="", seconds=0)
PHASES: Final = (
    Phase(name="the emulator starts", begins="· AWS emulator", seconds=1.5),
    Phase(name="Terraform is prepared", begins="· Terraform provider", seconds=1),
    TERRAFORM,
    Phase(name="the network is made", begins="aws_vpc.this: Creation complete",
          seconds=5, log="terraform-apply"),
    PREVIEW,
    Phase(name="the image is built", begins=_CREATING.format("docker:index:Image"),
          seconds=3, log="pulumi-up"),
    DATABASE,
    LOAD_BALANCER,
    Phase(name="the service is made", begins=_CREATING.format("aws:ecs:Service"),
          seconds=4, log="pulumi-up"),
    Phase(name="the page is waited for", begins="· page is ready", seconds=0.3),
)  # fmt: skip
CUTS: Final = (*[Cut.ALL_KILLED] * 3, *[Cut.KILLED] * 2, *[Cut.CTRL_C] * 2,
               *[Cut.TERMINATED] * 2, Cut.TERMINAL_CLOSED)  # fmt: skip
SERVICE_UPDATED: Final = Phase(
    name="the service is updated",
    begins=r"~  aws:ecs:Service \S+ updating \(",
    seconds=3,
    log="pulumi-up",
)
_TOGETHER: Final = 3
_DOWN_SECONDS: Final = 3.0
Figures = dict[str, object]


def in_phase(systems: Systems, phase: Phase, cut: Cut, after: float, *, twice: bool) -> Figures:
    """Cut a first run off, resume it and remove it; if `twice`, remove another one before."""
    scratch = systems.copy(phase.name.replace(" ", "-"))
    if twice:
        cut_off(scratch, phase, cut, after)
        bring_down(scratch)
    under_way = cut_off(scratch, phase, cut, after)
    seconds = bring_up(scratch)
    check(scratch, systems.whole.result()[1])
    bring_down(scratch)
    downs = 2 if twice else 1
    return {
        "under way": under_way,
        "cut off by": cut.value,
        "resumed in s": seconds,
        "downs": downs,
    }


def only_the_engine(systems: Systems) -> Figures:
    """Kill Pulumi and nothing else, while the database is made."""
    scratch = systems.copy("engine")
    root = scratch.workspace.root
    with Run(scratch, "up") as run:
        run.reach(DATABASE)
        for number, command in processes(root).items():
            if Path(command.partition(" ")[0]).name == "pulumi":
                os.kill(number, signal.SIGKILL)
        assert run.wait() == 1
        assert "`pulumi up` was ended by SIGKILL" in run.output
        assert "`make up` resumes" in run.output
    assert eventually(lambda: not processes(root), seconds=30), processes(root)
    seconds = bring_up(scratch)
    check(scratch, systems.whole.result()[1])
    bring_down(scratch)
    return {"under way": DATABASE.name, "cut off by": "SIGKILL of Pulumi", "resumed in s": seconds}


def the_emulator(systems: Systems) -> Figures:
    """Kill the emulator while the load balancer is made."""
    scratch = systems.copy("emulator")
    with Run(scratch, "up") as run:
        run.reach(LOAD_BALANCER)
        began = time.monotonic()
        docker("kill", f"{scratch.workspace.name}-emulator")
        assert run.wait() == 1
        told_after = round(time.monotonic() - began, 1)
        assert "The AWS emulator ended" in run.output
        assert "`make up` starts afresh" in run.output
    seconds = bring_up(scratch)
    check(scratch, systems.whole.result()[1])
    bring_down(scratch)
    return {"cut off by": "SIGKILL of the emulator", "told after s": told_after,
            "resumed in s": seconds}  # fmt: skip


def with_todos(systems: Systems, after: Sequence[float]) -> Figures:
    """Cut off later runs of a system with a to-do, with and without a change, and its removal."""
    previewing, updating, removing = after
    scratch, whole = systems.whole.result()
    system = RunningSystem(workspace=scratch.workspace, first_up="")
    title = f"kept {uuid4()}"
    with system.client() as client:
        todos = client.post("/api/lists").json()["todos"]
        path = todos[todos.index("/api/") :]
        client.post(path, json={"title": title}).raise_for_status()
    under_way = [cut_off(scratch, PREVIEW, Cut.ALL_KILLED, previewing)]
    seconds = [bring_up(scratch)]
    check(scratch, whole)
    page = scratch.workspace.root / "app" / "todo_app" / "__init__.py"
    page.write_text(page.read_text() + "\nCHANGED = True\n")
    under_way.append(cut_off(scratch, SERVICE_UPDATED, Cut.ALL_KILLED, updating))
    seconds.append(bring_up(scratch))
    check(scratch, None)
    with system.client() as client:
        assert [todo["title"] for todo in client.get(path).json()] == [title]
    cut_off(scratch, BEGINNING, Cut.ALL_KILLED, removing, command="down")
    bring_down(scratch)
    return {"under way": "; ".join(under_way), "cut off by": Cut.ALL_KILLED.value,
            "resumed in s": seconds}  # fmt: skip


def cases(*, long: bool) -> Mapping[str, Callable[[Systems], Figures]]:
    """What is tried, by name, as the seed has it."""
    chance = by_chance("runs that are cut off")
    cuts = chance.sample(CUTS, len(CUTS))
    cases: dict[str, Callable[[Systems], Figures]] = {}
    for number, (phase, cut) in enumerate(zip(PHASES, cuts, strict=True)):
        after = chance.uniform(0, phase.seconds)
        cases[phase.name] = partial(
            in_phase, phase=phase, cut=cut, after=after, twice=number % 2 == 0
        )
    if not long:
        return {TERRAFORM.name: removed_at_once}
    waits = (PREVIEW.seconds, SERVICE_UPDATED.seconds, _DOWN_SECONDS)
    return {
        **cases,
        "only the engine": only_the_engine,
        "the emulator": the_emulator,
        "with to-dos": partial(with_todos, after=[chance.uniform(0, most) for most in waits]),
    }


def removed_at_once(systems: Systems) -> Figures:
    """Kill a first run while Terraform applies, and remove it: the one case of the short form."""
    scratch = systems.copy("once")
    after = by_chance("the one run that is cut off").uniform(0, TERRAFORM.seconds)
    under_way = cut_off(scratch, TERRAFORM, Cut.ALL_KILLED, after)
    bring_down(scratch)
    return {"under way": under_way, "cut off by": Cut.ALL_KILLED.value, "downs": 1}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        long = bool(metafunc.config.getoption("--long", default=False))
        metafunc.parametrize("case", list(cases(long=long)))


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest,
    workspace: Workspace,
    long: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Mapping[str, Future[Figures]]]:
    """What comes of each case that was asked for; three are tried at a time."""
    print(f"seed {seed()}")
    functions = cases(long=long)
    here = [item for item in request.session.items if item.path == request.path]
    wanted = [
        str(item.callspec.params["case"]) for item in here if isinstance(item, pytest.Function)
    ]
    systems = Systems(workspace, tmp_path_factory.mktemp("cut-off"))
    with ThreadPoolExecutor(_TOGETHER) as pool:
        if long:
            pool.submit(systems.make_whole)
        outcomes = {name: pool.submit(functions[name], systems) for name in wanted}
        yield outcomes
        for outcome in outcomes.values():
            outcome.cancel()
    systems.close()


def test_a_run_that_is_cut_off_is_resumed_and_removed(
    case: str, outcomes: Mapping[str, Future[Figures]]
) -> None:
    record(f"up cut off: {case}", outcomes[case].result())
