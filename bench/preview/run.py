"""One run, from an empty emulator to results."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.preview.arena import GROUP, Arena, Pair, running
from bench.preview.measure import Command, Process, Run, adopt_orphans, measure, processes
from bench.preview.policed import Policed, Project
from local.workspace import Workspace

__all__ = ["PULUMI", "TERRAFORM", "UNREFRESHED", "Plan", "Results", "Sample", "run"]

PULUMI = "pulumi preview"
TERRAFORM = "terraform plan"
UNREFRESHED = "terraform plan -refresh=false"
_PARTS = {  # a part of a command line, and what that process is
    "program_runner": "program",
    "language_host": "language host",
    "pulumi.policy": "policy pack",
    "pulumi-resource-aws": "AWS plugin (bridge)",
    "terraform-provider-aws": "AWS provider",
    "docker_plugin": "Docker plugin",
    "terraform_plugin": "Terraform state plugin",
    "pulumi preview": "engine",
    "terraform plan": "terraform",
}

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much is measured.

    Attributes:
        rounds: how often.
        groups: sizes of the compared sets, in groups of ten resources.
        times: how often the program of `prod` is in one stack.
    """

    rounds: int
    groups: tuple[int, ...]
    times: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One run.

    Attributes:
        round: from 1.
        what: `60 resources`, or `prod` and how often.
        contestant: who did it.
        seconds: until it ended.
        cpu_seconds: of all its processes.
    """

    round: int
    what: str
    contestant: str
    seconds: float
    cpu_seconds: float


@dataclass(frozen=True, kw_only=True)
class Results:
    """All that was measured.

    Attributes:
        plan: how much that is.
        counts: resources, for each thing measured.
        samples: of every round.
        profiles: one run of each, process by process.
    """

    plan: Plan
    counts: Mapping[str, int]
    samples: Sequence[Sample]
    profiles: Mapping[str, Sequence[Process]]


def run(plan: Plan, workspace: Workspace, say: Say) -> Results:
    """Measure everything; the emulator and all that was made is gone afterwards.

    Raises:
        LocalError: if anything fails, is not unchanged, or the compared sets are not equal.
    """
    with tempfile.TemporaryDirectory() as folder:
        say("emulator, toolchain")
        with running(workspace, Path(folder)) as arena:
            return _measured(plan, arena, say)


def _measured(plan: Plan, arena: Arena, say: Say) -> Results:
    work: dict[str, dict[str, Command]] = {}
    counts: dict[str, int] = {}
    for groups in plan.groups:
        what = f"{groups * GROUP} resources"
        say(f"{what}: deployed by both tools")
        pair = arena.pair(groups)
        counts[what] = pair.count
        work[what] = _contestants(pair)
    say("prod: the infrastructure before it")
    project = Project(arena)
    for times in plan.times:
        policed = project.times(times)
        work[f"prod, {times} times"] = _sides(policed)
    adopt_orphans()
    samples = []
    for what, commands in work.items():
        warm = [measure(command) for command in commands.values()]
        if what not in counts:
            counts[what] = _created(warm[0].output)
        for number in range(1, plan.rounds + 1):
            for contestant in _turns(number, list(commands)):
                done = measure(commands[contestant])
                samples.append(_sample(number, what, contestant, done))
                say(f"round {number}, {what}, {contestant}: {done.seconds:.2f} s")
    say("where the time goes")
    profiles = {
        f"{what}, {contestant}": processes(commands[contestant], _part)
        for what, commands in work.items()
        for contestant in commands
    }
    return Results(plan=plan, counts=counts, samples=samples, profiles=profiles)


def _contestants(pair: Pair) -> dict[str, Command]:
    return {PULUMI: pair.pulumi, TERRAFORM: pair.terraform, UNREFRESHED: pair.unrefreshed}


def _sides(policed: Policed) -> dict[str, Command]:
    return {"without policies": policed.without, "with policies": policed.policies}


def _created(output: str) -> int:
    """How many resources a preview would make."""
    return int(next(line for line in output.splitlines() if "to create" in line).split()[1])


def _turns(number: int, keys: Sequence[str]) -> list[str]:
    """Another contestant first in every round."""
    first = (number - 1) % len(keys)
    return [*keys[first:], *keys[:first]]


def _sample(number: int, what: str, contestant: str, done: Run) -> Sample:
    return Sample(
        round=number,
        what=what,
        contestant=contestant,
        seconds=done.seconds,
        cpu_seconds=done.cpu_seconds,
    )


def _part(command_line: str) -> str | None:
    return next((name for part, name in _PARTS.items() if part in command_line), None)
