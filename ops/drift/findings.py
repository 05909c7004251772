"""What was found to differ, in words, and what of it is known and expected."""

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ops.errors import OpsError
from ops.report.changes import Difference
from ops.report.words import property_words

__all__ = ["Finding", "Kind", "Known", "as_json", "as_text", "in_words", "marked", "read_known"]

_KEYS = {"type", "property", "after", "why"}


class Kind(StrEnum):
    """In what way two of three differ: the source, the state, and what is there."""

    CHANGED = "changed"
    GONE = "gone"
    STRANGE = "strange"
    PENDING = "pending"


_SAYS = {
    Kind.CHANGED: "Changed by somebody else; the next deployment puts it back.",
    Kind.GONE: "Removed by somebody else; the next deployment makes it anew.",
    Kind.STRANGE: "Changed by somebody else, in what no source speaks of: no deployment undoes it.",
    Kind.PENDING: "Nobody touched it: the source has a change that is not deployed.",
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that differs.

    Attributes:
        tool: Pulumi or Terraform.
        kind: In what way.
        type: The resource's type.
        what: The resource, in words.
        property: The property's path; empty for the whole.
        text: What it is, and what it was.
        known: Why it is expected; empty if it is not.
    """

    tool: str
    kind: Kind
    type: str
    what: str
    property: str
    text: str
    known: str = ""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is expected to differ.

    Attributes:
        type: Glob over types.
        property: Glob over paths.
        after: Glob over the text; what differs in another way is not expected.
        why: The reason.
    """

    type: str
    property: str
    why: str
    after: str = "*"


def in_words(difference: Difference) -> str:
    """Say what a property is, and what it was."""
    path = property_words(difference.path.replace("_", " "))
    return f"{path} is {difference.after}, was {difference.before}"


def read_known(files: Iterable[Path]) -> tuple[Known, ...]:
    """Read lists of what is known.

    Raises:
        OpsError: One cannot be read, or says something else.
    """
    known: list[Known] = []
    for file in files:
        try:
            content = tomllib.loads(file.read_text(encoding="utf-8"))
        # Beyond its own error, it may meet a number or a depth that Python has no room for.
        except (OSError, ValueError, RecursionError) as error:
            raise OpsError(f"{file} cannot be read: {error}") from error
        entries = content.get("known", [])
        if unknown := content.keys() - {"known"}:
            raise OpsError(f"{file}: {', '.join(sorted(unknown))} is no key. Write [[known]].")
        if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
            raise OpsError(f"{file}: known has to be a list of tables. Write [[known]].")
        for number, entry in enumerate(entries, start=1):
            known.append(_entry(f"{file}, entry {number}", entry))
    return tuple(known)


def _entry(where: str, entry: Mapping[str, Any]) -> Known:
    if unknown := entry.keys() - _KEYS:
        raise OpsError(f"{where}: {', '.join(sorted(unknown))} is no key. Keys: {_keys()}.")
    if missing := _KEYS - {"after"} - {key for key, value in entry.items() if value}:
        raise OpsError(f"{where}: {', '.join(sorted(missing))} is missing. Keys: {_keys()}.")
    if strange := sorted(key for key, value in entry.items() if not isinstance(value, str)):
        raise OpsError(f"{where}: {', '.join(strange)} is no text.")
    return Known(**entry)


def _keys() -> str:
    return "type, property, why, and after where it matters"


def marked(findings: Sequence[Finding], known: Sequence[Known]) -> tuple[Finding, ...]:
    """Return the findings, with the reason at those that are expected."""
    return tuple(
        replace(one, known=next((each.why for each in known if _is(one, each)), ""))
        for one in findings
    )


def _is(finding: Finding, known: Known) -> bool:
    return (
        fnmatchcase(finding.type, known.type)
        and fnmatchcase(finding.property, known.property)
        and fnmatchcase(finding.text, known.after)
    )


def as_text(findings: Sequence[Finding]) -> str:
    """Return the report: first what is new, then what is known."""
    new = [one for one in findings if not one.known]
    known = [one for one in findings if one.known]
    lines = [] if new else ["No drift."]
    for kind in Kind:
        rows = [one for one in new if one.kind is kind]
        if rows:
            lines += [_SAYS[kind], *(f"  ✗ {_row(one)}" for one in rows), ""]
    if known:
        lines += [*([""] if not new else []), "Known:"]
        lines += [f"  - {_row(one)}\n      {one.known}" for one in known]
    return "\n".join(lines).rstrip()


def _row(finding: Finding) -> str:
    return f"{finding.tool}: {finding.what}: {finding.text}"


def as_json(stack: str, findings: Sequence[Finding]) -> str:
    """Return the same for other programs."""
    drifted = any(not one.known for one in findings)
    told = [asdict(one) for one in findings]
    return json.dumps({"stack": stack, "drift": drifted, "findings": told}, indent=1)
