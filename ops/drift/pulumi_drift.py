"""Pulumi's side: what was deployed, what is there, and what the program would do about it.

`pulumi preview --refresh` asks AWS for every resource, previews the program against the answers,
and keeps neither: the event log has both.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.drift.findings import Finding, Kind, in_words
from ops.drift.repeated import repeated
from ops.drift.rules import strange_policies, strange_replicas, strange_rules
from ops.errors import OpsError
from ops.report.changes import differences
from ops.report.events import Preview, State, Step, read_events, read_preview
from ops.report.words import noun

__all__ = ["Look", "found_in", "look"]

# The bridge's own, which change with every refresh, and what only names the resource.
_OURS = {"__meta", "__pulumi_raw_state_delta", "__defaults", "id"}
_STEPS = {"create", "update", "replace", "delete", "import"}

Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Look:
    """How to ask.

    Attributes:
        stack: The stack.
        config_file: Its config, where that is another file than `Pulumi.<stack>.yaml`.
        root: The project's directory.
    """

    stack: str
    config_file: Path | None
    root: Path


def look(how: Look) -> tuple[Finding, ...]:
    """Ask the engine.

    Raises:
        OpsError: It gives no answer.
    """
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "events.jsonl")
        command = [
            *("pulumi", "preview", "--refresh", "--stack", how.stack, "--non-interactive"),
            *("--suppress-progress", "--color", "never", "--event-log", str(log)),
            *(["--config-file", str(how.config_file)] if how.config_file else []),
        ]
        # The option for the log is one of these.
        env = {**os.environ, "PULUMI_DEBUG_COMMANDS": "true"}
        try:
            done = subprocess.run(
                command, cwd=how.root, env=env, capture_output=True, text=True, check=False
            )
        except FileNotFoundError:
            raise OpsError('`pulumi` is not on PATH; `eval "$(make -s env)"` has one.') from None
        if done.returncode or not log.exists():
            raise OpsError(f"Pulumi does not say what differs:\n{_end(done)}")
        return found_in(log, how.stack)


def _end(done: subprocess.CompletedProcess[str]) -> str:
    return "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])


def found_in(log: Path, stack: str) -> tuple[Finding, ...]:
    """Read the log of a preview with a refresh.

    Raises:
        OpsError: It is none, or did not come to its end.
    """
    preview = read_preview(log, stack)
    if not preview.succeeded:
        raise OpsError(f"Pulumi does not say what differs: {'; '.join(preview.errors)}")
    try:
        return tuple(_found(preview, list(_refreshed(log))))
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise OpsError(f"{log} has an event of a shape that is not known: {error!r}.") from error


def _found(preview: Preview, asked: Sequence[Step]) -> Iterator[Finding]:
    refreshed = {one.urn: one for one in asked}
    steps = {one.urn: one for one in preview.steps if one.op in _STEPS}
    for urn in sorted(refreshed.keys() | steps.keys()):
        yield from _of_resource(refreshed.get(urn), steps.get(urn))
    for strange in (strange_rules, strange_policies, strange_replicas):
        for whose, where, text in strange(list(refreshed.values())):
            yield _finding(whose, Kind.STRANGE, where, text)


def _refreshed(log: Path) -> Iterator[Step]:
    """Yield a step for each resource that AWS was asked for: from the last state to what is."""
    asked = [
        (metadata, _outputs(metadata.get("old")), _outputs(metadata.get("new")))
        for event in read_events(log)
        for metadata in [(event.get("resOutputsEvent") or {}).get("metadata") or {}]
        if metadata.get("op") == "refresh" and metadata["type"].startswith("aws:")
    ]
    # One that is gone stands for its part all the same, and is found as gone.
    stack = [(str(metadata["type"]), new or old or {}) for metadata, old, new in asked]
    for metadata, old, new in asked:
        skipped = _OURS | repeated(metadata["type"], new or {}, stack)
        yield Step(
            op="refresh",
            urn=metadata["urn"],
            old=None if old is None else State(inputs=old),
            new=None if new is None else State(inputs=new),
            differing=_differing(old, new, skipped),
        )


def _differing(old: Json | None, new: Json | None, skipped: set[str]) -> tuple[str, ...]:
    if old is None or new is None:  # one that is gone is refreshed to nothing
        return ()
    names = (old.keys() | new.keys()) - skipped
    return tuple(sorted(name for name in names if _some(old.get(name)) != _some(new.get(name))))


def _outputs(state: Json | None) -> Json | None:
    return None if not state else state.get("outputs") or {}


def _some(value: object) -> object:
    """Return a value, or None for one of AWS's other words for nothing."""
    return None if value in ("", [], {}) else value


def _of_resource(refreshed: Step | None, step: Step | None) -> Iterator[Finding]:
    gone = refreshed is not None and (refreshed.new is None or not refreshed.new.inputs)
    if refreshed is not None and gone:
        yield _finding(refreshed, Kind.GONE, "", "is gone")
        return
    if refreshed is not None and refreshed.differing:
        kind = Kind.CHANGED if step else Kind.STRANGE
        for one in differences(refreshed):
            yield _finding(refreshed, kind, one.path, in_words(one))
        return
    if step is None:
        return
    if step.op != "update":
        words = {"create": "would be made", "delete": "would be deleted"}
        yield _finding(step, Kind.PENDING, "", words.get(step.op, "would be replaced"))
        return
    for one in differences(step):
        yield _finding(step, Kind.PENDING, one.path, f"{in_words(one)} as deployed")


def _finding(step: Step, kind: Kind, path: str, text: str) -> Finding:
    return Finding(
        tool="Pulumi",
        kind=kind,
        type=step.type,
        what=f"{noun(step.type)} {step.name}",
        property=path,
        text=text,
    )
