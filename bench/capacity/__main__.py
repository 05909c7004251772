"""Command line of the capacity benchmark; `make bench-capacity` calls it."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.app.contestants import OURS
from bench.app.load import vegeta_version
from bench.app.machine import requirements
from bench.capacity import overload, report
from bench.capacity.run import Plan, run
from bench.command_line import (
    RESULTS,
    Measured,
    Measurement,
    as_command,
    dump,
    guarded,
    parser,
)
from todo_infra.capacity.data import DATA

_NAME = "capacity"
_OVERLOAD = "overload"
_LOADS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.85)
_BEYOND = (1.0, 1.3)
_FULL = Plan(rounds=4, seconds=4, rows=100_000, shares=(*_LOADS, *_BEYOND))
_SHORT = Plan(rounds=1, seconds=1, rows=10_000, shares=(0.1, 0.3))


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, write the result; 1 is a failure, 130 an interruption."""
    options = _parser().parse_args(arguments)
    if options.write:
        return guarded(lambda: _write(options.output or RESULTS / f"{_NAME}.json", options.data))
    if options.overload:
        return guarded(lambda: Measurement(name=_OVERLOAD, options=options).run(_overload))
    return guarded(lambda: Measurement(name=_NAME, options=options).run(_measure))


def _parser() -> argparse.ArgumentParser:
    made = parser(_NAME, __doc__, short="two loads of a second")
    made.add_argument("--seconds", type=int, choices=range(1, 31), metavar="1-30")
    made.add_argument(
        "--cgroup", help="parent of the containers, such as /bench, whose CPU shares are yours"
    )
    made.add_argument(
        "--write",
        action="store_true",
        help="measure nothing: take the result over into the plan's figures",
    )
    made.add_argument("--data", type=Path, default=DATA / "throughput.json", help="these figures")
    made.add_argument(
        "--overload",
        action="store_true",
        help=f"measure more than tasks can answer instead; writes {_OVERLOAD}.json",
    )
    made.add_argument("--beside", type=Path, help="another checkout, whose application is compared")
    return made


def _measure(asked: Measurement) -> Measured:
    options, plan = asked.options, _plan(asked.options)
    finished = run(plan, asked.workspace, asked.say, cgroup=options.cgroup)
    data = report.as_data(
        finished,
        command=_command(options, plan, CGROUP=options.cgroup),
        machine=_machine(asked),
        versions=_versions(),
    )
    return Measured(text=report.as_text(data), data=data)


def _overload(asked: Measurement) -> Measured:
    options, plan = asked.options, _plan(asked.options)
    crowds = overload.measure(
        asked.workspace,
        asked.say,
        rounds=plan.rounds,
        seconds=plan.seconds,
        beside=options.beside,
        cgroup=options.cgroup,
    )
    data = overload.as_data(
        crowds,
        command=_command(options, plan, OVERLOAD=1, CGROUP=options.cgroup),
        machine=_machine(asked),
        versions=_versions(),
    )
    return Measured(text=overload.as_text(data), data=data)


def _plan(options: argparse.Namespace) -> Plan:
    plan = _SHORT if options.short else _FULL
    return replace(
        plan, rounds=options.rounds or plan.rounds, seconds=options.seconds or plan.seconds
    )


def _command(options: argparse.Namespace, plan: Plan, **more: object) -> str:
    return as_command(_NAME, short=options.short, ROUNDS=plan.rounds, SECONDS=plan.seconds, **more)


def _versions() -> dict[str, str]:
    return {"vegeta": vegeta_version(), **requirements((OURS,))}


def _machine(asked: Measurement) -> dict[str, Any]:
    cgroup = asked.options.cgroup
    return {**asked.machine(), **({"cgroup": _shares(cgroup)} if cgroup else {})}


def _shares(cgroup: str) -> str:
    """What the kernel gives a group beside others; 1024 (or 100) is as much as theirs."""
    group = cgroup.lstrip("/")
    files = (f"/sys/fs/cgroup/cpu/{group}/cpu.shares", f"/sys/fs/cgroup/{group}/cpu.weight")
    for file in map(Path, files):
        if file.exists():
            return f"{file.name} {file.read_text().strip()}"
    return "unknown"


def _write(recorded: Path, figures: Path) -> None:
    data: dict[str, Any] = json.loads(recorded.read_text())
    dump(report.throughput(data), figures)
    print(f"written to {figures}")


if __name__ == "__main__":
    sys.exit(main())
