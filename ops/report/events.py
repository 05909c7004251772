"""The event log of a preview, read: what `make preview STACK=prod EVENTS=FILE` writes.

One JSON object a line, each an `EngineEvent` of Pulumi's Go package `sdk/v3/go/common/apitype`.
Kinds and members that are not known here are passed over: a newer engine's log is read, too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ops.errors import OpsError
from ops.plain_data import DataError, json_value

__all__ = ["Preview", "State", "Step", "Violation", "read_events", "read_preview"]

Json = Mapping[str, Any]

# Of one replacement the engine tells up to three steps.
_REPLACING = {"replace", "create-replacement", "delete-replaced", "import-replacement"}
_URN_PARTS = 3
_SILENT = {"read", "refresh", "read-replacement", "read-discard", "discard-replaced"}


@dataclass(frozen=True, kw_only=True)
class State:
    """A resource as it is, or as it is to be.

    Attributes:
        inputs: What the program and the provider's check say.
        outputs: What the provider answered.
        protect: Whether Pulumi refuses to delete it.
        retain: Whether Pulumi leaves it where it is when it forgets it.
    """

    inputs: Json = field(default_factory=dict)
    outputs: Json = field(default_factory=dict)
    protect: bool = False
    retain: bool = False


@dataclass(frozen=True, kw_only=True)
class Step:
    """What happens to one resource.

    Attributes:
        op: create, update, replace, delete, import or same.
        urn: Names the resource.
        old: None for a new one.
        new: None for one that goes.
        differing: Input properties that the provider found to differ.
        replacing: Those of them for which it replaces the resource.
    """

    op: str
    urn: str
    old: State | None
    new: State | None
    differing: tuple[str, ...] = ()
    replacing: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        """The resource's type, such as `aws:rds/instance:Instance`."""
        return self.urn.split("::")[2].split("$")[-1]

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.split("::", 3)[-1]


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One finding of the policy pack.

    Attributes:
        rule: The rule's name.
        level: mandatory, advisory or remediate.
        severity: critical, high, medium, low; empty if not said.
        urn: The resource it is about; empty for the stack.
        problem: What is wrong.
        fix: What to do; empty if not said.
    """

    rule: str
    level: str
    severity: str
    urn: str
    problem: str
    fix: str


@dataclass(frozen=True, kw_only=True)
class Preview:
    """All that one preview said.

    Attributes:
        stack: The stack's name.
        config: Key to value, objects as JSON text; secrets are blanked by the engine.
        steps: By URN, each resource once.
        violations: By rule and resource.
        errors: What the engine or the program gave up on.
        warnings: What they warn of.
        packs: Policy packs that were run, such as `todo`.
        succeeded: Whether the preview came to its end without an error.
    """

    stack: str
    config: Mapping[str, str]
    steps: tuple[Step, ...]
    violations: tuple[Violation, ...]
    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    packs: tuple[str, ...]
    succeeded: bool


def read_preview(file: Path, stack: str = "") -> Preview:
    """Read an event log.

    Args:
        file: The log.
        stack: The stack's name, for a log that breaks off before it names one.

    Raises:
        OpsError: There is no such file, or it is no event log.
    """
    events = list(read_events(file))
    if not events:
        raise OpsError(f"{file} is empty: the preview ended before it began. See what it printed.")
    try:
        return _preview(events, stack)
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise OpsError(f"{file} has an event of a shape that is not known: {error!r}.") from error


def _preview(events: Sequence[Json], stack: str) -> Preview:
    steps = _steps(_all(events, "resourcePreEvent"))
    summary: Json = next(_all(events, "summaryEvent"), {})
    diagnostics = list(_all(events, "diagnosticEvent"))
    result = summary.get("result", "succeeded" if summary else "failed")
    errors = _messages(diagnostics, "error")
    # All it says of a violation, which is told by itself.
    told = [text for text in errors if text not in {"preview failed", "update failed"}]
    return Preview(
        stack=next((step.urn.split("::")[0].split(":")[-1] for step in steps), stack) or stack,
        config=dict(next(_all(events, "preludeEvent"), {}).get("config") or {}),
        steps=tuple(steps),
        violations=_violations(_all(events, "policyEvent")),
        errors=tuple(told),
        warnings=tuple(_messages(diagnostics, "warning")),
        packs=_packs(events, summary),
        succeeded=result == "succeeded" and not errors,
    )


def read_events(file: Path) -> Iterator[Json]:
    """Yield the events of a log.

    Raises:
        OpsError: There is no such file, or a line of it is no event.
    """
    try:
        # Some of what `splitlines` takes for an end of a line may stand within a JSON text.
        lines = file.read_text(encoding="utf-8").rstrip("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise OpsError(f"The event log {file} cannot be read: {error}.") from error
    for number, line in enumerate(lines if lines != [""] else [], start=1):
        try:
            event = json_value(line)
        except DataError:
            # An engine that was killed leaves half a line; the summary is missing then, too.
            if number == len(lines) > 1:
                return
            event = None
        if not isinstance(event, dict) or "sequence" not in event:
            raise OpsError(
                f"{file}:{number} is no engine event. The log is what `make preview STACK=prod "
                "EVENTS=FILE` writes; `pulumi preview --json` alone is another format."
            )
        yield event


def _all(events: Sequence[Json], kind: str) -> Iterator[Json]:
    return (event[kind] for event in events if isinstance(event.get(kind), dict))


def _steps(told: Iterator[Json]) -> list[Step]:
    """Return one step for each resource, by URN."""
    by_urn: dict[str, list[Json]] = {}
    for event in told:
        metadata = event["metadata"]
        if metadata["op"] not in _SILENT:
            by_urn.setdefault(metadata["urn"], []).append(metadata)
    return [_step(urn, by_urn[urn]) for urn in sorted(by_urn)]


def _step(urn: str, told: list[Json]) -> Step:
    ops = {metadata["op"] for metadata in told}
    op = "replace" if ops & _REPLACING else told[0]["op"]
    if urn.count("::") < _URN_PARTS:
        raise ValueError(f"{urn!r} is no URN")
    keys = {key for metadata in told for key in metadata.get("keys") or ()}
    differing = {key for metadata in told for key in metadata.get("diffs") or ()}
    for metadata in told:
        for path, how in (metadata.get("detailedDiff") or {}).items():
            differing.add(_top(path))
            if str(how.get("diffKind", how.get("kind"))).endswith("replace"):
                keys.add(_top(path))
    return Step(
        op=op,
        urn=urn,
        old=_state(told, "old"),
        new=None if op == "delete" else _state(told, "new"),
        differing=tuple(sorted(differing | keys)),
        replacing=tuple(sorted(keys)),
    )


def _top(path: str) -> str:
    return path.split(".", maxsplit=1)[0].split("[", maxsplit=1)[0]


def _state(told: list[Json], which: str) -> State | None:
    state = next((metadata[which] for metadata in told if metadata.get(which)), None)
    if state is None:
        return None
    return State(
        inputs=dict(state.get("inputs") or {}),
        outputs=dict(state.get("outputs") or {}),
        protect=bool(state.get("protect")),
        retain=bool(state.get("retainOnDelete")),
    )


def _violations(told: Iterator[Json]) -> tuple[Violation, ...]:
    found = {
        Violation(
            rule=str(event["policyName"]),
            level=str(event.get("enforcementLevel", "mandatory")),
            severity=str(event.get("severity", "")),
            urn=str(event.get("resourceUrn", "")),
            problem=_problem(event.get("message", "")),
            fix=event.get("message", "").partition("\nFix: ")[2].strip(),
        )
        for event in told
    }
    return tuple(sorted(found, key=lambda one: (one.rule, one.urn, one.problem)))


def _problem(message: str) -> str:
    """Return what is wrong: the engine puts the rule's description, a line, before it."""
    description, _, rest = message.partition("\nFix: ")[0].partition("\n")
    return (rest or description).strip()


def _messages(diagnostics: Sequence[Json], severity: str) -> list[str]:
    """Return each message once, in the order it came."""
    said = (one.get("message", "") for one in diagnostics if one.get("severity") == severity)
    return list(dict.fromkeys(text.strip() for text in said))


def _packs(events: Sequence[Json], summary: Json) -> tuple[str, ...]:
    named = summary.get("PolicyPacks") or {}  # the engine's own spelling
    judged = (one.get("policyPackName", "") for one in _all(events, "policyAnalyzeSummaryEvent"))
    return tuple(sorted({name.split("|")[0] for name in named} | set(judged)))
