"""One comment for a pull request: what it does to each stack, in plain words.

    make preview STACK=prod EVENTS=prod.jsonl && make report EVENTS=prod=prod.jsonl

Reads the engine's event logs and writes Markdown; `python -m ops.report.post` posts it. Exits with
0 once that is done, whatever the report says (the preview has its own exit code), and with 2 if it
cannot be done.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from ops.errors import OpsError
from ops.report.capacity import capacity_lines, config_at
from ops.report.comment import Report, StackReport, comment
from ops.report.compare import compare, is_complete
from ops.report.events import read_preview
from ops.report.verdict import read_verdict

__all__ = ["main"]

# A stack, its log, and the target branch's.
_Log = tuple[str, Path, Path | None]
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

    def pairs(option: str, metavar: str, explanation: str) -> None:
        parser.add_argument(
            option,
            action="append",
            type=_pair,
            default=[],
            metavar=metavar,
            help=explanation,
        )

    pairs("--events", "STACK=FILE", "event log of a preview")
    parser.add_argument(
        "--folder",
        type=Path,
        help="folder of event logs: aws-STACK.jsonl of the real stack, or else head-STACK.jsonl of "
        "the emulator, with base-STACK.jsonl, that of the target branch, beside it",
    )
    pairs("--check", "NAME=RESULT", "what another check ended with")
    parser.add_argument("--base", help="git revision that the change is for")
    parser.add_argument(
        "--now", type=moment, help="time for capacity and cost, such as 2027-01-02T06:00Z"
    )
    parser.add_argument("--ownership", type=Path, help="what `python -m ops.ownership --json` said")
    parser.add_argument("--output", help="file for the comment (default: print it)")
    return parser


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"{text!r} has to be NAME=VALUE")
    return name, value


def moment(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _report(options: argparse.Namespace) -> Report:
    for name, result in options.check:
        if result not in _RESULTS:
            raise OpsError(f"--check {name} is {result!r}; it can be {', '.join(_RESULTS)}.")
    if not (options.events or options.folder):
        raise OpsError("Give --events STACK=FILE or --folder FOLDER.")
    logs: list[_Log] = [(name, Path(file), None) for name, file in options.events]
    logs += _logs(options.folder) if options.folder else []
    return Report(
        stacks=tuple(_stack(*log, options) for log in sorted(logs, key=lambda one: one[0])),
        ownership=read_verdict(options.ownership) if options.ownership else None,
        checks=tuple(sorted(options.check)),
    )


def _logs(folder: Path) -> list[_Log]:
    """Return each stack's best log; a job that failed before its preview leaves an empty one."""
    files = {file.stem: file for file in folder.glob("*-*.jsonl") if file.stat().st_size}
    stacks = {stem.partition("-")[2] for stem in files if not stem.startswith("base-")}
    real = {stack: files.get(f"aws-{stack}") for stack in stacks}
    return [
        (stack, log, None)
        if (log := real[stack])
        else (stack, files[f"head-{stack}"], files.get(f"base-{stack}"))
        for stack in sorted(stacks)
    ]


def _stack(
    name: str, file: Path, base_file: Path | None, options: argparse.Namespace
) -> StackReport:
    preview, revision = read_preview(file, name), options.base
    base = read_preview(base_file, name) if base_file else None
    if base is not None and not is_complete(base):
        base = None  # what the target branch itself cannot do is no measure
    before = dict(base.config) if base else None
    if revision:
        before = config_at(revision, name, _root())
    return StackReport(
        preview=compare(base, preview) if base else preview,
        compared_with=(revision or "the target branch") if base else "",
        capacity=tuple(capacity_lines(before, preview.config, options.now)),
    )


def _root() -> Path:
    command = ["git", "rev-parse", "--show-toplevel"]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    return Path(shown.stdout.strip() or ".")


if __name__ == "__main__":
    sys.exit(main())
