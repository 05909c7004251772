"""What the next release might add: an example, never applied but by tests."""

from alembic import op

from todo_app.migrations.steps import add_column, add_index

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add a column, an index and a table, none of which the release before knows."""
    add_column("todos", "note", "VARCHAR(255) NULL")
    add_column("todos", "priority", "INT NOT NULL DEFAULT 0")
    add_index("todos", "todos_priority", "list_id, priority")
    op.execute(
        "CREATE TABLE IF NOT EXISTS notes (id BIGINT UNSIGNED NOT NULL PRIMARY KEY, note TEXT)"
    )
