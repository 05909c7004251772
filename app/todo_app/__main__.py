"""Command line: `python -m todo_app serve` or `python -m todo_app migrate`."""

import argparse
import logging
import os
import signal
import sys
from collections.abc import Sequence
from typing import Final

import uvloop

from todo_app import logs
from todo_app.database import DatabaseError
from todo_app.settings import SettingsError, load_migrate_settings, load_serve_settings

_log = logging.getLogger("todo_app")

_FAILED: Final = 1
_BAD_SETTINGS: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code: 0 done, 1 failed, 2 not usable settings."""
    command = _parser().parse_args(arguments).command
    try:
        return _serve() if command == "serve" else _migrate()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return _BAD_SETTINGS


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="todo_app", description="TODO web application. Settings come from the environment."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="answer web requests until SIGTERM")
    commands.add_parser("migrate", help="bring schema and account up to date, then exit")
    return parser


# Each command loads only what it needs: the other one's libraries take longer than ours.


def _serve() -> int:
    from todo_app.server import serve  # noqa: PLC0415

    serve(load_serve_settings(os.environ))
    return 0


def _migrate() -> int:
    from todo_app.migrations import migrate  # noqa: PLC0415

    settings = load_migrate_settings(os.environ)
    logs.configure(settings.log_level)
    # As PID 1 a process ignores SIGTERM unless it says otherwise.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        revision = uvloop.run(migrate(settings, settings.credentials))
    except DatabaseError as error:
        _log.error("migration failed: %s", error)
        return _FAILED
    _log.info("schema is at revision %s", revision)
    return 0


if __name__ == "__main__":
    sys.exit(main())
