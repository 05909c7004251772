"""How long a deleted secret can be taken back, and how often passwords change."""

from dataclasses import dataclass
from typing import Annotated

from .choices import ZeroOr

__all__ = ["Secrets"]


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """How long a deleted secret can be taken back, and how often passwords change.

    Attributes:
        recovery_window_days: Days in which a deleted secret can be taken back. 0 deletes
            at once.
        rotation_days: Days after which the application's password changes by itself, by a
            function that AWS publishes and that runs in the private subnets; 0 for never.
            The master's belongs to RDS, which changes it every week.
    """

    recovery_window_days: Annotated[int, ZeroOr(7, 30)] = 30
    rotation_days: Annotated[int, ZeroOr(1, 1000)] = 0
