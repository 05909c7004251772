"""A small pool of database connections: first come, first served, and never a dead one."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable
from typing import Final

from asyncmy.connection import Connection
from asyncmy.errors import MySQLError

from todo_app.database import DatabaseUnavailableError, connect, raise_explained
from todo_app.settings import DatabaseSettings, PoolSettings

__all__ = ["ConnectionPool", "PoolExhaustedError"]

# A firewall between us and the server may drop a quiet connection without telling either side
# (AWS's forget one after 350 s), so one that was quiet for longer than this is asked first.
_QUIET_SECONDS: Final = 30.0
# The application has fewer statements than this; each is prepared once a connection.
_CACHED_STATEMENTS: Final = 32


class PoolExhaustedError(DatabaseUnavailableError):
    """Every connection was in use for as long as a request may wait."""


class _Session:
    """A connection with what the pool has to know about it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.quiet_since = 0.0
        # The driver forgets its transport when it closes, and has no public name for it.
        self._transport: asyncio.Transport = connection._transport  # type: ignore[attr-defined]  # noqa: SLF001

    @property
    def lost(self) -> bool:
        """Whether the other side hung up; costs nothing, and sees a restart or a killed session."""
        return self._transport.is_closing()

    def abort(self) -> None:
        """Hang up at once: saying goodbye would wait for a server that may not be listening."""
        self._transport.abort()


class ConnectionPool:
    """Shares up to `limits.size` connections, opened when first needed.

    Whoever has waited longest is served next: a pool that is not fair makes a few requests wait
    many times longer than the rest. A connection on which anything failed is closed, so no request
    ever reads what belongs to another.
    """

    def __init__(self, database: DatabaseSettings, limits: PoolSettings) -> None:
        self._database = database
        self._limits = limits
        self._server = f"{database.host}:{database.port}"
        self._slots = asyncio.Semaphore(limits.size)  # wakes its waiters in order
        self._idle: deque[_Session] = deque()

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection; the whole loan may last `query_seconds`.

        Raises:
            PoolExhaustedError: if none is free within `wait_seconds`.
            DatabaseError: if the database is away, too slow or refuses us.
        """
        await self._within(self._limits.wait_seconds, self._slots.acquire())
        try:
            session = await self._take()
            try:
                async with asyncio.timeout(self._limits.query_seconds):
                    yield session.connection
            except BaseException:
                session.abort()
                raise
            session.quiet_since = asyncio.get_running_loop().time()
            self._idle.append(session)
        except (MySQLError, OSError) as error:
            raise_explained(error, self._server)
        finally:
            self._slots.release()

    async def close(self) -> None:
        """Say goodbye on every idle connection."""
        while self._idle:
            with contextlib.suppress(MySQLError, OSError):
                await self._idle.popleft().connection.ensure_closed()

    async def _within(self, seconds: float, acquired: Awaitable[bool]) -> None:
        try:
            async with asyncio.timeout(seconds):
                await acquired
        except TimeoutError as error:
            raise PoolExhaustedError(
                f"all {self._limits.size} database connections are busy (DATABASE_POOL_SIZE)"
            ) from error

    async def _take(self) -> _Session:
        while self._idle:
            # The most recently used first: under light load the others grow quiet and are asked.
            session = self._idle.pop()
            if await self._is_alive(session):
                return session
            session.abort()
        connection = await connect(
            self._database,
            self._database.app,
            schema=self._database.name,
            cached_statements=_CACHED_STATEMENTS,
        )
        return _Session(connection)

    async def _is_alive(self, session: _Session) -> bool:
        if session.lost:
            return False
        if asyncio.get_running_loop().time() - session.quiet_since < _QUIET_SECONDS:
            return True
        try:
            async with asyncio.timeout(self._database.connect_seconds):
                await session.connection.ping(reconnect=False)
        except (MySQLError, OSError):
            return False
        return True
