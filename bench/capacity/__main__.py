"""Command line of the capacity benchmark; `make bench-capacity` calls it."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from bench.app.contestants import OURS
from bench.app.load import vegeta_version
from bench.app.machine import describe, priority, requirements
from bench.capacity import report
from bench.capacity.run import Plan, run
from local.errors import LocalError
from local.workspace import Workspace
from todo_infra.capacity.data import DATA

_COMMITTED = Path(__file__).resolve().parents[1] / "results" / "capacity.json"
_LOADS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.85)
_BEYOND = (1.0, 1.3)
_FULL = Plan(rounds=4, seconds=4, rows=100_000, shares=(*_LOADS, *_BEYOND))
_SHORT = Plan(rounds=1, seconds=1, rows=10_000, shares=(0.1, 0.3))
_QUIET = 0.1


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, write the result; 1 is a failure, 130 an interruption."""
    options = _parser().parse_args(arguments)
    try:
        if options.write:
            return _write(options.output or _COMMITTED, options.data)
        return _measure(options)
    except (LocalError, OSError) as error:
        print(f"\n✗ {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\n✗ interrupted; nothing of it is left running", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.capacity", description=__doc__)
    parser.add_argument("--rounds", type=int, choices=range(1, 10), metavar="1-9")
    parser.add_argument("--seconds", type=int, choices=range(1, 31), metavar="1-30")
    parser.add_argument(
        "--short", action="store_true", help="two loads of a second, to see that it works"
    )
    parser.add_argument(
        "--cgroup", help="parent of the containers, such as /bench, whose CPU shares are yours"
    )
    parser.add_argument("--output", type=Path, help=f"default: {_COMMITTED.name}, if not short")
    parser.add_argument(
        "--write",
        action="store_true",
        help="measure nothing: take the result over into the plan's figures",
    )
    parser.add_argument("--data", type=Path, default=DATA / "throughput.json", help="these figures")
    return parser


def _measure(options: argparse.Namespace) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    plan, workspace, began = _plan(options), Workspace.from_environment(), time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {line}", flush=True)

    machine = {**describe(), "load_before": round(os.getloadavg()[0], 1), "priority": priority()}
    if options.cgroup:
        machine["cgroup"] = _shares(options.cgroup)
    if machine["busy_before"] > _QUIET:
        say(f"{machine['busy_before']:.0%} of this machine is busy: expect worse figures")
    finished = run(plan, workspace, say, cgroup=options.cgroup)
    data = report.as_data(
        finished,
        command=_command(plan, options),
        machine={**machine, "load_after": round(os.getloadavg()[0], 1)},
        versions={"vegeta": vegeta_version(), **requirements((OURS,))},
    )
    print(f"\n{report.as_text(data)}")
    file: Path = options.output or (
        workspace.home / "bench-capacity-short.json" if options.short else _COMMITTED
    )
    _dump(data, file)
    say(f"written to {file}")
    return 0


def _plan(options: argparse.Namespace) -> Plan:
    plan = _SHORT if options.short else _FULL
    return Plan(
        rounds=options.rounds or plan.rounds,
        seconds=options.seconds or plan.seconds,
        rows=plan.rows,
        shares=plan.shares,
    )


def _command(plan: Plan, options: argparse.Namespace) -> str:
    words = ["make bench-capacity", *(["SHORT=1"] if options.short else [])]
    words += [f"ROUNDS={plan.rounds}", f"SECONDS={plan.seconds}"]
    return " ".join([*words, *([f"CGROUP={options.cgroup}"] if options.cgroup else [])])


def _shares(cgroup: str) -> str:
    """What the kernel gives a group beside others; 1024 (or 100) is as much as theirs."""
    group = cgroup.lstrip("/")
    files = (f"/sys/fs/cgroup/cpu/{group}/cpu.shares", f"/sys/fs/cgroup/{group}/cpu.weight")
    for file in map(Path, files):
        if file.exists():
            return f"{file.name} {file.read_text().strip()}"
    return "unknown"


def _write(recorded: Path, figures: Path) -> int:
    data: dict[str, Any] = json.loads(recorded.read_text())
    _dump(report.throughput(data), figures)
    print(f"written to {figures}")
    return 0


def _dump(data: object, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
