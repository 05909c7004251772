"""Reads from replicas that are as new as the writer was when the read was asked for.

See docs/decisions/009-reads-from-replicas.md for why, and for what it costs.
"""

import asyncio
import itertools
import logging
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Final, NamedTuple

from todo_app.database import DatabaseError
from todo_app.pool import ConnectionPool, PoolExhaustedError
from todo_app.session import Result, Session

__all__ = ["Replicas", "read_from"]

_log = logging.getLogger(__name__)

read_from: ContextVar[str] = ContextVar("read_from", default="")
"""Who answered this request's last read: `replica`, `writer`, or nobody worth a mention."""

# How long a replica may take to arrive where the writer is, before the writer is asked instead.
_LAG_SECONDS: Final = 0.05
# How long it may take altogether. It may be away, which nobody finds out at once.
_REPLICA_SECONDS: Final = 1.0
_REST_SECONDS: Final = 2.0


class _Dialect(NamedTuple):
    """How a server is asked for the transactions it has committed, and to wait for some.

    Both answers to `wait` are 0 when they are there.
    """

    position: str
    wait: str


_MYSQL: Final = _Dialect("SELECT @@GLOBAL.gtid_executed", "SELECT WAIT_FOR_EXECUTED_GTID_SET(?, ?)")
_MARIADB: Final = _Dialect("SELECT @@GLOBAL.gtid_binlog_pos", "SELECT MASTER_GTID_WAIT(?, ?)")


class _Position(NamedTuple):
    """Every transaction that the writer had committed; empty if it does not number them."""

    dialect: _Dialect
    transactions: str


class _Replica:
    """A replica, and whether it is worth asking now."""

    def __init__(self, pool: ConnectionPool) -> None:
        self.pool = pool
        self.rests_until = 0.0


class Replicas:
    """Answers single statements that only read.

    Before each, the writer is asked what it has committed, and a replica is read only when it has
    all of that; else the writer is. So whatever any task of the application has acknowledged before
    a read began, the read sees. Reads that begin while a question is on its way share the next one,
    so the writer is asked one question at a time, however many reads there are.

    Args:
        writer: The server that takes the writes.
        pools: The replicas; with none, the writer answers without a question.
        count: Told `replica` or `writer` for each read.
    """

    def __init__(
        self,
        writer: ConnectionPool,
        pools: Sequence[ConnectionPool],
        count: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._writer = writer
        self._replicas = [_Replica(pool) for pool in pools]
        self._turns = itertools.count()
        self._count = count
        self._dialect: _Dialect | None = None
        self._under_way: asyncio.Task[_Position] | None = None
        self._next: asyncio.Task[_Position] | None = None

    async def execute(self, statement: str, values: tuple[object, ...]) -> Result:
        """Run a statement; see `ConnectionPool.execute`."""
        if not self._replicas:
            return await self._writer.execute(statement, values)
        result = None
        if replica := self._choose():
            position = await self._position()
            result = await self._ask(replica, position, statement, values)
        source = "writer" if result is None else "replica"
        read_from.set(source)
        self._count(source)
        return await self._writer.execute(statement, values) if result is None else result

    async def close(self) -> None:
        """Close the replicas' sessions."""
        for replica in self._replicas:
            await replica.pool.close()

    def _choose(self) -> _Replica | None:
        """The next replica that does not rest, if there is one."""
        now = asyncio.get_running_loop().time()
        start = next(self._turns)
        for offset in range(len(self._replicas)):
            replica = self._replicas[(start + offset) % len(self._replicas)]
            if replica.rests_until <= now:
                return replica
        return None

    async def _position(self) -> _Position:
        """What the writer had committed at a moment after this call."""
        if self._next is None:
            self._next = asyncio.create_task(self._next_position(self._under_way))
            self._next.add_done_callback(_look_at)  # whoever waited for it may have gone
        return await asyncio.shield(self._next)

    async def _next_position(self, before: asyncio.Task[_Position] | None) -> _Position:
        if before is not None:
            await asyncio.wait({before})
        # From here on a new read is too late for this question.
        self._under_way, self._next = self._next, None
        async with self._writer.session() as session:
            dialect = self._dialect = self._dialect or await _dialect_of(session)
            ((transactions,),) = (await session.execute(dialect.position)).rows
        return _Position(dialect, transactions)

    async def _ask(
        self, replica: _Replica, position: _Position, statement: str, values: tuple[object, ...]
    ) -> Result | None:
        """The replica's answer; None if it does not have the transactions, or is away."""
        if not position.transactions:
            return None  # every server has none of them
        try:
            async with asyncio.timeout(_REPLICA_SECONDS), replica.pool.session() as session:
                wait = (position.transactions, _LAG_SECONDS)
                ((missing,),) = (await session.execute(position.dialect.wait, wait)).rows
                if missing == 0:
                    return await session.execute(statement, values)
            reason = "it is behind the writer"
        except PoolExhaustedError:
            raise  # too many reads for us, and no better on the writer
        except (DatabaseError, TimeoutError) as error:
            reason = str(error) or "it is too slow"
        replica.rests_until = asyncio.get_running_loop().time() + _REST_SECONDS
        _log.warning("no reads from a replica for %.0f s: %s", _REST_SECONDS, reason)
        return None


def _look_at(task: asyncio.Task[_Position]) -> None:
    if not task.cancelled():
        task.exception()


async def _dialect_of(session: Session) -> _Dialect:
    ((version,),) = (await session.execute("SELECT VERSION()")).rows
    return _MARIADB if "MariaDB" in version else _MYSQL
