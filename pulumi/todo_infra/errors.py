"""Errors for the person who runs `pulumi up`: one message, no stack trace."""

from collections.abc import Sequence

import pulumi

__all__ = ["ConfigError", "ConfigErrors", "InfrastructureError"]


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
        found = "not set" if value is None else repr(value)
        super().__init__(f"{key} is {found}; allowed: {allowed}. {fix}")


class ConfigErrors(pulumi.RunError):
    """Every unusable value of one stack's config, reported together."""

    def __init__(self, problems: Sequence[ConfigError]) -> None:
        self.problems = tuple(problems)
        listed = "".join(f"\n  - {problem}" for problem in self.problems)
        super().__init__(f"This stack's config cannot be used:{listed}")


class InfrastructureError(pulumi.RunError):
    """The existing infrastructure is missing or is not what this program needs."""
