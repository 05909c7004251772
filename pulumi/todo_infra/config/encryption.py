"""Whose key encrypts what is kept: database, backups, secrets, logs."""

from dataclasses import dataclass
from typing import Annotated

from .rules import WholeNumber, YesNo

__all__ = ["Encryption"]


@dataclass(frozen=True, kw_only=True)
class Encryption:
    """Whose key encrypts what is kept: database, backups, secrets, logs.

    Attributes:
        customer_managed_key: Make a key of the stack's own, which only the account's own
            roles can use, and only through the services that hold its data. False uses
            the keys that AWS manages. Changing it replaces the database.
        deletion_window_days: Days in which the deletion of the key can be taken back.
            With the key go the database's backups and snapshots.
    """

    customer_managed_key: Annotated[bool, YesNo()] = True
    deletion_window_days: Annotated[int, WholeNumber(7, 30)] = 30
