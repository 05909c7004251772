"""To-dos in a real database: what is kept, in which order, and who wins a race."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest

from todo_app import store as sql
from todo_app.database import LostRaceError
from todo_app.pool import ConnectionPool
from todo_app.store import ChangedSinceError, Cursor, KeyReusedError, MySQLTodoStore
from todo_app.todo import LARGEST_ORDER, Changes, NewTodo, Todo

if TYPE_CHECKING:
    from tests.engine.deployment import Admin
    from todo_app.settings import ServeSettings

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("closed_transports")]

LIST, OTHER = bytes(range(16)), b"\xff" * 16
EVERYTHING = 10_000
MILK = NewTodo(title="milk", order=1)


@pytest.fixture
def store(pool: ConnectionPool) -> MySQLTodoStore:
    return MySQLTodoStore(pool)


async def everything(store: MySQLTodoStore, list_id: bytes = LIST) -> Sequence[Todo]:
    return await store.page(list_id, after=None, limit=EVERYTHING)


async def fill(store: MySQLTodoStore, *orders: int) -> list[Todo]:
    return [
        (await store.add(LIST, NewTodo(title=str(number), order=order))).todo
        for number, order in enumerate(orders)
    ]


async def test_keeps_todos(store: MySQLTodoStore) -> None:
    new = NewTodo(title="Buy milk 🥛", completed=True, order=-5)
    todo = (await store.add(LIST, new)).todo
    assert todo == Todo(todo.id, "Buy milk 🥛", True, -5, 1)
    assert await store.get(LIST, todo.id) == todo
    assert await everything(store) == [todo]
    changed = await store.update(LIST, todo.id, Changes(title="x", completed=False, order=7))
    assert changed == Todo(todo.id, "x", False, 7, 2)
    assert await store.get(LIST, todo.id) == changed
    assert await store.delete(LIST, todo.id)
    assert await store.get(LIST, todo.id) is None
    assert not await store.delete(LIST, todo.id)
    assert await store.update(LIST, todo.id, Changes(title="x")) is None


async def test_keeps_each_change_by_itself(store: MySQLTodoStore) -> None:
    (todo,) = await fill(store, 1)
    for version, changes in enumerate(
        (Changes(completed=True), Changes(title="y"), Changes(order=-LARGEST_ORDER)), start=2
    ):
        changed = await store.update(LIST, todo.id, changes)
        assert changed is not None
        assert changed.version == version
    assert await store.get(LIST, todo.id) == Todo(todo.id, "y", True, -LARGEST_ORDER, 4)


@pytest.mark.parametrize(
    "title", ["🥛" * 255, "%s ? \\ ' \" `", "trailing", "ß", "Ä", "A\u0308", "\u202etfel", "NULL"]
)
async def test_keeps_every_title_exactly(store: MySQLTodoStore, title: str) -> None:
    todo = (await store.add(LIST, NewTodo(title=title, order=1))).todo
    found = await store.get(LIST, todo.id)
    assert found is not None
    assert found.title == title
    # Titles that look alike to a collation are different ones all the same.
    changed = await store.update(LIST, todo.id, Changes(title=title.swapcase()[:254] + "\u200b"))
    assert await store.get(LIST, todo.id) == changed


@pytest.mark.parametrize("order", [LARGEST_ORDER, -LARGEST_ORDER, 0])
async def test_keeps_every_order(store: MySQLTodoStore, order: int) -> None:
    (todo,) = await fill(store, order)
    assert (await everything(store))[0].order == todo.order == order


async def test_without_an_order_a_todo_goes_to_the_end(store: MySQLTodoStore) -> None:
    before = time.time_ns() // 1_000_000
    added = [(await store.add(LIST, NewTodo(title="x"))).todo for _ in range(5)]
    assert await everything(store) == added
    assert before <= added[0].order <= added[-1].order <= time.time_ns() // 1_000_000


async def test_lists_know_nothing_of_each_other(store: MySQLTodoStore) -> None:
    (todo,) = await fill(store, 1)
    assert await everything(store, OTHER) == []
    assert await store.get(OTHER, todo.id) is None
    assert await store.update(OTHER, todo.id, Changes(completed=True)) is None
    assert await store.update(OTHER, todo.id, Changes(completed=True), version=1) is None
    assert not await store.delete(OTHER, todo.id)
    assert not await store.delete(OTHER, todo.id, version=1)
    await store.complete_all(OTHER, completed=True)
    await store.clear(OTHER, only_completed=False)
    assert await everything(store) == [todo]


async def test_pages_through_todos_of_equal_and_different_order(store: MySQLTodoStore) -> None:
    await fill(store, 5, -1, 5, 5, 9, 5, 0)
    whole = await everything(store)
    assert [todo.order for todo in whole] == [-1, 0, 5, 5, 5, 5, 9]
    assert whole == sorted(whole, key=lambda todo: (todo.order, todo.id))
    for limit in (1, 2, 3):
        found: list[Todo] = []
        after = None
        while page := await store.page(LIST, after=after, limit=limit):
            assert len(page) <= limit
            found += page
            after = Cursor(page[-1].order, page[-1].id)
        assert found == whole


@pytest.mark.parametrize("after", [Cursor(-(2**63), 0), Cursor(2**63 - 1, 2**64 - 1)])
async def test_a_cursor_may_be_any_place(store: MySQLTodoStore, after: Cursor) -> None:
    (todo,) = await fill(store, 1)
    assert await store.page(LIST, after=after, limit=2) == ([todo] if after.order < 0 else [])


async def test_a_page_goes_on_while_the_list_changes(store: MySQLTodoStore) -> None:
    todos = await fill(store, 10, 20, 30, 40)
    after = Cursor(todos[1].order, todos[1].id)
    await store.delete(LIST, todos[1].id)
    await store.update(LIST, todos[0].id, Changes(order=50))
    await store.add(LIST, NewTodo(title="new", order=5))
    rest = await store.page(LIST, after=after, limit=10)
    assert [todo.order for todo in rest] == [30, 40, 50]


async def test_completes_reopens_and_clears(store: MySQLTodoStore) -> None:
    one, two = await fill(store, 1, 2)
    await store.update(LIST, one.id, Changes(completed=True))
    await store.complete_all(LIST, completed=True)
    # What was completed before has not changed, and its version says so.
    assert [(todo.completed, todo.version) for todo in await everything(store)] == [(True, 2)] * 2
    await store.update(LIST, two.id, Changes(completed=False))
    await store.clear(LIST, only_completed=True)
    assert [todo.id for todo in await everything(store)] == [two.id]
    await store.complete_all(LIST, completed=False)
    await store.clear(LIST, only_completed=False)
    assert await everything(store) == []


async def test_a_change_to_another_version_is_refused(store: MySQLTodoStore) -> None:
    (todo,) = await fill(store, 1)
    for version in (0, 2, 9_999_999_999):
        with pytest.raises(ChangedSinceError):
            await store.update(LIST, todo.id, Changes(completed=True), version=version)
        with pytest.raises(ChangedSinceError):
            await store.delete(LIST, todo.id, version=version)
    assert await store.update(LIST, todo.id, Changes(completed=True), version=1)
    assert await store.delete(LIST, todo.id, version=2)


async def test_of_changes_to_the_same_version_exactly_one_wins(store: MySQLTodoStore) -> None:
    (todo,) = await fill(store, 1)
    for version in range(1, 6):
        results = await asyncio.gather(
            *(
                store.update(LIST, todo.id, Changes(title=f"{version} {n}"), version=version)
                for n in range(20)
            ),
            return_exceptions=True,
        )
        won = [result for result in results if isinstance(result, Todo)]
        assert len(won) == 1
        assert sum(isinstance(result, ChangedSinceError) for result in results) == 19
        assert await store.get(LIST, todo.id) == won[0]
        assert won[0].version == version + 1


async def test_changes_at_the_same_time_do_not_undo_each_other(store: MySQLTodoStore) -> None:
    (todo,) = await fill(store, 1)
    for number in range(10):
        await asyncio.gather(
            store.update(LIST, todo.id, Changes(title=f"title {number}")),
            store.update(LIST, todo.id, Changes(completed=number % 2 == 0)),
            store.update(LIST, todo.id, Changes(order=number)),
        )
        found = await store.get(LIST, todo.id)
        assert found is not None
        assert found.title == f"title {number}"
        assert (found.completed, found.order) == (number % 2 == 0, number)


async def test_a_todo_that_is_changed_and_deleted_at_once_is_gone(store: MySQLTodoStore) -> None:
    todos = await fill(store, *range(10))
    await asyncio.gather(
        *(store.update(LIST, todo.id, Changes(order=-todo.order)) for todo in todos),
        *(store.delete(LIST, todo.id) for todo in todos),
    )
    assert await everything(store) == []


async def test_lists_that_are_reordered_from_all_sides_lose_nothing(store: MySQLTodoStore) -> None:
    todos = await fill(store, *range(20))

    async def shuffle(step: int) -> None:
        for todo in todos:
            await store.update(LIST, todo.id, Changes(order=(todo.order * step) % 23))

    await asyncio.gather(
        *(shuffle(step) for step in (3, 5, 7, 11)),
        *(store.complete_all(LIST, completed=n % 2 == 0) for n in range(10)),
        store.clear(OTHER, only_completed=False),
    )
    whole = await everything(store)
    assert {todo.id for todo in whole} == {todo.id for todo in todos}
    assert whole == sorted(whole, key=lambda todo: (todo.order, todo.id))


async def test_twenty_requests_with_one_key_add_one_todo(store: MySQLTodoStore) -> None:
    added = await asyncio.gather(*(store.add(LIST, MILK, key="key") for _ in range(20)))
    assert len({each.todo for each in added}) == 1
    assert sorted(each.replayed for each in added) == [False] + [True] * 19
    assert await everything(store) == [added[0].todo]


async def test_a_repeat_has_the_order_that_was_given_out_first(store: MySQLTodoStore) -> None:
    new = NewTodo(title="milk")
    first = await store.add(LIST, new, key="key")
    await asyncio.sleep(0.005)
    assert (await store.add(LIST, new, key="key")).todo == first.todo


async def test_a_repeat_says_what_was_added_and_brings_nothing_back(
    store: MySQLTodoStore,
) -> None:
    first = await store.add(LIST, MILK, key="key")
    await store.update(LIST, first.todo.id, Changes(title="oat milk"))
    assert (await store.add(LIST, MILK, key="key")).todo == first.todo
    await store.delete(LIST, first.todo.id)
    again = await store.add(LIST, MILK, key="key")
    assert (again.todo, again.replayed) == (first.todo, True)
    assert await everything(store) == []


async def test_a_key_is_for_one_todo_in_one_list(store: MySQLTodoStore) -> None:
    await store.add(LIST, MILK, key="key")
    for other in (NewTodo(title="milk", order=2), NewTodo(title="Milk", order=1)):
        with pytest.raises(KeyReusedError):
            await store.add(LIST, other, key="key")
    assert len(await everything(store)) == 1  # nothing of the refused ones is left
    assert not (await store.add(LIST, MILK, key="KEY")).replayed
    assert not (await store.add(OTHER, MILK, key="key")).replayed


async def test_a_key_that_is_reused_costs_no_login(
    store: MySQLTodoStore, pool: ConnectionPool
) -> None:
    await store.add(LIST, MILK, key="key")
    before = (await pool.execute("SELECT CONNECTION_ID()")).rows
    with pytest.raises(KeyReusedError):
        await store.add(LIST, NewTodo(title="oats"), key="key")
    assert (await pool.execute("SELECT CONNECTION_ID()")).rows == before


async def test_keys_are_forgotten_after_a_day(store: MySQLTodoStore, schema: Admin) -> None:
    for key in ("old", "new"):
        await store.add(LIST, MILK, key=key)
    old = hashlib.sha256(b"old").digest()
    statement = "UPDATE idempotency_keys SET created_at = NOW() - INTERVAL %s WHERE key_hash = %%s"
    schema(statement % "1430 MINUTE", old)
    assert await store.forget_old_keys() == 0
    schema(statement % "1441 MINUTE", old)
    assert await store.forget_old_keys() == 1
    assert (await store.add(LIST, MILK, key="new")).replayed
    assert not (await store.add(LIST, MILK, key="old")).replayed


async def test_old_keys_go_in_small_portions(store: MySQLTodoStore, schema: Admin) -> None:
    schema(
        "INSERT INTO idempotency_keys"
        " (list_id, key_hash, request_hash, todo_id, position, created_at)"
        " WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)"
        " SELECT UNHEX(MD5(CONCAT(a.i, '-', b.i))), UNHEX(SHA2(a.i, 256)), UNHEX(SHA2(b.i, 256)),"
        " 1, 1, NOW() - INTERVAL 2 DAY FROM n a JOIN n b ON b.i <= 2"
    )
    assert [await store.forget_old_keys() for _ in range(3)] == [1000, 800, 0]


@pytest.fixture
def schema(admin: Admin, serving: ServeSettings, pool: ConnectionPool) -> Admin:  # noqa: ARG001
    """The master account, in the deployment's own schema."""
    admin(f"USE {serving.database.name}")
    return admin


