"""Alembic, on a connection of ours."""

import logging
from pathlib import Path
from typing import Final

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from asyncmy.connection import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import StaticPool

from todo_app.database import DatabaseRefusedError
from todo_app.schema import is_revision

__all__ = ["SCRIPTS", "alembic_config", "upgrade_schema"]

_log = logging.getLogger(__name__)
# At each start it says how it works; we say what it does.
logging.getLogger("alembic").setLevel(logging.WARNING)

SCRIPTS: Final = Path(__file__).parent
"""Where `env.py` and the revisions are."""


def alembic_config(scripts: Path = SCRIPTS) -> Config:
    """Return Alembic's configuration; there is no `alembic.ini`."""
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    # Only where there are no sources: beside them, the bytecode of a revision that has been taken
    # back would count as one.
    sourceless = Path(__file__).suffix == ".pyc"
    config.set_main_option("sourceless", str(sourceless).lower())
    return config


async def upgrade_schema(connection: Connection, scripts: Path = SCRIPTS) -> str:
    """Bring the schema that `connection` works in to the newest revision; return its revision.

    A schema that is newer is left alone: the release that made it is taking over from us.

    Raises:
        DatabaseRefusedError: if the schema was not made by any release of ours.
        sqlalchemy.exc.DBAPIError: around what the driver raises.
    """

    async def borrowed() -> Connection:
        return connection

    # The connection stays ours, to hold the lock and to close: the engine neither opens one nor
    # is disposed of. It commits each statement, as MySQL does with DDL anyway.
    engine = create_async_engine(
        "mysql+asyncmy://",
        async_creator=borrowed,
        poolclass=StaticPool,
        isolation_level="AUTOCOMMIT",
    )
    async with engine.connect() as engine_connection:
        return await engine_connection.run_sync(_upgrade, alembic_config(scripts))


def _upgrade(connection: sqlalchemy.Connection, config: Config) -> str:
    script = ScriptDirectory.from_config(config)
    head = script.get_current_head() or ""
    current = MigrationContext.configure(connection).get_current_revision()
    if current is None:
        _refuse_foreign_tables(connection)
    elif is_revision(current) and current > head:
        _log.info("the schema is newer than this release knows; leaving it alone")
        return current
    elif current not in {known.revision for known in script.walk_revisions()}:
        raise DatabaseRefusedError(f"the schema is at revision {current!r}, which is none of ours")
    if current != head:
        _log.info("bringing the schema from revision %s to %s", current or "none", head)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return head


def _refuse_foreign_tables(connection: sqlalchemy.Connection) -> None:
    """Refuse to migrate a schema of something else, which `IF NOT EXISTS` would hide.

    One of ours that a crash left halfway has Alembic's table, which is made before any other.
    """
    tables = sorted(sqlalchemy.inspect(connection).get_table_names())
    if tables and "alembic_version" not in tables:
        raise DatabaseRefusedError(
            f"the schema has tables that no migration of ours made: {', '.join(tables)}; "
            "check DATABASE_NAME"
        )
