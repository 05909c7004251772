"""Where to-dos are kept: the interface, and the SQL behind it."""

from typing import Any, Protocol

from todo_app.pool import ConnectionPool
from todo_app.todo import NewTodo, Todo, TodoChanges

__all__ = ["MySQLTodoStore", "TodoStore"]

_PAGE = "SELECT id, title, completed FROM todos WHERE id > %s ORDER BY id LIMIT %s"
_GET = "SELECT id, title, completed FROM todos WHERE id = %s"
_ADD = "INSERT INTO todos (title, completed) VALUES (%s, %s)"
_UPDATE = (
    "UPDATE todos SET title = COALESCE(%s, title), completed = COALESCE(%s, completed) "
    "WHERE id = %s"
)
_DELETE = "DELETE FROM todos WHERE id = %s"


class TodoStore(Protocol):
    """Keeps to-dos. Every method may raise `todo_app.database.DatabaseError`."""

    async def page(self, *, after: int, limit: int) -> list[Todo]:
        """Return up to `limit` to-dos with an id above `after`, oldest first."""
        ...

    async def get(self, todo_id: int) -> Todo | None:
        """Return one to-do, or None."""
        ...

    async def add(self, new: NewTodo) -> Todo:
        """Keep a new to-do and return it with its id."""
        ...

    async def update(self, todo_id: int, changes: TodoChanges) -> Todo | None:
        """Change a to-do and return it as it is now, or None where there is none."""
        ...

    async def delete(self, todo_id: int) -> bool:
        """Forget a to-do; False where there was none."""
        ...


class MySQLTodoStore:
    """A `TodoStore` in MySQL. Each statement commits by itself."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    async def page(self, *, after: int, limit: int) -> list[Todo]:
        """See `TodoStore.page`."""
        async with self._pool.connection() as connection, connection.cursor() as cursor:
            await cursor.execute(_PAGE, (after, limit))
            return [_todo(row) for row in await cursor.fetchall()]

    async def get(self, todo_id: int) -> Todo | None:
        """See `TodoStore.get`."""
        async with self._pool.connection() as connection, connection.cursor() as cursor:
            await cursor.execute(_GET, (todo_id,))
            row = await cursor.fetchone()
            return _todo(row) if row else None

    async def add(self, new: NewTodo) -> Todo:
        """See `TodoStore.add`."""
        async with self._pool.connection() as connection, connection.cursor() as cursor:
            await cursor.execute(_ADD, (new.title, new.completed))
            return Todo(id=cursor.lastrowid, title=new.title, completed=new.completed)

    async def update(self, todo_id: int, changes: TodoChanges) -> Todo | None:
        """See `TodoStore.update`."""
        async with self._pool.connection() as connection, connection.cursor() as cursor:
            await cursor.execute(_UPDATE, (changes.title, changes.completed, todo_id))
            # The affected-row count is 0 for an update that changes nothing: look instead.
            await cursor.execute(_GET, (todo_id,))
            row = await cursor.fetchone()
            return _todo(row) if row else None

    async def delete(self, todo_id: int) -> bool:
        """See `TodoStore.delete`."""
        async with self._pool.connection() as connection, connection.cursor() as cursor:
            return await cursor.execute(_DELETE, (todo_id,)) > 0


def _todo(row: tuple[Any, ...]) -> Todo:
    return Todo(id=row[0], title=row[1], completed=bool(row[2]))
