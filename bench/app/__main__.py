"""Command line of the application benchmark; `make bench-app` calls it."""

from __future__ import annotations

import argparse
import sys

from bench.app import report
from bench.app.contestants import BASELINE, DRIVER, FASTAPI, OURS
from bench.app.load import vegeta_version
from bench.app.machine import requirements
from bench.app.rounds import Plan
from bench.app.run import run
from bench.command_line import Measured, Measurement, as_command, guarded, parser

_NAME = "app"
_FULL = Plan(rounds=3, seconds=5, rows=(100, 10_000, 1_000_000))
_SHORT = Plan(rounds=1, seconds=1, rows=(100, 1_000, 10_000))


def main(arguments: list[str] | None = None) -> int:
    """Measure, print both tables, write the result; 1 is a failure, 130 an interruption."""
    options = _parser().parse_args(arguments)
    return guarded(lambda: Measurement(name=_NAME, options=options).run(_measure))


def _measure(asked: Measurement) -> Measured:
    plan = _plan(asked.options)
    finished = run(plan, asked.workspace, asked.say)
    data = report.as_data(
        finished.results,
        command=as_command(
            _NAME, short=asked.options.short, ROUNDS=plan.rounds, SECONDS=plan.seconds
        ),
        machine=asked.machine(),
        versions={
            "base image": finished.base_image,
            "database": finished.database_version,
            "wrk": finished.wrk_version,
            "vegeta": vegeta_version(),
            **requirements((BASELINE, FASTAPI, DRIVER, OURS)),
        },
    )
    return Measured(text=report.as_text(finished.results), data=data)


def _parser() -> argparse.ArgumentParser:
    made = parser(_NAME, __doc__, short="one round of a second")
    made.add_argument("--seconds", type=int, choices=range(1, 31), metavar="1-30")
    return made


def _plan(options: argparse.Namespace) -> Plan:
    plan = _SHORT if options.short else _FULL
    return Plan(
        rounds=options.rounds or plan.rounds,
        seconds=options.seconds or plan.seconds,
        rows=plan.rows,
    )


if __name__ == "__main__":
    sys.exit(main())
