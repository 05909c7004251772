"""What a preview would do, as data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from tests.running_system import CommandResult

__all__ = ["Preview", "Step"]


@dataclass(frozen=True, kw_only=True)
class Step:
    """What a preview would do with one resource.

    Attributes:
        operation: `update`, `replace`, ...
        fields: those that differ from what the provider has read.
        same_inputs: whether the program says what it said when the resource was made.
    """

    operation: str
    fields: frozenset[str]
    same_inputs: bool


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A preview's steps by resource type and name, without those that change nothing."""

    code: int
    steps: Mapping[tuple[str, str], Step]

    @classmethod
    def of(cls, shown: CommandResult) -> Self:
        """Read what `pulumi preview --json` printed."""
        plan = json.loads(shown.output[shown.output.index("{\n") :])
        return cls(code=shown.code, steps=dict(_changes(plan)))


def _changes(plan: dict[str, Any]) -> Iterator[tuple[tuple[str, str], Step]]:
    for step in plan["steps"]:
        if step["op"] in ("same", "read"):
            continue
        *_, kind, name = step["urn"].replace("$", "::").split("::")
        old, new = step.get("oldState") or {}, step.get("newState") or {}
        made = Step(
            operation=step["op"],
            fields=frozenset(step.get("diffReasons") or ()),
            same_inputs=old.get("inputs") == new.get("inputs"),
        )
        yield (kind, name), made
