"""A check that stumbles makes a violation of it: in tests, a mistake must not look like work."""

import re

__all__ = ["refuse_crash"]

# What Python says when code is wrong; a value that is malformed gets a ValueError's own words.
_OF_CODE = re.compile(
    r"it cannot be read: (?:.*object|'.*'\Z|\d+\Z|.*(?:argument|attribute|operand|index|iterable"
    r"|subscriptable|unhashable|can only|expected str))"
)


def refuse_crash(message: str) -> None:
    """Fail if a rule's message is that of a mistake in the rule."""
    assert not _OF_CODE.search(message.partition("\nFix: ")[0]), message
