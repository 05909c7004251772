"""Which account to log in as, and where its password comes from."""

from collections.abc import Sequence
from typing import Protocol

from todo_app.settings import Credentials

__all__ = ["CredentialsSource", "FixedCredentials"]


class CredentialsSource(Protocol):
    """Knows the credentials of an account whose password may change while we run."""

    async def current(self) -> Credentials:
        """Return what to log in with."""
        ...

    async def renewed(self) -> Sequence[Credentials]:
        """Ask the source again: what to try after the current ones were refused."""
        ...

    def accepted(self, credentials: Credentials) -> None:
        """Take note of what the database accepts: what `current` returns from now on."""
        ...


class FixedCredentials:
    """Credentials that stay the same as long as this process runs."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    async def current(self) -> Credentials:
        """See `CredentialsSource.current`."""
        return self._credentials

    async def renewed(self) -> Sequence[Credentials]:
        """See `CredentialsSource.renewed`."""
        return ()

    def accepted(self, credentials: Credentials) -> None:
        """See `CredentialsSource.accepted`."""
