"""To-dos, and the keys under which clients may send one again."""

from alembic import op

revision = "0001"
down_revision = None

# The clustered key is the order in which a list is read. A binary collation exists under one name
# in MySQL and MariaDB, and titles are not sorted.
_TODOS = """
    CREATE TABLE IF NOT EXISTS todos (
        list_id BINARY(16) NOT NULL,
        position BIGINT NOT NULL,
        id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
        title VARCHAR(255) NOT NULL,
        completed BOOLEAN NOT NULL DEFAULT FALSE,
        version INT UNSIGNED NOT NULL DEFAULT 1,
        PRIMARY KEY (list_id, position, id),
        UNIQUE KEY todos_id (id)
    ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
"""

_IDEMPOTENCY_KEYS = """
    CREATE TABLE IF NOT EXISTS idempotency_keys (
        list_id BINARY(16) NOT NULL,
        key_hash BINARY(32) NOT NULL,
        request_hash BINARY(32) NOT NULL,
        todo_id BIGINT UNSIGNED NOT NULL,
        position BIGINT NOT NULL,
        created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
        PRIMARY KEY (list_id, key_hash),
        KEY idempotency_keys_created_at (created_at)
    ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
"""


def upgrade() -> None:
    """Create both tables."""
    op.execute(_TODOS)
    op.execute(_IDEMPOTENCY_KEYS)
