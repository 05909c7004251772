"""A small pool of database sessions: first come, first served, and never a dead one."""

import asyncio
import contextlib
import logging
from collections import deque
from typing import Final

from asyncmy.errors import MySQLError

from todo_app.credentials import CredentialsSource
from todo_app.database import (
    DatabaseUnavailableError,
    LostRaceError,
    NoRoomError,
    log_in,
    raise_explained,
)
from todo_app.session import Result, Session
from todo_app.settings import DatabaseSettings, PoolSettings

__all__ = ["ConnectionPool", "PoolExhaustedError"]

_log = logging.getLogger(__name__)

# The server ends a session that says nothing for so many seconds, and gives up what it holds: of
# one that was cut off in the middle of a transaction it learns nothing, and would keep its locks.
# So short because a network that was silent for t seconds may stay so for as long again, since TCP
# repeats itself at ever longer intervals: whatever t is, it is over 5 s after its end.
_LET_GO: Final = "SET SESSION wait_timeout = 10"
# One that may be about to end is asked first.
_QUIET_SECONDS: Final = 5.0
_GOODBYE_SECONDS: Final = 0.5
# A queue is as long as its wait: 200 requests are a tenth of a second for a task of one CPU, and
# most of a client's patience for one of a quarter. A few may wait however slow the database is.
_LONG_WAIT_SECONDS: Final = 0.1
_FEW_FOR_EACH: Final = 4


class PoolExhaustedError(DatabaseUnavailableError):
    """Every connection is in use, and too many wait already or one waited for too long."""


class ConnectionPool:
    """Shares up to `limits.size` sessions, opened when first needed.

    Whoever has waited longest is served next: a pool that is not fair makes a few requests wait
    many times longer than the rest. A session on which anything failed is closed, so no request
    ever reads what belongs to another. Beyond `limits.queue` waiting requests, the next is refused
    at once: a queue without an end answers everybody too late.

    Attributes:
        size: most sessions open at once.
        waiting: requests that wait for a session now.
    """

    def __init__(
        self, database: DatabaseSettings, credentials: CredentialsSource, limits: PoolSettings
    ) -> None:
        self._database = database
        self._credentials = credentials
        self._limits = limits
        self._server = f"{database.host}:{database.port}"
        self._slots = asyncio.Semaphore(limits.size)  # wakes its waiters in order
        self._many = limits.queue - limits.queue // 4
        self._few = min(self._many, _FEW_FOR_EACH * limits.size)
        self._last_wait = 0.0
        self._idle: deque[Session] = deque()
        self.size = limits.size
        self.waiting = 0
        self.in_use = 0
        self._encryption = ""

    def is_crowded(self) -> bool:
        """Whether nobody else should be let in: too many wait, or some for too long.

        It is said before the queue is full. Its last quarter is for those who are inside already:
        whose body is on its way, or who need a session again. To refuse them would cost nearly as
        much as to answer them.
        """
        if self.waiting < self._few or not self._slots.locked():  # the first is quick, and usual
            return False
        return self.waiting >= self._many or self._last_wait > _LONG_WAIT_SECONDS

    async def execute(self, statement: str, values: tuple[object, ...] = ()) -> Result:
        """Run one statement on a session of the pool; see `session` and `Session.execute`."""
        async with self.session() as session:
            return await session.execute(statement, values)

    def session(self) -> "_Loan":
        """Lend a session, in an `async with`; the whole loan may last `query_seconds`.

        Raises:
            PoolExhaustedError: if none is free within `wait_seconds`, or too many wait already.
            DatabaseError: if the database is away, too slow or refuses us.
        """
        return _Loan(self)

    async def lend(self) -> tuple[Session, asyncio.TimerHandle]:
        """Begin a loan: a session, and what ends it when it has lasted too long."""
        await self._acquire()
        try:
            session = await self._take()
        except BaseException:
            self._slots.release()
            raise
        self.in_use += 1
        # Much cheaper than `asyncio.timeout`, and nothing but the server is waited for.
        limit = self._limits.query_seconds
        return session, asyncio.get_running_loop().call_later(limit, session.expire)

    def take_back(self, session: Session, *, failed: bool) -> None:
        """End a loan; a session on which anything failed is not lent again."""
        if failed:
            session.abort()
        else:
            session.quiet_since = asyncio.get_running_loop().time()
            self._idle.append(session)
        self.in_use -= 1
        self._slots.release()

    async def close(self) -> None:
        """Say goodbye on every idle session, but not for long: the server may not be listening."""
        sessions = [*self._idle]
        self._idle.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await asyncio.gather(*(session.close() for session in sessions))
        for session in sessions:
            session.abort()

    async def _acquire(self) -> None:
        if not self._slots.locked():
            await self._slots.acquire()  # does not wait
            return
        if self.waiting >= self._limits.queue:
            raise PoolExhaustedError(
                f"{self.waiting} requests wait for the {self.size} database connections already "
                "(DATABASE_POOL_QUEUE)"
            )
        self.waiting += 1
        loop = asyncio.get_running_loop()
        since = loop.time()
        try:
            async with asyncio.timeout(self._limits.wait_seconds):
                await self._slots.acquire()
            self._last_wait = loop.time() - since
        except TimeoutError as error:
            raise PoolExhaustedError(
                f"all {self.size} database connections are busy (DATABASE_POOL_SIZE)"
            ) from error
        finally:
            self.waiting -= 1

    async def _take(self) -> Session:
        while self._idle:
            # The most recently used first: under light load the others grow quiet and are asked.
            session = self._idle.pop()
            if await self._is_alive(session):
                return session
            session.abort()
        session = await self._log_in()
        if session.encryption != self._encryption:  # once, as a rule; `make verify` looks for it
            self._encryption = session.encryption
            _log.info("database session over %s", self._encryption)
        return session

    async def _log_in(self) -> Session:
        """Open a session; however many credentials are tried, somebody waits for it."""
        schema = self._database.name
        try:
            async with asyncio.timeout(self._database.connect_seconds):
                connection = await log_in(self._database, self._credentials, schema=schema)
                session = Session(connection, self._server)
                try:
                    await connection.query(_LET_GO)  # type: ignore[no-untyped-call]
                except BaseException:
                    session.abort()
                    raise
        except TimeoutError as error:
            raise DatabaseUnavailableError(f"no login at {self._server} in time") from error
        except (MySQLError, OSError) as error:
            raise_explained(error, self._server)
        return session

    async def _is_alive(self, session: Session) -> bool:
        if session.lost:
            return False
        if asyncio.get_running_loop().time() - session.quiet_since < _QUIET_SECONDS:
            return True
        try:
            async with asyncio.timeout(self._database.connect_seconds):
                return await session.answers()
        except TimeoutError:
            return False


class _Loan:
    """A session between lending and taking back; half the cost of a generator that does it."""

    __slots__ = ("_pool", "_session", "_timer")

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    async def __aenter__(self) -> Session:
        self._session, self._timer = await self._pool.lend()
        return self._session

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._timer.cancel()
        # Where every write fails, or has to be tried again, a login for each would only add to the
        # server's trouble.
        failed = kind is not None and not issubclass(kind, (NoRoomError, LostRaceError))
        self._pool.take_back(self._session, failed=failed)
