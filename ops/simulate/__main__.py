"""Traffic against a plan: `make simulate STACK=prod SCENARIO=flash-crowd`, or CSV=traffic.csv.

Reads the stack's file and nothing else. What comes is made up (flash-crowd, launch, day: from the
stack's own busy hour to its own peak) or read from a file of two columns, a time and requests per
second. The same is sent to a service with plain defaults: tasks of the same size, at least two and
as many at most, scaled by 50 % of their CPU, with AWS's cooldowns and health checks. Exits with 1
when the config cannot be used, and with 2 when the question is wrong.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ops.errors import OpsError
from ops.plan.stack import changed, read_stack
from todo_infra import config
from todo_infra.config.events import Event
from todo_infra.errors import ConfigErrors

from .compare import compare, with_event, without_event
from .csv_file import read_csv
from .picture import picture
from .text import as_json, as_text
from .traffic import BEFORE, SCENARIOS, Traffic

__all__ = ["main"]

_LAUNCH = "launch"


@dataclass(frozen=True, kw_only=True)
class _Question:
    """What is simulated: the config, the traffic, since when, and how it would be announced."""

    settings: config.Settings
    traffic: Traffic
    begins: datetime
    announced: config.Settings | None = None


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the comparison, and write its picture where one is asked for."""
    options = _options(arguments)
    try:
        stated = changed(read_stack(options.root, options.stack), options.set)
        question = _question(options, config.parse(stated))
        outcomes = compare(
            question.settings,
            question.traffic,
            question.begins,
            options.seed,
            announced=question.announced,
        )
        title = f"Stack {options.stack}" + (f" with {options.set}" if options.set else "")
        if options.picture:
            headline = f"{options.stack}: {question.traffic.name}"
            _write(options.picture, picture(headline, question.traffic, outcomes))
    except ConfigErrors as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    except OpsError as error:
        print(f"✗ {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(as_json(question.traffic, outcomes, options.seed), indent=1))
    else:
        print(as_text(title, question.traffic, outcomes))
    return 0


def _question(options: argparse.Namespace, settings: config.Settings) -> _Question:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if options.csv:
        replay = read_csv(options.csv)
        begins = replay.begins or today
        return _Question(settings=settings, traffic=replay.traffic, begins=begins)
    base = settings.capacity.expected_requests_per_second
    peak = settings.capacity.peak_requests_per_second
    scenario = SCENARIOS[options.scenario]
    if options.scenario != _LAUNCH:
        return _Question(settings=settings, traffic=scenario(base, peak), begins=today)
    if event := _next_event(settings):
        begins = event.begins - timedelta(seconds=BEFORE)
        traffic = scenario(base, event.peak_requests_per_second)
        quiet = without_event(settings, event)
        return _Question(settings=quiet, traffic=traffic, begins=begins, announced=settings)
    known = with_event(settings, today, peak)
    return _Question(settings=settings, traffic=scenario(base, peak), begins=today, announced=known)


def _next_event(settings: config.Settings) -> Event | None:
    """The first of the stack's own that is still to come."""
    now = datetime.now(UTC)
    coming = (event for event in settings.capacity.events if event.begins > now)
    return min(coming, key=lambda event: event.begins, default=None)


def _write(path: Path, content: str) -> None:
    try:
        path.write_text(content)
    except OSError as error:
        raise OpsError(f"{path} cannot be written: {error.strerror}.") from error


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ops.simulate", description=__doc__)
    parser.add_argument("--stack", default="prod", help="whose file is read (default: prod)")
    parser.add_argument("--set", default="", help="changes to try, such as minTasks=2")
    traffic = parser.add_mutually_exclusive_group()
    traffic.add_argument("--scenario", choices=list(SCENARIOS), default="flash-crowd")
    traffic.add_argument("--csv", type=Path, help="a time and requests per second in each line")
    parser.add_argument("--seed", type=int, default=1, help="of what is by chance (default: 1)")
    parser.add_argument("--json", action="store_true", help="all of it, for programs")
    parser.add_argument("--picture", type=Path, help="an SVG file to write")
    parser.add_argument("--root", type=Path, default=Path(), help="the project's directory")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
