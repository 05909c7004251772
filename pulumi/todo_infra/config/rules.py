"""Rules for stack config values, and the reader that applies them to a dataclass.

A settings class says everything about its keys in its annotations::

    min_tasks: Annotated[int, WholeNumber(1, 100)] = 2

The reader turns the field's name into the key `minTasks`, checks what the stack file
says with the rule, and takes the field's default when the file says nothing.
"""

import difflib
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from ipaddress import IPv4Network
from typing import Any, Protocol, TypeVar, get_type_hints

from todo_infra.errors import ConfigError

__all__ = [
    "RELATIVE_PATH",
    "CidrList",
    "OneOf",
    "Rule",
    "Text",
    "WholeNumber",
    "YesNo",
    "key_of",
    "read_settings",
    "rules_of",
    "unknown_keys",
]

T = TypeVar("T")
_UNITS = {"gib": "GiB"}
_SECRET_NAME = re.compile(r"(?i)token|password|secret|accesskey|passphrase")


class Rule(Protocol):
    """What one value may be."""

    @property
    def allowed(self) -> str:
        """The rule in words, as it ends the sentence "allowed: …"."""

    def parse(self, value: object) -> object:
        """Return the typed value.

        Raises:
            ValueError: The value breaks the rule.
        """


@dataclass(frozen=True)
class WholeNumber:
    """A whole number within limits, both included."""

    low: int
    high: int

    @property
    def allowed(self) -> str:
        """The limits in words."""
        return f"a whole number from {self.low} to {self.high}"

    def parse(self, value: object) -> int:
        """Accept a number only: "3" in quotes is a text, and `true` is not 1."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(value)  # noqa: TRY004 - one kind of refusal for every rule
        if not self.low <= value <= self.high:
            raise ValueError(value)
        return value


@dataclass(frozen=True)
class YesNo:
    """A switch."""

    allowed: str = "true or false"

    def parse(self, value: object) -> bool:
        """Accept a boolean only: a quoted "false" would otherwise be true."""
        if not isinstance(value, bool):
            raise ValueError(value)  # noqa: TRY004 - one kind of refusal for every rule
        return value


@dataclass(frozen=True)
class OneOf:
    """One of a few words or numbers."""

    choices: Sequence[str | int]

    @property
    def allowed(self) -> str:
        """The choices, listed."""
        return " | ".join(str(choice) for choice in self.choices)

    def parse(self, value: object) -> str | int:
        """Accept a choice of the same type only: `true` is not 1."""
        for choice in self.choices:
            if type(choice) is type(value) and choice == value:
                return choice
        raise ValueError(value)


@dataclass(frozen=True)
class Text:
    """A text of a given form; the pattern has to match all of it."""

    pattern: str
    allowed: str

    def parse(self, value: object) -> str:
        """Accept a text that the whole pattern matches."""
        if not isinstance(value, str) or not re.fullmatch(self.pattern, value):
            raise ValueError(value)
        return value


RELATIVE_PATH = Text(
    r"(?!/)(?!.*(^|/)\.\.(/|$)).+", "a path below the project's root, without a leading /"
)


@dataclass(frozen=True)
class CidrList:
    """One or more IPv4 networks; one that is listed twice counts once."""

    allowed: str = 'a list of at least one IPv4 network such as "203.0.113.0/24"'

    def parse(self, value: object) -> tuple[str, ...]:
        """Accept networks only; an address with host bits set is refused."""
        if not isinstance(value, list) or not value:
            raise ValueError(value)
        if not all(isinstance(item, str) and "/" in item for item in value):
            raise ValueError(value)
        return tuple(dict.fromkeys(str(IPv4Network(item)) for item in value))


@cache
def key_of(field_name: str) -> str:
    """Return the config key of a field: `min_tasks` is `minTasks`."""
    first, *rest = field_name.split("_")
    return first + "".join(_UNITS.get(word, word.title()) for word in rest)


def rules_of(settings: type) -> Mapping[str, Rule]:
    """Return the rule of every field of a settings class."""
    return _rules_of(settings)


@cache
def _rules_of(settings: Hashable) -> Mapping[str, Rule]:
    assert isinstance(settings, type)  # noqa: S101 - for the type checker
    hints = get_type_hints(settings, include_extras=True)
    return {field.name: hints[field.name].__metadata__[0] for field in fields(settings)}


def read_settings(settings: type[T], key: str, raw: object, problems: list[ConfigError]) -> T:
    """Read one config object into its settings class.

    Args:
        settings: A dataclass whose fields all have a default and an annotated rule.
        key: The object's full key, such as `todo:capacity`.
        raw: What the stack config holds there; `None` when it holds nothing.
        problems: Every problem found is appended here.

    Returns:
        The settings, with the default in the place of whatever is absent or refused.
    """
    if raw is None:
        return settings()
    if not isinstance(raw, Mapping):
        problems.append(_not_an_object(settings, key, raw))
        return settings()
    rules = {key_of(name): (name, rule) for name, rule in rules_of(settings).items()}
    values: dict[str, Any] = {}
    for name, value in ((str(name), value) for name, value in raw.items()):
        if name not in rules:
            problems.append(_unknown_key(f"{key}.{name}", name, value, list(rules)))
            continue
        field_name, rule = rules[name]
        try:
            values[field_name] = rule.parse(value)
        except ValueError:
            problems.append(_refused(f"{key}.{name}", value, rule))
    return settings(**values)


def unknown_keys(
    project: str, known: Sequence[str], stated: Mapping[str, object]
) -> list[ConfigError]:
    """Return one problem for each key of the project that nothing reads."""
    ours = {
        name.partition(":")[2]: value
        for name, value in stated.items()
        if name.startswith(f"{project}:")
    }
    return [
        _unknown_key(f"{project}:{name}", name, value, known)
        for name, value in ours.items()
        if name not in known
    ]


def _not_an_object(settings: type, key: str, raw: object) -> ConfigError:
    keys = ", ".join(key_of(name) for name in rules_of(settings))
    fix = f"Write it as a mapping below `{key}:` in the stack file."
    return ConfigError(key, raw, f"an object with the keys {keys}", fix)


def _unknown_key(key: str, name: str, value: object, known: Sequence[str]) -> ConfigError:
    near = difflib.get_close_matches(name, known, n=1)
    fix = f"Did you mean {near[0]}?" if near else "Remove it."
    if _SECRET_NAME.search(name):
        value = "(not shown)"
        fix = fix if near else "Remove it: credentials come from the environment."
    return ConfigError(key, value, f"only the keys {', '.join(known)}", fix)


def _refused(key: str, value: object, rule: Rule) -> ConfigError:
    return ConfigError(
        key, value, rule.allowed, f"Correct it, or remove `{key}` to have the default."
    )
