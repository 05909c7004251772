"""Which schema this release works with, and which one the database has.

Apart from `todo_app.migrations`, so that serving does not load what only migrating needs.
"""

import re
from typing import Final

from todo_app.database import SchemaMissingError
from todo_app.pool import ConnectionPool

__all__ = ["EXPECTED_REVISION", "check_schema", "is_new_enough", "is_revision", "schema_revision"]

EXPECTED_REVISION: Final = "0001"
"""The oldest schema this release works with: the newest one that it can make."""

# Alembic's own identifiers are random; ours are counted, so that they can be compared.
_REVISION: Final = re.compile(r"[0-9]{4}")
_CURRENT: Final = "SELECT MAX(version_num) FROM alembic_version"


async def check_schema(pool: ConnectionPool) -> None:
    """Find out, with one cheap query, whether this release works with the schema as it is now.

    Raises:
        SchemaMissingError: if the migrations of this release have not run.
        DatabaseError: if the database cannot be used.
    """
    revision = await schema_revision(pool)
    if not is_new_enough(revision):
        raise SchemaMissingError(
            f"the schema is at revision {revision}, and {EXPECTED_REVISION} is needed; run migrate"
        )


async def schema_revision(pool: ConnectionPool) -> str:
    """Return the revision the schema has now, as the application's account sees it.

    Raises:
        SchemaMissingError: if no migration has finished.
        DatabaseError: if the database cannot be used.
    """
    ((revision,),) = (await pool.execute(_CURRENT)).rows
    if revision is None:
        raise SchemaMissingError("the first migration has not finished; run migrate")
    return str(revision)


def is_new_enough(revision: str) -> bool:
    """Say whether this release works with a schema.

    A newer one is fine: the next release migrates while this one still serves, and by the rule of
    docs/decisions/006-migrations.md takes nothing away that this one uses.
    """
    return is_revision(revision) and revision >= EXPECTED_REVISION


def is_revision(text: str) -> bool:
    """Say whether something is a revision of ours, of whichever release."""
    return _REVISION.fullmatch(text) is not None
