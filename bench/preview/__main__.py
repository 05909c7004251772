"""Command line of the preview benchmark; `make bench-preview` calls it."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from pathlib import Path

from bench.app.machine import describe, priority
from bench.preview import report
from bench.preview.run import Plan, run
from local.errors import LocalError
from local.workspace import Workspace

_COMMITTED = Path(__file__).resolve().parents[1] / "results" / "preview.json"
_FULL = Plan(rounds=5, groups=(6, 20), times=(1, 10))
_SHORT = Plan(rounds=1, groups=(1,), times=(1,))
_QUIET = 0.1


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, write the result; 1 is a failure, 130 an interruption."""
    options = _parser().parse_args(arguments)
    plan = _SHORT if options.short else _FULL
    if options.rounds:
        plan = Plan(rounds=options.rounds, groups=plan.groups, times=plan.times)
    workspace = Workspace.from_environment()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {line}", flush=True)

    try:
        machine = {**describe(), "priority": priority()}
        if machine["busy_before"] > _QUIET:
            say(f"{machine['busy_before']:.0%} of this machine is busy: expect worse figures")
        results = run(plan, workspace, say)
    except (LocalError, OSError) as error:
        print(f"\n✗ {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\n✗ interrupted; nothing of it is left running", file=sys.stderr)
        return 130
    print(f"\n{report.as_text(results)}")
    words = ["make bench-preview", *(["SHORT=1"] if options.short else [])]
    command = " ".join([*words, f"ROUNDS={plan.rounds}"])
    file: Path = options.output or (
        workspace.home / "bench-preview-short.json" if options.short else _COMMITTED
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    data = report.as_data(results, command=command, machine=machine)
    file.write_text(json.dumps(data, indent=1) + "\n")
    say(f"written to {file}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.preview", description=__doc__)
    parser.add_argument("--rounds", type=int, choices=range(1, 20), metavar="1-19")
    parser.add_argument(
        "--short", action="store_true", help="one round of few resources, to see that it works"
    )
    parser.add_argument("--output", type=Path, help=f"default: {_COMMITTED.name}, if not short")
    return parser


if __name__ == "__main__":
    sys.exit(main())
