"""The outputs of a Terraform state, and the way to a value in them: pure functions."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = ["MisfitError", "StateOutputs"]

_LONGEST_QUOTE = 80
_MOST_NAMES = 12
_LONGEST_POSITION = 10  # digits: more elements has no list


class MisfitError(Exception):
    """One thing that does not fit the contract."""


@dataclass(frozen=True, kw_only=True)
class StateOutputs:
    """The outputs of a state, as they are found.

    Attributes:
        values: What they hold, by their names in the state.
        sensitive: The names of those that Terraform calls sensitive; None where nobody says
            so, which is the case wherever Pulumi's Terraform plugin is the only source.
        paths: Where the state has what it calls otherwise, by our name.
        allow_sensitive: Whether sensitive outputs may be read.
    """

    values: Mapping[str, object]
    sensitive: frozenset[str] | None = None
    paths: Mapping[str, str] = field(default_factory=dict)
    allow_sensitive: bool = False

    def label(self, name: str) -> str:
        """Say which output is meant, with its place in the state if that differs."""
        path = self.paths.get(name, name)
        return f"output {name}" if path == name else f"output {name} (at {path})"

    def quote(self, name: str, value: object) -> str:
        """Show a value in a message, unless it could be a secret."""
        source = self.paths.get(name, name).partition(".")[0]
        if self.sensitive is None or source in self.sensitive:
            return f"{_described(value)} (not shown, as it may be sensitive)"
        try:
            text = repr(value)
        except (RecursionError, ValueError):  # too deep, or a number of thousands of digits
            return _described(value)
        return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"

    def find(self, name: str) -> object:
        """Follow our name's path into the outputs.

        Raises:
            MisfitError: Nothing is there, or what is there is sensitive.
        """
        source, *steps = self.paths.get(name, name).split(".")
        if source not in self.values:
            raise MisfitError(self._missing(name, source))
        if not self.allow_sensitive and source in (self.sensitive or ()):
            raise MisfitError(
                f"{self.label(name)} is sensitive in Terraform, and this program would have it in "
                "plain text. Give it an output of its own that is not sensitive, with "
                "nonsensitive(…) if need be; or, if nothing but an id is taken from it, set "
                "todo:terraformState.allowSensitive to true."
            )
        return self._follow(name, self.values[source], steps, source)

    def _follow(self, name: str, value: object, steps: list[str], at: str) -> object:
        if not steps:
            return value
        step, *rest = steps
        if step == "*" and isinstance(value, list | dict):
            items = sorted(value.items()) if isinstance(value, dict) else enumerate(value)
            return [self._follow(name, item, rest, f"{at}.{key}") for key, item in items]
        if isinstance(value, dict) and step in value:
            return self._follow(name, value[step], rest, f"{at}.{step}")
        if (
            isinstance(value, list)
            and len(step) < _LONGEST_POSITION
            and step.isdecimal()
            and int(step) < len(value)
        ):
            return self._follow(name, value[int(step)], rest, f"{at}.{step}")
        raise MisfitError(
            f"{self.label(name)} is not there: {at} is {_described(value)} and has no {step!r}. "
            f"Correct todo:terraformState.outputs.{name}."
        )

    def _missing(self, name: str, source: str) -> str:
        key = f"todo:terraformState.outputs.{name}"
        missing = f"{self.label(name)} is missing; the state has {_listed(self.values)}."
        if source == name:
            add = "Add it to terraform/outputs.tf and run `terraform apply`"
            return f"{missing} {add}, or say what it is called in this state with {key}."
        near = difflib.get_close_matches(source, self.values, n=1)
        guess = f"Did you mean {near[0]}? " if near else ""
        return f"{missing} {guess}Correct {key}."


def _described(value: object) -> str:
    """Say what kind of value it is, without saying what it is."""
    if isinstance(value, str):
        return f"a text of {len(value)} characters"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return f"an object with the keys {_listed(value)}" if value else "an empty object"
    return "nothing" if value is None else "a boolean" if isinstance(value, bool) else "a number"


def _listed(names: Iterable[str]) -> str:
    known = sorted(names)
    return ", ".join(known[:_MOST_NAMES]) + (", …" if known[_MOST_NAMES:] else "")
