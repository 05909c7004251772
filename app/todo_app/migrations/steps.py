"""What revisions may do to a table that is in use: safe to run again, and without blocking it.

MySQL has no `IF NOT EXISTS` for these, unlike for tables.
"""

from alembic import op
from sqlalchemy import text

__all__ = ["add_column", "add_index"]


def add_column(table: str, column: str, definition: str) -> None:
    """Add a column that has a default or may be null, unless it is there.

    The server refuses what it could not do at once, whatever the size of the table.
    """
    if _absent("columns", "column_name", table, column):
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {definition}, ALGORITHM = INSTANT")


def add_index(table: str, index: str, columns: str) -> None:
    """Add an index, unless it is there, while others go on writing to the table."""
    if _absent("statistics", "index_name", table, index):
        op.execute(f"CREATE INDEX {index} ON {table} ({columns}) ALGORITHM = INPLACE LOCK = NONE")


def _absent(kind: str, column: str, table: str, name: str) -> bool:
    if op.get_context().as_sql:
        return True
    query = text(
        f"SELECT COUNT(*) FROM information_schema.{kind} "  # noqa: S608 - our own words
        f"WHERE table_schema = DATABASE() AND table_name = :table AND {column} = :name"
    )
    return not op.get_bind().execute(query, {"table": table, "name": name}).scalar()
