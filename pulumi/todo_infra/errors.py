"""Errors for the person who runs `pulumi up`: one message, no stack trace."""

import re
import reprlib
from collections.abc import Sequence

import pulumi

__all__ = ["ConfigError", "ConfigErrors", "InfrastructureError", "one_line", "one_or_list"]

_CALL = re.compile(r"invo(ke|cation) of \S+ (failed|returned an error): ")
_PROPERTY = re.compile(r"\.? \(\w*\)$")


class _Shown(reprlib.Repr):
    """Shows any value of a stack file in a line: what YAML can stand for knows no bounds."""

    def __init__(self) -> None:
        super().__init__()
        self.maxdict = self.maxlist = 20
        self.maxstring = self.maxother = 300
        self.maxlong = 60

    def repr_int(self, x: int, level: int) -> str:
        """Show a number; Python refuses to write one with thousands of digits."""
        try:
            return super().repr_int(x, level)
        except ValueError:
            return f"a number of {x.bit_length()} bits"


_SHOWN = _Shown()


class ConfigError(pulumi.RunError):
    """One stack config value that cannot be used.

    Attributes:
        key: The full key, such as `todo:capacity.minTasks`.
        value: What was found there; `None` when nothing was.
        allowed: What may stand there.
        fix: What to do about it.
    """

    def __init__(self, key: str, value: object, allowed: str, fix: str) -> None:
        self.key, self.value, self.allowed, self.fix = key, value, allowed, fix
        found = "not set" if value is None else _SHOWN.repr(value)
        super().__init__(f"{key} is {found}; allowed: {allowed}. {fix}")


class ConfigErrors(pulumi.RunError):
    """Every unusable value of one stack's config, reported together."""

    def __init__(self, problems: Sequence[ConfigError]) -> None:
        self.problems = tuple(problems)
        listed = "".join(f"\n  - {problem}" for problem in self.problems)
        super().__init__(f"This stack's config cannot be used:{listed}")


class InfrastructureError(pulumi.RunError):
    """The existing infrastructure is missing or is not what this program needs."""


def one_line(error: Exception) -> str:
    """Return what a provider's function complains of, in one line and without the call."""
    text = _PROPERTY.sub("", _CALL.sub("", str(error)))
    lines = [line.strip(" -").rstrip(".") for line in text.splitlines() if line.strip(" -")]
    first, *others = lines or [type(error).__name__]
    # "2 problems:" alone would leave the reader without any.
    return f"{first} {others[0]}" if first.endswith(":") and others else first.rstrip(":")


def one_or_list(problems: Sequence[str]) -> str:
    """Return one problem as it is, and more of them below each other."""
    return problems[0] if len(problems) == 1 else "".join(f"\n  - {one}" for one in problems)
