"""The one error that a local command shows to a person."""

from __future__ import annotations

__all__ = ["LocalError"]


class LocalError(Exception):
    """What went wrong and what to do about it.

    Attributes:
        fix: the next thing to try, as an instruction.
    """

    def __init__(self, message: str, *, fix: str) -> None:
        super().__init__(message)
        self.fix = fix

    def __str__(self) -> str:
        return f"{super().__str__()}\n  {self.fix}"
