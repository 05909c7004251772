"""Rules for values that may be switched off, or be several at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from .rules import WholeNumber

__all__ = ["SomeOf", "ZeroOr"]


@dataclass(frozen=True)
class ZeroOr:
    """Zero, which turns something off, or a whole number within limits, both included."""

    low: int
    high: int

    @property
    def allowed(self) -> str:
        """Both in words."""
        return f"0, or {WholeNumber(self.low, self.high).allowed}"

    def parse(self, value: object) -> int:
        """Accept a number only: `false` is not 0."""
        if type(value) is int and value == 0:
            return 0
        return WholeNumber(self.low, self.high).parse(value)


@dataclass(frozen=True)
class SomeOf:
    """A list of any of a few words; none is allowed, and one that is listed twice counts once."""

    choices: Sequence[str]

    @property
    def allowed(self) -> str:
        """The choices, listed."""
        return f"a list of any of {', '.join(self.choices)}"

    def parse(self, value: object) -> tuple[str, ...]:
        """Accept a list of choices, in any order."""
        if not isinstance(value, list) or not all(item in self.choices for item in value):
            raise ValueError(value)
        return tuple(choice for choice in self.choices if choice in value)
