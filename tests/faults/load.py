"""Visitors who write, read, change and delete to-dos, and remember what they were told."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Final, Self

from tests.faults.chance import by_chance
from tests.faults.http1 import Address, Answer, Connection, NoAnswerError
from tests.faults.ledger import ABSENT, Audit, Entry, Ledger, Row, State
from tests.faults.tally import Tally, failure_of

__all__ = ["Load"]

_PAGE: Final = 20
_LONGEST_LIST: Final = 100
_TRIES: Final = 200
_WELL: Final = 100  # acknowledged writes in a row, or nearly
# Less than Retry-After asks for: a crowd that is not polite is the harder test.
_PAUSE_SECONDS: Final = 0.2
# More than the longest request may take: wait 2 s, log in 5 s, query 5 s, and once more after a
# failure within the first second.
_DEADLINE_SECONDS: Final = 20.0


class _Visitor:
    """One client on one kept connection, in a list of its own; one request at a time.

    Nobody else writes to the list, so after each acknowledgement the visitor knows what is in it.
    """

    def __init__(self, number: int, address: Address, load: Load) -> None:
        self._connection = Connection(address, deadline=_DEADLINE_SECONDS)
        self._load, self._tally = load, load.tally
        self._random = by_chance(f"visitor {number}")  # which request comes next
        # A name, which nothing depends on, and which two runs on one database must not share.
        self.list_id = secrets.token_hex(16)
        self._todos = f"/api/lists/{self.list_id}/todos"
        self._entries: list[Entry] = []  # those that may be there
        self._number, self._count = number, 0
        self._repeated = False
        self.served_since = 0.0  # when the last request began that did not fail

    async def visit(self) -> None:
        """Send requests until the load ends."""
        try:
            while not self._load.ended:
                await self._step()
        finally:
            self._connection.close()

    async def _step(self) -> None:
        known = [entry for entry in self._entries if entry.certain]
        chosen = self._random.random()
        if not known or (chosen < 0.3 and len(known) < _LONGEST_LIST):
            await self._add()
        elif chosen < 0.4:
            await self._delete(self._random.choice(known))
        elif chosen < 0.6:
            await self._change(self._random.choice(known))
        elif chosen < 0.8:
            await self._look(self._random.choice(known))
        else:
            await self._list(known)

    async def _add(self) -> None:
        self._count += 1
        key = f"{self.list_id[:8]}-{self._number}-{self._count}"
        entry = self._load.ledger.open(key, self.list_id)
        self._entries.append(entry)
        state = State(f"{key} as it was added", completed=False)
        entry.attempted(state)
        body = {"title": state.title}
        answer = await self._request("POST", self._todos, body, headers={"Idempotency-Key": key})
        if answer and self._expect(answer, 201, state):
            todo = json.loads(answer.body)
            entry.id, entry.order = todo["id"], todo["order"]
            self._acknowledged(entry, state)

    async def _change(self, entry: Entry) -> None:
        self._count += 1
        state = State(f"{entry.key} changed {self._count} ☂", self._random.random() < 0.5)
        entry.attempted(state)
        answer = await self._request("PATCH", f"{self._todos}/{entry.id}", state._asdict())
        if answer and self._expect(answer, 200, state):
            self._acknowledged(entry, state)

    async def _delete(self, entry: Entry) -> None:
        entry.attempted(ABSENT)
        answer = await self._request("DELETE", f"{self._todos}/{entry.id}")
        # Gone already is what a repetition may find, and nobody else.
        gone = answer is not None and answer.status == 404 and self._repeated
        if answer and (gone or self._expect(answer, 204)):
            self._acknowledged(entry, ABSENT)
            self._entries.remove(entry)

    async def _look(self, entry: Entry) -> None:
        answer = await self._request("GET", f"{self._todos}/{entry.id}")
        if answer:
            self._expect(answer, 200, entry.state)

    async def _list(self, known: list[Entry]) -> None:
        answer = await self._request("GET", f"{self._todos}?limit={_PAGE}")
        if not answer or not self._expect(answer, 200):
            return
        if len(known) == len(self._entries):
            first = sorted(known, key=lambda entry: (entry.order, entry.id))[:_PAGE]
            shown = [State(todo["title"], todo["completed"]) for todo in json.loads(answer.body)]
            if shown != [entry.state for entry in first]:
                self._surprise(f"list {self.list_id} shows {shown}")

    def _acknowledged(self, entry: Entry, state: State | None) -> None:
        entry.acknowledged(state)
        self._tally.acknowledge()

    def _expect(self, answer: Answer, status: int, state: State | None = None) -> bool:
        if answer.status == status:
            if state is None:
                return True
            todo = json.loads(answer.body)
            if state == (todo["title"], todo["completed"]):
                return True
        self._surprise(f"{status} {state} was expected, not {answer}")
        return False

    def _surprise(self, text: str) -> None:
        self._tally.surprises.append(text)

    async def _request(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> Answer | None:
        """Send a request until it does not fail, or often enough."""
        content = b"" if body is None else json.dumps(body).encode()
        for attempt in range(_TRIES):
            self._repeated = attempt > 0
            self._tally.requests += 1
            started = time.monotonic()
            failure: str | None
            try:
                answer = await self._connection.send(method, path, content, headers)
                failure = failure_of(answer)
            except NoAnswerError as error:
                failure = error.kind
            self._tally.end(time.monotonic() - started, failure)
            if failure is None:
                self.served_since = started
                return answer
            if self._load.ended:
                break
            await asyncio.sleep(_PAUSE_SECONDS)
        self._tally.given_up += 1
        return None


class Load:
    """Visitors at work, from `async with` to its end.

    Args:
        address: the server's, or a balancer's in front of it.
        visitors: how many there are.

    Attributes:
        ended: whether visitors should stop after what they are doing.
        tally: how requests ended.
        ledger: what was acknowledged.
    """

    def __init__(self, address: Address, *, visitors: int = 16) -> None:
        self.ended = False
        self.tally, self.ledger = Tally(), Ledger()
        self._visitors = [_Visitor(n, address, self) for n in range(visitors)]
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def lists(self) -> list[str]:
        """Names of the visitors' lists."""
        return [visitor.list_id for visitor in self._visitors]

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(visitor.visit()) for visitor in self._visitors]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.ended = True
        for task in self._tasks:
            if kind:
                task.cancel()
        results = await asyncio.gather(*self._tasks, return_exceptions=True)
        if kind is None:
            for result in results:
                if result is not None:
                    raise result

    async def requests(self, more: int) -> None:
        """Wait for so many more requests, failed ones included."""
        await self._until(lambda goal=self.tally.requests + more: self.tally.requests >= goal)  # type: ignore[misc]

    async def acknowledgements(self, more: int) -> None:
        """Wait for so many more acknowledged writes: the application is well."""
        goal = self.tally.acknowledged + more
        await self._until(lambda: self.tally.acknowledged >= goal)

    async def failures(self, more: int = 1) -> None:
        """Wait for so many more failed requests: the fault is felt."""
        goal = self.tally.failed + more
        await self._until(lambda: self.tally.failed >= goal)

    async def recovery(self, since: float, *, stay: float = 0.0) -> float:
        """Wait until all is well again; return the seconds until it was.

        All is well when every visitor has been served who asked after the fault, so that nobody
        waits for what began in it, and writes are acknowledged.

        Args:
            since: when the fault ended, by `time.monotonic`.
            stay: seconds to look out for late failures.
        """
        self.tally.begin_again()
        await self._until(lambda: all(each.served_since > since for each in self._visitors))
        await self._until(lambda: self.tally.first_write is not None)
        await self.acknowledgements(_WELL)
        await self._until(lambda: time.monotonic() >= since + stay)
        return max(self.tally.first_write or 0.0, self.tally.last_failure, since) - since

    async def _until(self, reached: Callable[[], bool]) -> None:
        # A test that waits in vain ends by pytest's own timeout; one whose visitors died at once.
        while not reached():
            if any(task.done() for task in self._tasks):
                raise RuntimeError("a visitor left") from _first_error(self._tasks)
            await asyncio.sleep(0.02)

    def audit(self, rows: Iterable[Row]) -> Audit:
        """Hold the table's rows of our lists against what was acknowledged."""
        return self.ledger.compare(rows)


def _first_error(tasks: Iterable[asyncio.Task[None]]) -> BaseException | None:
    for task in tasks:
        if task.done() and not task.cancelled() and task.exception():
            return task.exception()
    return None
