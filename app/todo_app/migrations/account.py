"""The application's own account: it must use TLS, and can read and write rows of its schema."""

import logging

from asyncmy.connection import Connection

from todo_app.credentials import Credentials, CredentialsSource
from todo_app.database import DatabaseRefusedError, LoginRefusedError, log_in
from todo_app.settings import MigrateSettings

__all__ = ["ensure_account"]

_log = logging.getLogger(__name__)


async def ensure_account(
    connection: Connection, settings: MigrateSettings, source: CredentialsSource
) -> None:
    """Create the account, or bring the one that is there up to date.

    Its password is kept as long as it is one that the source knows: while the secret is being
    rotated, the database may have the next one already, and the other tasks use it.

    Raises:
        DatabaseRefusedError: if the account is the master's.
    """
    wanted = await source.current()
    if wanted.user == settings.admin.user:
        raise DatabaseRefusedError(
            f"the application's account is the master's, {wanted.user!r}: it needs one of its own"
        )
    existed = await _exists(connection, wanted.user)
    if not existed:
        await _set(connection, "CREATE USER IF NOT EXISTS", wanted)
    await _restrict(connection, wanted.user, settings.database.name)
    done = await _keep_password(connection, settings, source) if existed else "created"
    _log.info("the application's account %s: %s", wanted.user, done)


async def _exists(connection: Connection, user: str) -> bool:
    async with connection.cursor() as cursor:
        await cursor.execute(
            "SELECT COUNT(*) FROM mysql.user WHERE User = %s AND Host = '%%'", (user,)
        )
        (count,) = await cursor.fetchone()
        return bool(count)


async def _set(connection: Connection, what: str, credentials: Credentials) -> None:
    async with connection.cursor() as cursor:
        account = _account(credentials.user).replace("%", "%%")
        await cursor.execute(
            f"{what} {account} IDENTIFIED BY %s REQUIRE SSL", (credentials.password,)
        )


async def _restrict(connection: Connection, user: str, schema: str) -> None:
    pattern = schema.replace("_", r"\_")  # in GRANT, a bare _ matches any character
    async with connection.cursor() as cursor:
        await cursor.execute(f"ALTER USER {_account(user)} REQUIRE SSL")
        await cursor.execute(
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON `{pattern}`.* TO {_account(user)}"
        )


async def _keep_password(
    connection: Connection, settings: MigrateSettings, source: CredentialsSource
) -> str:
    wanted = await source.current()
    try:
        async with await log_in(settings.database, source, schema=None):
            pass
    except LoginRefusedError:
        await _set(connection, "ALTER USER", wanted)
        return "its password was none of ours; it has the current one now"
    if await source.current() == wanted:
        return "its password is the current one"
    return "its password is that of a rotation under way, and stays"


def _account(user: str) -> str:
    quoted = user.replace("`", "``")
    return f"`{quoted}`@`%`"
