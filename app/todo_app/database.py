"""One connection to the database: verified TLS, a deadline, and errors in plain words."""

import asyncio
import ssl
from typing import Final, NoReturn

import asyncmy
from asyncmy.connection import Connection
from asyncmy.errors import MySQLError, OperationalError

from todo_app.settings import Credentials, DatabaseSettings

__all__ = [
    "DatabaseError",
    "DatabaseRefusedError",
    "DatabaseUnavailableError",
    "SchemaMissingError",
    "connect",
    "raise_explained",
]

# https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
_ACCESS_DENIED: Final = {
    1044,  # to the schema
    1045,  # wrong user or password, or an account that requires TLS
    1142,  # to the table
    3159,  # require_secure_transport
}
_NO_SUCH_OBJECT: Final = {1049, 1146}  # schema, table


class DatabaseError(Exception):
    """The database cannot be used now. The message holds no secret."""


class DatabaseUnavailableError(DatabaseError):
    """Not reachable, too slow, or gone in the middle; trying again may help."""


class SchemaMissingError(DatabaseUnavailableError):
    """The schema is not there yet: `migrate` has not run."""


class DatabaseRefusedError(DatabaseError):
    """One side refuses the other; trying again does not help until somebody changes something."""


async def connect(
    settings: DatabaseSettings,
    credentials: Credentials,
    *,
    schema: str | None,
    cached_statements: int = 0,
) -> Connection:
    """Open an autocommitting connection over verified TLS.

    Args:
        settings: where the server is and which authorities may vouch for it.
        credentials: the account to log in as.
        schema: the schema to work in; None where it may not exist yet.
        cached_statements: how many prepared statements the connection keeps; 0 prepares none.

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
                stmt_cache_size=cached_statements,
            )
    except (MySQLError, OSError) as error:
        # Whatever a server answers to a login, the fault is not in a statement of ours.
        explained = _explain(error, server) or DatabaseUnavailableError(
            f"cannot talk to {server}: {error}"
        )
        raise explained from error
    except Exception as error:
        # asyncmy takes a greeting apart unchecked: IndexError, struct.error, AttributeError, …
        kind = f"{type(error).__module__}.{type(error).__name__}"
        raise DatabaseUnavailableError(
            f"{server} does not answer like a MySQL server ({kind})"
        ) from error


def raise_explained(error: MySQLError | OSError, server: str) -> NoReturn:
    """Raise what a driver's error means, or the error itself where it shows a fault of ours.

    Args:
        error: what the driver raised; a passed deadline is an `OSError` too (`TimeoutError`).
        server: host and port, for the message.

    Raises:
        DatabaseError: in plain words, caused by `error`.
    """
    explained = _explain(error, server)
    if explained is None:
        raise error
    raise explained from error


def _explain(error: MySQLError | OSError, server: str) -> DatabaseError | None:
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


def _explain_server_error(error: MySQLError, server: str) -> DatabaseError | None:
    number = error.args[0] if error.args else None
    if number in _ACCESS_DENIED:
        return DatabaseRefusedError(f"{server} refuses our account: {error.args[-1]}")
    if number in _NO_SUCH_OBJECT:
        return SchemaMissingError(f"{server} has no schema for this application yet; run migrate")
    if isinstance(error, OperationalError):
        return DatabaseUnavailableError(f"cannot talk to {server}: {error.args[-1]}")
    return None


def _tls_error(error: BaseException | None) -> ssl.SSLError | None:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return error
        error = error.__cause__
    return None
