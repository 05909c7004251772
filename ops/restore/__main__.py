"""Restores the database of a stack: `make restore STACK=prod DO="begin --latest"`.

    begin      make a second database of a snapshot, or of a moment of the first
    compare    hold the data of both against each other
    cut-over   have the application use the second
    back       have it use the first again
    finish     have the second be the only one; the first is deleted
    drop       delete the second

Each step changes the stack's config, previews it with the policies on, asks, and deploys it.
Nothing but `finish` and `drop` deletes anything. Exits with 1 if a step did not come to its end.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from ops.errors import OpsError
from ops.restore.engine import Engine
from ops.restore.steps import Steps, Wanted

__all__ = ["main"]

_ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Take one step."""
    options = _options(arguments)
    root: Path = options.root
    file = options.config_file or root / f"Pulumi.{options.stack}.yaml"
    engine = Engine(stack=options.stack, root=root, config_file=file.resolve())
    try:
        steps = Steps(engine, _client, _yes if options.yes else _asked)
        print(f"\n{_take(steps, options)}")
    except (OpsError, BotoCoreError, ClientError) as error:
        print(f"\n✗ {error}", file=sys.stderr)
        return 1
    return 0


def _take(steps: Steps, options: argparse.Namespace) -> str:
    if options.step == "begin":
        wanted = Wanted(snapshot=options.snapshot, time=options.time, name=options.name)
        return steps.begin(wanted)
    taken = {
        "compare": steps.compare,
        "cut-over": steps.cut_over,
        "back": steps.back,
        "finish": steps.finish,
        "drop": steps.drop,
    }
    return taken[options.step]()


def _client(service: str, region: str) -> Any:  # noqa: ANN401 - boto3's
    return boto3.client(service, region_name=region)  # type: ignore[call-overload]


def _asked(question: str) -> bool:
    try:
        return input(f"{question} [yes/no] ").strip() == "yes"
    except EOFError:
        return False


def _yes(_question: str) -> bool:
    return True


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no moment such as 2026-11-29T07:59:31Z"
        ) from None
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no zone: Z for UTC, or such as +01:00")
    return moment.astimezone(UTC).replace(microsecond=0)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m ops.restore",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--stack", required=True, help="the stack")
    parser.add_argument("--root", type=Path, default=_ROOT, help="the project's directory")
    parser.add_argument("--config-file", type=Path, help="another file with the stack's config")
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    steps = parser.add_subparsers(dest="step", required=True)
    begin = steps.add_parser("begin")
    what = begin.add_mutually_exclusive_group(required=True)
    what.add_argument("--snapshot", help="identifier of a snapshot")
    what.add_argument("--time", type=_moment, help="a moment, such as 2026-11-29T07:59:31Z")
    what.add_argument("--latest", action="store_true", help="the latest moment that there is")
    begin.add_argument("--name", help="what it is called (default: r and the day)")
    for name in ("compare", "cut-over", "back", "finish", "drop"):
        steps.add_parser(name)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