async def test_who_loses_to_a_deadlock_tries_again(store: MySQLTodoStore, schema: Admin) -> None:
    """We wait for what another has locked, who then waits for what we have locked."""
    one, two = await fill(store, 1, 2)
    schema("SET SESSION innodb_lock_wait_timeout = 20")
    schema("START TRANSACTION")
    for _ in range(50):  # much to undo: the server rather undoes what we did
        schema("UPDATE todos SET version = version + 1 WHERE id = %s", two.id)
    ours = asyncio.create_task(store.complete_all(LIST, completed=True))
    waiting = "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"
    deadline = time.monotonic() + 30
    while not schema(waiting)[0][0]:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.15)  # asked more often, the server shows what it showed before
    theirs = asyncio.to_thread(
        schema, "UPDATE todos SET version = version + 1 WHERE id = %s", one.id
    )
    await theirs
    schema("COMMIT")
    await ours
    whole = await everything(store)
    assert [todo.completed for todo in whole] == [True, True]
    assert [todo.version for todo in whole] == [3, 52]


async def test_who_always_loses_gives_up(
    store: MySQLTodoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0

    async def lose(*_: object) -> Any:  # noqa: ANN401 - never returns
        nonlocal tries
        tries += 1
        raise LostRaceError("deadlock")

    monkeypatch.setattr(store._pool, "execute", lose)
    with pytest.raises(LostRaceError):
        await store.add(LIST, MILK)
    assert tries == 4


@pytest.mark.parametrize("after", [None, Cursor(500, 10**18)], ids=["first", "next"])
def test_a_page_is_read_where_it_is(schema: Admin, after: Cursor | None) -> None:
    """Along the primary key from where it starts: no sorting, and nothing of what comes before."""
    schema(
        "INSERT INTO todos (list_id, position, title)"
        " WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
        " SELECT %s, i, 'x' FROM n",
        LIST,
    )
    schema("ANALYZE TABLE todos")
    statement = sql.FIRST_PAGE if after is None else sql.NEXT_PAGE
    values: tuple[object, ...] = (LIST, *((after[0], *after) if after else ()), 20)
    ((_, _, _, *_, extra),) = plan = schema("EXPLAIN " + statement.replace("?", "%s"), *values)
    assert "PRIMARY" in plan[0]
    assert "filesort" not in (extra or "")
    assert plan[0][3 if len(plan[0]) == 10 else 4] in ("ref", "range")

    schema("FLUSH STATUS")
    assert schema(statement.replace("?", "%s"), *values)
    read = dict(schema("SHOW SESSION STATUS LIKE 'Handler_read%%'"))
    assert sum(int(count) for count in read.values()) <= 2 * 20
