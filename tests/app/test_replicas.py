"""Which server a read goes to, with servers that answer as they are told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from todo_app import replicas as module
from todo_app.database import DatabaseUnavailableError
from todo_app.pool import ConnectionPool, PoolExhaustedError
from todo_app.replicas import Replicas, read_from

READ = "SELECT title FROM todos"
POSITION = "SELECT @@GLOBAL.gtid_executed"
WAIT = "SELECT WAIT_FOR_EXECUTED_GTID_SET(?, ?)"


@dataclass
class Server:
    """A pool and its only session; `answers` are what statements bring, or do."""

    answers: dict[str, Any]
    asked: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    refuses: Exception | None = None
    closed: bool = False

    def __post_init__(self) -> None:
        self.gate.set()

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[Server]:
        if self.refuses:
            raise self.refuses
        yield self

    async def execute(self, statement: str, values: tuple[object, ...] = ()) -> Any:  # noqa: ANN401, ARG002
        self.asked.append(statement)
        answer = self.answers[statement]
        await self.gate.wait()
        if isinstance(answer, Exception):
            raise answer
        return Rows([(answer() if callable(answer) else answer,)])

    async def close(self) -> None:
        self.closed = True


@dataclass
class Rows:
    rows: list[tuple[Any, ...]]


def writer(**answers: Any) -> Server:  # noqa: ANN401
    known = {"SELECT VERSION()": "8.4.6", POSITION: "id:1-7", READ: "of the writer"}
    return Server({**known, **answers})


def replica(missing: object = 0) -> Server:
    return Server({WAIT: missing, READ: "of the replica"})


def reads(source: Server, *copies: Server, count: Callable[[str], None] = print) -> Replicas:
    pools = [cast("ConnectionPool", one) for one in copies]
    return Replicas(cast("ConnectionPool", source), pools, count)


async def title(replicas: Replicas) -> str:
    ((text,),) = (await replicas.execute(READ, ())).rows
    return str(text)


@pytest.fixture(autouse=True)
def _nobody_was_read() -> None:
    read_from.set("")


async def test_a_replica_that_has_everything_is_read() -> None:
    source, copy, counted = writer(), replica(), list[str]()
    assert await title(reads(source, copy, count=counted.append)) == "of the replica"
    assert (read_from.get(), counted) == ("replica", ["replica"])
    assert source.asked == ["SELECT VERSION()", POSITION]
    assert copy.asked == [WAIT, READ]


async def test_without_replicas_nobody_is_asked_anything_else() -> None:
    source, counted = writer(), list[str]()
    assert await title(reads(source, count=counted.append)) == "of the writer"
    assert (source.asked, read_from.get(), counted) == ([READ], "", [])


@pytest.mark.parametrize("missing", [1, None, -1])
async def test_a_replica_that_is_behind_is_not_read(missing: object) -> None:
    source, copy, counted = writer(), replica(missing), list[str]()
    assert await title(reads(source, copy, count=counted.append)) == "of the writer"
    assert READ not in copy.asked
    assert (read_from.get(), counted) == ("writer", ["writer"])


async def test_a_writer_that_does_not_number_its_transactions_is_read_itself() -> None:
    copy = replica()
    assert await title(reads(writer(**{POSITION: ""}), copy)) == "of the writer"
    assert copy.asked == []


@pytest.mark.parametrize("failing", [WAIT, READ])
async def test_a_replica_that_fails_is_replaced_by_the_writer(failing: str) -> None:
    copy = replica()
    copy.answers[failing] = DatabaseUnavailableError("gone")
    assert await title(reads(writer(), copy)) == "of the writer"


async def test_a_replica_that_cannot_be_reached_is_left_alone_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source, copy = writer(), replica()
    replicas = reads(source, copy)
    copy.refuses = DatabaseUnavailableError("gone")
    assert await title(replicas) == "of the writer"
    copy.refuses = None
    source.asked.clear()
    assert await title(replicas) == "of the writer"
    assert source.asked == [READ]  # without even a question
    monkeypatch.setattr(replicas._replicas[0], "rests_until", 0.0)
    assert await title(replicas) == "of the replica"


async def test_a_replica_that_does_not_answer_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_REPLICA_SECONDS", 0.05)
    copy = replica()
    copy.gate.clear()
    assert await title(reads(writer(), copy)) == "of the writer"


async def test_too_many_reads_are_not_moved_to_the_writer() -> None:
    copy = replica()
    copy.refuses = PoolExhaustedError("full")
    with pytest.raises(PoolExhaustedError):
        await title(reads(writer(), copy))


async def test_replicas_take_turns_and_stand_in_for_each_other() -> None:
    first, second = replica(), replica()
    replicas = reads(writer(), first, second)
    for _ in range(4):
        await title(replicas)
    assert (first.asked.count(READ), second.asked.count(READ)) == (2, 2)
    first.refuses = DatabaseUnavailableError("gone")
    assert [await title(replicas) for _ in range(4)].count("of the replica") == 3


async def test_a_read_never_uses_a_question_that_was_asked_before_it_began() -> None:
    position = iter(["id:1-7", "id:1-8", "id:1-9"])
    source, copy = writer(**{POSITION: lambda: next(position)}), replica()
    replicas = reads(source, copy)
    await title(replicas)  # now the writer's kind is known
    source.asked.clear()
    source.gate.clear()
    first = asyncio.create_task(title(replicas))
    await until(lambda: source.asked == [POSITION])
    later = [asyncio.create_task(title(replicas)) for _ in range(5)]
    await asyncio.sleep(0.01)
    assert source.asked == [POSITION]  # one at a time
    source.gate.set()
    await asyncio.gather(first, *later)
    assert source.asked == [POSITION, POSITION]  # and one for the five


async def test_a_failed_question_fails_its_reads_and_no_others() -> None:
    source = writer(**{POSITION: DatabaseUnavailableError("gone")})
    replicas = reads(source, replica())
    with pytest.raises(DatabaseUnavailableError):
        await title(replicas)
    source.answers[POSITION] = "id:1-7"
    assert await title(replicas) == "of the replica"


async def test_a_read_that_is_given_up_takes_no_other_with_it() -> None:
    source = writer()
    replicas = reads(source, replica())
    source.gate.clear()
    alone = asyncio.create_task(title(replicas))
    await until(lambda: bool(source.asked))
    alone.cancel()
    given_up, other = (asyncio.create_task(title(replicas)) for _ in range(2))
    await asyncio.sleep(0.01)
    given_up.cancel()
    await asyncio.sleep(0)
    source.gate.set()
    assert await other == "of the replica"


async def test_mariadb_is_asked_in_its_own_words() -> None:
    source = Server(
        {"SELECT VERSION()": "10.11.6-MariaDB", "SELECT @@GLOBAL.gtid_binlog_pos": "0-1-7"}
    )
    copy = Server({"SELECT MASTER_GTID_WAIT(?, ?)": 0, READ: "of the replica"})
    assert await title(reads(source, copy)) == "of the replica"


async def test_closing_closes_the_replicas() -> None:
    copies = (replica(), replica())
    await reads(writer(), *copies).close()
    assert all(copy.closed for copy in copies)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - of the servers above, who have no event for it
            await asyncio.sleep(0)
