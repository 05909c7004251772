"""Where the parts of the stack listen."""

__all__ = ["DATABASE_PORT"]

DATABASE_PORT = 3306
