"""Command line of the local system; `make up`, `make status` and `make down` call it."""

from __future__ import annotations

import argparse
import sys

from local import parity, system
from local.errors import LocalError
from local.workspace import Workspace

_COMMANDS = {
    "up": system.up,
    "status": system.status,
    "down": system.down,
    "test-tools": system.test_tools,
    "parity": parity.parity,
    "env": system.environment,
}


def main() -> int:
    """Run one command; 1 is what a failure with an explanation returns, 130 an interruption."""
    parser = argparse.ArgumentParser(prog="python3 -m local", description=__doc__)
    parser.add_argument("command", choices=_COMMANDS)
    command = parser.parse_args().command
    try:
        return _COMMANDS[command](Workspace.from_environment())
    except LocalError as error:
        print(f"\n✗ {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\n✗ interrupted; `make up` resumes, `make down` removes", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
