"""Waivers: a violation that someone answers for, for a time.

A waiver stands in the configuration of its rule. While it is in force the violation is not
reported by the rule, but is printed by the pack's last one; afterwards the violation is back.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Any, Protocol

from todo_policies.parameters import PolicyConfigError

__all__ = ["WAIVERS_SCHEMA", "Ledger", "UsedWaiver", "Waivable", "Waiver", "read_waivers", "today"]

_TEXT = {"type": "string", "minLength": 1}
_MEANINGS = {
    "resource": "Glob over the URN or the name of the resources that are let through.",
    "owner": "Who answers for it.",
    "reason": "Why, and what makes up for it.",
    "until": "The last day on which it holds, such as 2027-03-31.",
}
WAIVERS_SCHEMA: dict[str, Any] = {
    "type": "array",
    "description": "Violations of this rule that are let through for a time.",
    "items": {
        "type": "object",
        "required": list(_MEANINGS),
        "additionalProperties": False,
        "properties": {
            key: {**_TEXT, "description": meaning}
            | ({"pattern": r"^\d{4}-\d{2}-\d{2}$"} if key == "until" else {})
            for key, meaning in _MEANINGS.items()
        },
    },
}
"""JSON Schema of the list."""


def today() -> dt.date:
    """The day, in UTC, which is the same on every machine."""
    return dt.datetime.now(dt.UTC).date()


class Waivable(Protocol):
    """What a waiver is matched with."""

    @property
    def name(self) -> str:
        """The resource's name."""

    @property
    def urn(self) -> str:
        """Its URN."""


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """One waiver of one rule; the fields are explained in the schema."""

    resource: str
    owner: str
    reason: str
    until: dt.date

    def matches(self, subject: Waivable) -> bool:
        """Whether it is about that resource."""
        return fnmatchcase(subject.urn, self.resource) or fnmatchcase(subject.name, self.resource)

    def __str__(self) -> str:
        return f"{self.owner}, until {self.until}: {self.reason.rstrip('.')}"


@dataclass(frozen=True, kw_only=True)
class UsedWaiver:
    """A violation that a waiver let through."""

    rule: str
    name: str
    urn: str
    problem: str
    waiver: Waiver


@dataclass
class Ledger:
    """What waivers there are, and what became of them in one analysis.

    Attributes:
        clock: The day on which waivers are judged.
        configured: The waivers by their rule.
        ignored: Rules with waivers that cannot be waived.
        used: In force, and let something through.
        touched: Matched a violation, in force or not.
    """

    clock: Callable[[], dt.date] = today
    configured: dict[str, Sequence[Waiver]] = field(default_factory=dict)
    ignored: set[str] = field(default_factory=set)
    used: list[UsedWaiver] = field(default_factory=list)
    touched: set[tuple[str, Waiver]] = field(default_factory=set)

    def settle(self, rule: str, subject: Waivable, problem: str) -> str | None:
        """Return the problem as it has to be reported, or None if it is waived and noted."""
        matching = [each for each in self.configured.get(rule, ()) if each.matches(subject)]
        if not matching or rule in self.ignored:
            return problem
        self.touched.update((rule, waiver) for waiver in matching)
        waiver = max(matching, key=lambda each: each.until)
        if waiver.until < self.clock():
            return f"{problem}\nIts waiver has expired ({waiver})."
        self.used.append(
            UsedWaiver(
                rule=rule, name=subject.name, urn=subject.urn, problem=problem, waiver=waiver
            )
        )
        return None

    def idle(self) -> Iterator[tuple[str, Waiver]]:
        """Yield rule and waiver of those that matched nothing."""
        for rule, waivers in self.configured.items():
            if rule not in self.ignored:
                yield from ((rule, one) for one in waivers if (rule, one) not in self.touched)

    def clear(self) -> None:
        """Forget what happened; the next analysis begins."""
        self.used.clear()
        self.touched.clear()


def read_waivers(config: Mapping[str, Any]) -> tuple[Waiver, ...]:
    """Return the waivers in a rule's configuration.

    Raises:
        PolicyConfigError: naming everything that is missing, unknown or no date.
    """
    given = config.get("waivers", ())
    if not isinstance(given, (list, tuple)):
        raise PolicyConfigError([f"waivers is {given!r}: a list is allowed."])
    problems: list[str] = []
    waivers = [_read(f"waivers[{index}]", one, problems) for index, one in enumerate(given)]
    if problems:
        raise PolicyConfigError(problems)
    return tuple(waiver for waiver in waivers if waiver is not None)


def _read(where: str, given: object, problems: list[str]) -> Waiver | None:
    names = [one.name for one in fields(Waiver)]
    if not isinstance(given, Mapping):
        problems.append(f"{where} is {given!r}: an object with {', '.join(names)} is allowed.")
        return None
    found = [
        f"{where}.{key} is unknown: allowed are {', '.join(names)}."
        for key in given
        if key not in names
    ]
    found += [
        f"{where}.{name} is missing: say {_MEANINGS[name].rstrip('.').lower()}."
        for name in names
        if not (isinstance(given.get(name), str) and given[name].strip())
    ]
    problems += found
    if found:
        return None
    try:
        until = dt.date.fromisoformat(given["until"])
    except ValueError:
        problems.append(
            f"{where}.until is {given['until']!r}: a day such as 2027-03-31 is allowed."
        )
        return None
    return Waiver(
        resource=given["resource"], owner=given["owner"], reason=given["reason"], until=until
    )
