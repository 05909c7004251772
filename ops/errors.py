"""Errors for the person at the command line: one message, no stack trace."""

__all__ = ["OpsError"]


class OpsError(Exception):
    """A command cannot do its work; the message says what to do about it."""
