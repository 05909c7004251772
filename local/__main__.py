"""Command line of the local system; `make up`, `make status` and `make down` call it."""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - before anything that an older one cannot read
    sys.exit("Python 3.11 or newer is needed: `make PYTHON=python3.13 up`.")

import argparse
import contextlib
import signal
from pathlib import Path
from types import FrameType

from local import parity, preview, system
from local.errors import LocalError
from local.ops_commands import OPS_COMMANDS, run_ops
from local.workspace import Workspace

_COMMANDS = {
    "up": system.up,
    "status": system.status,
    "down": system.down,
    "packages": system.packages,
    "browser": system.test_browser,
    "parity": parity.parity,
    "env": system.environment,
}


def main() -> int:
    """Run one command; 1 is what a failure with an explanation returns, 130 Ctrl+C."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under `nohup`
            signal.signal(number, _interrupt)
    parser = _parser()
    arguments, rest = parser.parse_known_args()
    if rest and arguments.command not in OPS_COMMANDS:
        parser.error(f"unknown: {' '.join(rest)}")
    try:
        workspace = Workspace.from_environment()
        if arguments.command in OPS_COMMANDS:
            return run_ops(workspace, arguments.command, rest)
        if arguments.command != "preview":
            return _COMMANDS[arguments.command](workspace)
        options = preview.Options(stack=arguments.stack, events=arguments.events)
        return preview.preview(workspace, options)
    except LocalError as error:
        print(f"\n✗ {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"\n✗ {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as interruption:
        with contextlib.suppress(OSError):  # the terminal may be gone
            print("\n✗ interrupted; `make up` resumes, `make down` removes", file=sys.stderr)
        return 128 + int(interruption.args[0])


def _interrupt(number: int, _frame: FrameType | None) -> None:
    """Treat a closed terminal and a request to end as Ctrl+C."""
    raise KeyboardInterrupt(number)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in _COMMANDS:
        commands.add_parser(name)
    for name in OPS_COMMANDS:
        commands.add_parser(name, help=f"the same as ops.{name}, whose options it takes")
    previewing = commands.add_parser("preview")
    previewing.add_argument("stack", help="name of a Pulumi.STACK.yaml")
    previewing.add_argument("--events", type=Path, help="file for the engine's events, as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
