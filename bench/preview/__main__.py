"""Command line of the preview benchmark; `make bench-preview` calls it."""

from __future__ import annotations

import sys
from dataclasses import replace

from bench.command_line import Measured, Measurement, as_command, guarded, parser
from bench.preview import report
from bench.preview.run import Plan, run

_NAME = "preview"
_FULL = Plan(rounds=5, groups=(6, 20), times=(1, 10))
_SHORT = Plan(rounds=1, groups=(1,), times=(1,))


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, write the result; 1 is a failure, 130 an interruption."""
    made = parser(_NAME, __doc__, short="one round of few resources", most_rounds=19)
    options = made.parse_args(arguments)
    return guarded(lambda: Measurement(name=_NAME, options=options).run(_measure))


def _measure(asked: Measurement) -> Measured:
    plan = _SHORT if asked.options.short else _FULL
    plan = replace(plan, rounds=asked.options.rounds or plan.rounds)
    results = run(plan, asked.workspace, asked.say)
    command = as_command(_NAME, short=asked.options.short, ROUNDS=plan.rounds)
    data = report.as_data(results, command=command, machine=asked.machine())
    return Measured(text=report.as_text(results), data=data)


if __name__ == "__main__":
    sys.exit(main())
