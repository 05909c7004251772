"""One connection to the database, with the statements that were prepared on it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any, NoReturn, Protocol

from asyncmy.connection import Connection, PreparedStatement
from asyncmy.errors import MySQLError

from todo_app.database import DatabaseUnavailableError, raise_explained

__all__ = ["Result", "Session"]


class Result(Protocol):
    """What a statement brought."""

    @property
    def rows(self) -> Sequence[tuple[Any, ...]]: ...  # noqa: D102 - named like a column list
    @property
    def affected_rows(self) -> int: ...  # noqa: D102
    @property
    def insert_id(self) -> int: ...  # noqa: D102


class Session:
    """A connection with its prepared statements; values never become part of a statement's text."""

    def __init__(self, connection: Connection, server: str) -> None:
        self.connection = connection
        self.quiet_since = 0.0
        self._expired = False
        self._server = server
        self._prepared: dict[str, PreparedStatement] = {}
        # The driver forgets its transport when it closes, and has no public name for it.
        self._transport: asyncio.Transport = connection._transport  # type: ignore[attr-defined]  # noqa: SLF001

    async def execute(self, statement: str, values: tuple[object, ...] = ()) -> Result:
        """Run a statement, which is one of a fixed few, with values for its `?`.

        Raises:
            DatabaseError: if the database is away, too slow or refuses us.
            DuplicateKeyError: if a row with that key is there already.
        """
        try:
            prepared = self._prepared.get(statement)
            if prepared is None:
                prepared = self._prepared[statement] = await self.connection.prepare(statement)  # type: ignore[no-untyped-call]
            result: Result = await prepared.execute(values)
        except (MySQLError, OSError) as error:
            self._raise(error)
        return result

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Commit all that is executed inside, or on any failure nothing of it.

        Raises:
            DatabaseError: if the database is away, too slow or refuses us.
        """
        try:
            await self.connection.begin()
            try:
                yield
            except Exception:
                await self.connection.rollback()
                raise
            await self.connection.commit()
        except (MySQLError, OSError) as error:
            self._raise(error)

    def _raise(self, error: MySQLError | OSError) -> NoReturn:
        if self._expired:
            raise DatabaseUnavailableError(f"{self._server} did not answer in time") from error
        raise_explained(error, self._server)

    @property
    def lost(self) -> bool:
        """Whether the other side hung up; costs nothing, and sees a restart or a killed session."""
        return self._transport.is_closing()

    @property
    def encryption(self) -> str:
        """What the session goes over, such as `TLSv1.3 TLS_AES_256_GCM_SHA384`."""
        cipher = self._transport.get_extra_info("cipher")
        version = self._transport.get_extra_info("ssl_object")
        return f"{version.version()} {cipher[0]}" if cipher and version else "no TLS"

    async def answers(self) -> bool:
        """Ask the server whether it is still there."""
        try:
            await self.connection.ping(reconnect=False)
        except (MySQLError, OSError):
            return False
        return True

    def expire(self) -> None:
        """Hang up because it takes too long; whoever waits for an answer is told so."""
        self._expired = True
        self.abort()

    def abort(self) -> None:
        """Hang up at once: saying goodbye would wait for a server that may not be listening."""
        self._transport.abort()

    async def close(self) -> None:
        """Say goodbye."""
        with contextlib.suppress(MySQLError, OSError):
            await self.connection.ensure_closed()
