"""What goes wrong with a database, for everybody who has a part in reaching it."""

__all__ = ["DatabaseError", "DatabaseRefusedError", "DatabaseUnavailableError"]


class DatabaseError(Exception):
    """The database cannot be used now. The message holds no secret."""


class DatabaseUnavailableError(DatabaseError):
    """Not reachable, too slow, or gone in the middle; trying again may help."""


class DatabaseRefusedError(DatabaseError):
    """One side refuses the other; trying again does not help until somebody changes something."""
