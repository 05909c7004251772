"""What Alembic runs: the revisions, on the connection that `todo_app.migrations` holds.

Without one it writes the SQL down, which is how the tests read what a revision does.
"""

from alembic import context

if context.is_offline_mode():
    context.configure(dialect_name="mysql")
else:
    context.configure(connection=context.config.attributes["connection"])

with context.begin_transaction():
    context.run_migrations()
