"""One comment for a pull request: what it does to each stack, in plain words.

    make preview STACK=prod EVENTS=prod.jsonl && make report EVENTS=prod=prod.jsonl

Reads the engine's event logs and writes Markdown; `python -m ops.report.post` posts it. Exits with
0 once that is done, whatever the report says (the preview has its own exit code), and with 2 if it
cannot be done.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ops.errors import OpsError
from ops.report.capacity import capacity_lines, config_at
from ops.report.comment import Ownership, Report, StackReport, comment
from ops.report.compare import compare
from ops.report.events import read_preview

__all__ = ["main"]

_RESULTS = ("success", "failure", "cancelled", "skipped")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the comment."""
    options = _parser().parse_args(arguments)
    try:
        text = comment(_report(options))
        if options.output:
            Path(options.output).write_text(text)
        else:
            print(text, end="")
    except (OpsError, OSError) as error:
        print(f"✗ {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ops.report",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )

    def pairs(option: str, metavar: str, explanation: str, *, required: bool = False) -> None:
        parser.add_argument(
            option,
            action="append",
            type=_pair,
            default=[],
            required=required,
            metavar=metavar,
            help=explanation,
        )

    pairs("--events", "STACK=FILE", "event log of a preview", required=True)
    pairs("--base-events", "STACK=FILE", "that of the target branch, where nothing is deployed")
    pairs("--check", "NAME=RESULT", "what another check ended with")
    parser.add_argument("--base", help="git revision that the change is for")
    parser.add_argument("--ownership", type=Path, help="what `python -m ops.ownership --json` said")
    parser.add_argument("--output", help="file for the comment (default: print it)")
    return parser


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"{text!r} has to be NAME=VALUE")
    return name, value


def _report(options: argparse.Namespace) -> Report:
    bases = dict(options.base_events)
    if unknown := sorted(bases.keys() - dict(options.events).keys()):
        raise OpsError(f"--base-events names {unknown[0]}, but --events does not.")
    for name, result in options.check:
        if result not in _RESULTS:
            raise OpsError(f"--check {name} is {result!r}; it can be {', '.join(_RESULTS)}.")
    root = _root()
    return Report(
        stacks=tuple(
            _stack(name, Path(file), bases.get(name), options.base, root)
            for name, file in sorted(options.events)
        ),
        ownership=_ownership(options.ownership),
        checks=tuple(sorted(options.check)),
    )


def _stack(
    name: str, file: Path, base_file: str | None, revision: str | None, root: Path
) -> StackReport:
    preview = read_preview(file, name)
    base = read_preview(Path(base_file), name) if base_file else None
    before = config_at(revision, name, root) if revision else None
    if before is None and base is not None:
        before = dict(base.config)
    if base is not None and not base.steps:
        base = None  # the target branch itself cannot be previewed: all that can be told is this
    return StackReport(
        preview=compare(base, preview) if base else preview,
        compared_with=(revision or "the target branch") if base else "",
        capacity=tuple(capacity_lines(before, preview.config)),
    )


def _ownership(file: Path | None) -> Ownership | None:
    if file is None:
        return None
    try:
        verdict = json.loads(file.read_text())
        return Ownership(product_only=verdict["productOnly"] is True, line=str(verdict["line"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OpsError(f"--ownership {file} is not what ops.ownership writes: {error}.") from error


def _root() -> Path:
    command = ["git", "rev-parse", "--show-toplevel"]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    return Path(shown.stdout.strip() or ".")


if __name__ == "__main__":
    sys.exit(main())
