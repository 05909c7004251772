"""What a stack's config leads to: `make plan STACK=prod SET="peakRequestsPerSecond=1200"`.

Reads the stack's file and nothing else: no engine, no credentials, no network. Exits with 1 when
the config, or the change that is tried, cannot be used, and with 2 when the question is wrong.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from ops.errors import OpsError
from todo_infra import config
from todo_infra.capacity import plan_capacity
from todo_infra.errors import ConfigErrors

from .describe import as_text, describe
from .picture import picture
from .stack import changed, read_stack

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the plan, and write its picture where one is asked for."""
    options = _options(arguments)
    now = datetime.now(UTC)
    try:
        stated = read_stack(options.root, options.stack)
        wished = changed(stated, options.set)
        before = plan_capacity(config.parse(stated), now)
        after = plan_capacity(config.parse(wished), now)
        if options.picture:
            _write(options.picture, picture(options.stack, before, after))
    except ConfigErrors as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    except OpsError as error:
        print(f"✗ {error}", file=sys.stderr)
        return 2
    title = f"Stack {options.stack}" + (f" with {options.set}" if options.set else "")
    if options.markdown:
        print("\n".join([f"### {title}", "", *describe(before, after)]))
    else:
        print(f"{title}\n\n{as_text(before, after)}")
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ops.plan", description=__doc__)
    parser.add_argument("--stack", default="prod", help="whose file is read (default: prod)")
    parser.add_argument("--set", default="", help="changes to try, such as size=large")
    parser.add_argument("--markdown", action="store_true", help="as a pull request shows it")
    parser.add_argument("--picture", type=Path, help="an SVG file to write")
    parser.add_argument("--root", type=Path, default=Path(), help="the project's directory")
    return parser.parse_args(arguments)


def _write(path: Path, content: str) -> None:
    try:
        path.write_text(content)
    except OSError as error:
        raise OpsError(f"{path} cannot be written: {error.strerror}.") from error


if __name__ == "__main__":
    sys.exit(main())
