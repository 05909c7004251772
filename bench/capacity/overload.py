"""More than a task can answer: how many requests it still answers well, beside what it can.

A client's patience ends after a second. `goodput` is what was answered with success in that time,
for each second in which requests were sent.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.app.contestants import Contestant, build_image
from bench.capacity.arena import Arena, Say, Task, opened
from bench.command_line import provenance
from local.workspace import Workspace

__all__ = ["LOADS", "Crowd", "as_data", "as_text", "measure"]

LOADS = (1.0, 1.5, 2.0)
"""As parts of what clients get served who wait for their answers; the first is what it can."""

PATIENCE_SECONDS = 1.0
# Beside larger ones there is too little of a small machine left for the load.
_SIZES = ("xsmall", "small")
_ROWS = 100_000
_REFUSED = "503"


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """One load of one task.

    Attributes:
        who: `this` application, or the one `beside` it.
        load: as a part of what the task can.
        goodput: requests a second that were answered well, and in time.
        p99_ms: of those that were answered well, in time or not.
        refused: answers that say to come back later.
        failed: whatever else became of a request.
        used_cpus: CPU time of the task for each second.
    """

    round: int
    size: str
    who: str
    load: float
    offered: int
    goodput: float
    p99_ms: float
    refused: int
    failed: int
    used_cpus: float


def measure(
    workspace: Workspace,
    say: Say,
    *,
    rounds: int,
    seconds: int,
    beside: Path | None,
    cgroup: str | None,
) -> list[Crowd]:
    """Measure, with another checkout's application beside this one's if there is one.

    Raises:
        LocalError: if anything fails.
    """
    with opened(_ROWS, workspace, say, cgroup=cgroup) as arena:
        images = {"this": arena.image}
        if beside:
            other = Contestant(key="beside", title="the other one", context=beside / "app")
            images["beside"] = build_image(workspace, other, lambda _line: None)
        tasks = {
            size: {who: arena.task(size, image) for who, image in images.items()} for size in _SIZES
        }
        crowds = []
        for crowd in _crowds(arena, tasks, rounds, seconds):
            say(
                f"round {crowd.round}, {crowd.size}, {crowd.who}, {crowd.load:g} times: "
                f"{crowd.goodput:.0f} of {crowd.offered}/s well, p99 {crowd.p99_ms:.0f} ms, "
                f"{crowd.refused} refused, {crowd.failed} failed"
            )
            crowds.append(crowd)
        return crowds


def _crowds(
    arena: Arena, tasks: Mapping[str, Mapping[str, Task]], rounds: int, seconds: int
) -> Iterator[Crowd]:
    chosen = random.Random(1)  # noqa: S311 - no secret
    for number in range(1, rounds + 1):
        for both in tasks.values():
            # As the machine is now; a shared one is another every minute.
            able = max(arena.saturated(task, seconds=seconds) for task in both.values())
            turns = [(load, who) for load in LOADS for who in both]
            chosen.shuffle(turns)
            for load, who in turns:
                rate = max(1, round(load * able))
                yield _crowd(arena, both[who], number, who, load, rate, seconds)


def _crowd(
    arena: Arena, task: Task, number: int, who: str, load: float, rate: int, seconds: int
) -> Crowd:
    before = task.container.cpu_seconds()
    answers = arena.attack.at_rate(task.mix, rate=rate, seconds=seconds)
    used = task.container.cpu_seconds() - before
    refused = answers.codes.get(_REFUSED, 0)
    return Crowd(
        round=number,
        size=task.size,
        who=who,
        load=load,
        offered=rate,
        goodput=answers.well_within(PATIENCE_SECONDS) / seconds,
        p99_ms=answers.well_percentile_ms(99),
        refused=refused,
        failed=answers.failed - refused,
        used_cpus=used / max(answers.seconds, float(seconds)),
    )


def as_data(
    crowds: Sequence[Crowd],
    *,
    command: str,
    machine: Mapping[str, Any],
    versions: Mapping[str, str],
) -> dict[str, Any]:
    """Everything that was measured, where, and what it means."""
    return {
        **provenance(command=command, machine=machine, versions=versions),
        "definition": (
            f"Goodput: requests a second answered with success within {PATIENCE_SECONDS:g} s of "
            "when they were due. Kept: of the goodput at a load of 1, in the same round."
        ),
        "crowds": [asdict(crowd) for crowd in crowds],
        "kept": {
            f"{size}, {who}, {load:g} times": _kept(crowds, size, who, load)
            for size, who, load in _cells(crowds)
        },
    }


def _cells(crowds: Sequence[Crowd]) -> list[tuple[str, str, float]]:
    return sorted({(one.size, one.who, one.load) for one in crowds})


def _of(crowds: Sequence[Crowd], size: str, who: str, load: float) -> list[Crowd]:
    return [one for one in crowds if (one.size, one.who, one.load) == (size, who, load)]


def _kept(crowds: Sequence[Crowd], size: str, who: str, load: float) -> float:
    """The part that is left of what the task can, in the middle of all rounds."""
    able = {one.round: one.goodput for one in _of(crowds, size, who, LOADS[0])}
    return median(one.goodput / able[one.round] for one in _of(crowds, size, who, load))


def as_text(data: Mapping[str, Any]) -> str:
    """A line for each load of each task; medians."""
    crowds = [Crowd(**one) for one in data["crowds"]]
    lines = [data["definition"], ""]
    lines.append("size    who      load  goodput  kept  p99 ms  refused  failed")
    for size, who, load in _cells(crowds):
        cell = _of(crowds, size, who, load)
        kept = data["kept"][f"{size}, {who}, {load:g} times"]
        lines.append(
            f"{size:8}{who:8}{load:5}{median(one.goodput for one in cell):9.0f}{kept:6.0%}"
            f"{median(one.p99_ms for one in cell):8.0f}{sum(one.refused for one in cell):9}"
            f"{sum(one.failed for one in cell):8}"
        )
    return "\n".join(lines)
