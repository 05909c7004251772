"""One connection to the database: verified TLS, a deadline, and errors in plain words."""

import asyncio
import ssl
from collections.abc import Sequence
from typing import Final, NoReturn

import asyncmy
from asyncmy.connection import Connection
from asyncmy.errors import InterfaceError, MySQLError, OperationalError

from todo_app.credentials import Credentials, CredentialsSource
from todo_app.errors import DatabaseError, DatabaseRefusedError, DatabaseUnavailableError
from todo_app.settings import DatabaseSettings

__all__ = [
    "DatabaseError",
    "DatabaseRefusedError",
    "DatabaseUnavailableError",
    "DuplicateKeyError",
    "LoginRefusedError",
    "LostRaceError",
    "NoRoomError",
    "SchemaMissingError",
    "connect",
    "log_in",
    "raise_explained",
]


class SchemaMissingError(DatabaseUnavailableError):
    """The schema is not there yet: `migrate` has not run."""


class LostRaceError(DatabaseUnavailableError):
    """Others had the rows, so that nothing of ours has happened; the connection is as before."""


class DuplicateKeyError(Exception):
    """A row with this key is there already; the connection is as good as before."""


class NoRoomError(DatabaseRefusedError):
    """The server's disk or table is full; the connection is as good as before."""


class LoginRefusedError(DatabaseRefusedError):
    """The server does not know this user with this password."""


# https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
_MEANINGS: Final[
    tuple[tuple[frozenset[int], type[DatabaseError | DuplicateKeyError], str], ...]
] = (
    (
        # Wrong user or password, or an account that requires TLS.
        frozenset({1045}),
        LoginRefusedError,
        "refuses our account",
    ),
    (
        frozenset({1044, 1142, 3159}),  # to the schema, to the table, without TLS
        DatabaseRefusedError,
        "refuses our account",
    ),
    (
        frozenset({1049, 1146}),  # schema, table
        SchemaMissingError,
        "has no schema for this application yet; run migrate",
    ),
    (frozenset({1062}), DuplicateKeyError, "has such a row already"),
    (frozenset({1021, 1114}), NoRoomError, "has no room left"),  # disk, table
    # Lock wait timeout, deadlock: the statement was rolled back.
    (frozenset({1205, 1213}), LostRaceError, "gave way to others"),
    # It was the writer before a failover: the next connection finds the new one.
    (frozenset({1290, 1792, 1836}), DatabaseUnavailableError, "takes no writes"),
)


async def connect(
    settings: DatabaseSettings,
    credentials: Credentials,
    *,
    schema: str | None,
) -> Connection:
    """Open an autocommitting connection over verified TLS.

    Args:
        settings: where the server is and which authorities may vouch for it.
        credentials: the account to log in as.
        schema: the schema to work in; None where it may not exist yet.

    Raises:
        DatabaseUnavailableError: if there is no answer within `settings.connect_seconds`, or none
            that makes sense.
        DatabaseRefusedError: if the server's TLS, its certificate or our login is not accepted.
    """
    server = f"{settings.host}:{settings.port}"
    try:
        # asyncmy's own limit covers the TCP connection only, not TLS and login.
        async with asyncio.timeout(settings.connect_seconds):
            return await asyncmy.connect(
                host=settings.host,
                port=settings.port,
                user=credentials.user,
                # As text it would be sent as Latin-1; MySQL compares what utf8mb4 clients send.
                password=credentials.password.encode(),
                database=schema,
                ssl=settings.tls,
                autocommit=True,
                stmt_cache_size=0,  # sessions of the pool prepare and keep their own
            )
    except (MySQLError, OSError) as error:
        explained = _explain(error, server)
        if not isinstance(explained, DatabaseError):
            # No statement of ours is at fault, and no row is there already: it only says so.
            explained = DatabaseUnavailableError(f"cannot talk to {server}: {error}")
        raise explained from error
    except Exception as error:
        # asyncmy takes a greeting apart unchecked: IndexError, struct.error, AttributeError, …
        kind = f"{type(error).__module__}.{type(error).__name__}"
        raise DatabaseUnavailableError(
            f"{server} does not answer like a MySQL server ({kind})"
        ) from error


async def log_in(
    settings: DatabaseSettings, source: CredentialsSource, *, schema: str | None
) -> Connection:
    """Open a connection with what the source has; if that is refused, with what it has by now.

    A password changes in the database a moment before or after its secret does: a refused login
    is a reason to ask again, not to fail.

    Raises:
        DatabaseError: as `connect`, or as the source.
    """
    refused: set[Credentials] = set()
    last = LoginRefusedError("there are no credentials")

    async def current() -> Sequence[Credentials]:
        return (await source.current(),)

    # The second time, another login may have found out more.
    for candidates in (current, current, source.renewed):
        for credentials in await candidates():
            if credentials in refused:
                continue
            try:
                connection = await connect(settings, credentials, schema=schema)
            except LoginRefusedError as refusal:
                last = refusal
                refused.add(credentials)
            else:
                if refused:
                    source.accepted(credentials)
                return connection
    raise last


def raise_explained(error: MySQLError | OSError, server: str) -> NoReturn:
    """Raise what a driver's error means, or the error itself where it shows a fault of ours.

    Args:
        error: what the driver raised; a passed deadline is an `OSError` too (`TimeoutError`).
        server: host and port, for the message.

    Raises:
        DatabaseError: in plain words, caused by `error`.
        DuplicateKeyError: if a row's key is not unique.
    """
    explained = _explain(error, server)
    if explained is None:
        raise error
    raise explained from error


def _explain(error: MySQLError | OSError, server: str) -> DatabaseError | DuplicateKeyError | None:
    tls = _tls_error(error)
    if isinstance(tls, ssl.SSLCertVerificationError):
        return DatabaseRefusedError(
            f"{server} is not the database we trust: {tls.verify_message}; check "
            "DATABASE_HOST and DATABASE_CA_FILE or DATABASE_CA_PEM"
        )
    if tls is not None and not isinstance(tls, ssl.SSLEOFError):
        return DatabaseRefusedError(
            f"{server} cannot be spoken to over TLS 1.2 or newer ({tls.reason}); check that it "
            "offers that and that nothing in between takes it away"
        )
    if isinstance(error, TimeoutError):
        return DatabaseUnavailableError(f"{server} did not answer in time")
    if isinstance(error, OSError):
        return DatabaseUnavailableError(f"cannot talk to {server}: {error}")
    return _explain_server_error(error, server)


def _explain_server_error(
    error: MySQLError, server: str
) -> DatabaseError | DuplicateKeyError | None:
    number = error.args[0] if error.args else None
    for numbers, kind, meaning in _MEANINGS:
        if number in numbers:
            return kind(f"{server} {meaning}: {error.args[-1]}")
    if isinstance(error, OperationalError | InterfaceError):
        return DatabaseUnavailableError(f"cannot talk to {server}: {error.args[-1]}")
    return None


def _tls_error(error: BaseException | None) -> ssl.SSLError | None:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return error
        error = error.__cause__
    return None
