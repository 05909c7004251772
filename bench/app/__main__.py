"""Command line of the application benchmark; `make bench-app` calls it."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from pathlib import Path

from bench.app import report
from bench.app.contestants import BASELINE, DRIVER, FASTAPI, OURS
from bench.app.load import vegeta_version
from bench.app.machine import describe, requirements
from bench.app.rounds import Plan
from bench.app.run import run
from local.errors import LocalError
from local.workspace import Workspace

_COMMITTED = Path(__file__).resolve().parents[1] / "results" / "app.json"
_FULL = Plan(rounds=3, seconds=5, rows=(100, 10_000, 1_000_000))
_SHORT = Plan(rounds=1, seconds=1, rows=(100, 1_000, 10_000))
_QUIET = 0.1


def main(arguments: list[str] | None = None) -> int:
    """Measure, print both tables, write the result; 1 is a failure, 130 an interruption."""
    options = _parser().parse_args(arguments)
    plan = _plan(options)
    workspace = Workspace.from_environment()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {line}", flush=True)

    try:
        machine = describe()
        if machine["busy_before"] > _QUIET:
            say(f"{machine['busy_before']:.0%} of this machine is busy: expect worse figures")
        finished = run(plan, workspace, say)
    except (LocalError, OSError) as error:
        print(f"\n✗ {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\n✗ interrupted; nothing of it is left running", file=sys.stderr)
        return 130
    print(f"\n{report.as_text(finished.results)}")
    data = report.as_data(
        finished.results,
        command=_command(plan, short=options.short),
        machine=machine,
        versions={
            "base image": finished.base_image,
            "database": finished.database_version,
            "wrk": finished.wrk_version,
            "vegeta": vegeta_version(),
            **requirements((BASELINE, FASTAPI, DRIVER, OURS)),
        },
    )
    file: Path = options.output or (
        workspace.home / "bench-app-short.json" if options.short else _COMMITTED
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(data, indent=1) + "\n")
    say(f"written to {file}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.app", description=__doc__)
    parser.add_argument("--rounds", type=int, choices=range(1, 10), metavar="1-9")
    parser.add_argument("--seconds", type=int, choices=range(1, 31), metavar="1-30")
    parser.add_argument(
        "--short", action="store_true", help="one round of a second, to see that it works"
    )
    parser.add_argument("--output", type=Path, help=f"default: {_COMMITTED.name}, if not short")
    return parser


def _plan(options: argparse.Namespace) -> Plan:
    plan = _SHORT if options.short else _FULL
    return Plan(
        rounds=options.rounds or plan.rounds,
        seconds=options.seconds or plan.seconds,
        rows=plan.rows,
    )


def _command(plan: Plan, *, short: bool) -> str:
    words = ["make bench-app", *(["SHORT=1"] if short else [])]
    return " ".join([*words, f"ROUNDS={plan.rounds}", f"SECONDS={plan.seconds}"])


if __name__ == "__main__":
    sys.exit(main())
