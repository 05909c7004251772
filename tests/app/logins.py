"""A login over the wire, and whether anybody could read it there."""

from __future__ import annotations

from dataclasses import replace

from asyncmy.auth import scramble_caching_sha2, scramble_native_password

from tests.app.mysql_greeter import SALT, Wiretap, outside_tls
from todo_app.credentials import Credentials
from todo_app.database import connect
from todo_app.settings import DatabaseSettings

__all__ = ["ACCOUNT", "assert_nothing_in_clear", "credentials", "log_in"]

ACCOUNT = Credentials(user="todo_app", password="correct horse")


async def log_in(settings: DatabaseSettings, wire: Wiretap) -> None:
    settings = replace(settings, port=wire.port)
    connection = await connect(settings, ACCOUNT, schema=settings.name)
    connection.close()


def assert_nothing_in_clear(wire: Wiretap) -> None:
    assert wire.heard, "the client never came"
    assert outside_tls(wire.heard) == b""
    for secret in credentials():
        assert secret not in wire.heard


def credentials() -> list[bytes]:
    """Every form in which the login could travel."""
    password = ACCOUNT.password.encode()
    return [
        ACCOUNT.user.encode(),
        password,
        scramble_caching_sha2(password, SALT),  # type: ignore[no-untyped-call]
        scramble_native_password(password, SALT),  # type: ignore[no-untyped-call]
    ]
