from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace

import pytest
import trustme

from tests.app.mysql_greeter import MySQLGreeter
from todo_app.database import (
    DatabaseError,
    DatabaseRefusedError,
    DatabaseUnavailableError,
    connect,
)
from todo_app.settings import DatabaseSettings
from todo_app.tls import UnusableCertificateError, verifying_context

Greet = Callable[..., MySQLGreeter]


@pytest.fixture
def greet() -> Iterator[Callable[..., MySQLGreeter]]:
    """Start a `MySQLGreeter` with the given arguments; stop it after the test."""
    greeters: list[MySQLGreeter] = []

    def start(certificate: trustme.LeafCert, *, offers_tls: bool = True) -> MySQLGreeter:
        greeters.append(MySQLGreeter(certificate, offers_tls=offers_tls))
        return greeters[-1]

    yield start
    for greeter in greeters:
        greeter.close()


@pytest.fixture(autouse=True)
async def closed_transports() -> AsyncIterator[None]:
    """Let the loop live until TLS has ended where the driver closes without waiting for it."""
    yield
    transports = asyncio.get_running_loop()._transports  # type: ignore[attr-defined]
    while any(transport._sock for transport in transports.values()):  # noqa: ASYNC110 - no event
        await asyncio.sleep(0.01)


async def log_in(settings: DatabaseSettings, greeter: MySQLGreeter) -> None:
    settings = replace(settings, port=greeter.port)
    connection = await connect(settings, settings.app, schema=settings.name)
    connection.close()


async def test_sends_the_login_to_a_server_it_can_verify(
    database_settings: DatabaseSettings, authority: trustme.CA, greet: Greet
) -> None:
    greeter = greet(authority.issue_cert("127.0.0.1"))
    with pytest.raises(DatabaseRefusedError, match="refuses our account: Access denied"):
        await log_in(database_settings, greeter)
    assert database_settings.app.user.encode() in greeter.encrypted
    assert database_settings.app.user.encode() not in greeter.clear


@pytest.mark.parametrize(
    ("issuer_is_trusted", "name", "reason"),
    [
        (
            False,
            "127.0.0.1",
            "self-signed certificate in certificate chain|unable to get local issuer",
        ),
        (True, "database.example", "IP address mismatch"),
    ],
    ids=["wrong authority", "wrong host name"],
)
async def test_sends_no_login_to_a_server_it_cannot_verify(
    database_settings: DatabaseSettings,
    authority: trustme.CA,
    greet: Greet,
    issuer_is_trusted: bool,
    name: str,
    reason: str,
) -> None:
    issuer = authority if issuer_is_trusted else trustme.CA()
    greeter = greet(issuer.issue_cert(name))
    with pytest.raises(DatabaseRefusedError, match=f"not the database we trust: .*({reason})"):
        await log_in(database_settings, greeter)
    assert greeter.encrypted == b""
    assert database_settings.app.user.encode() not in greeter.clear


async def test_a_common_name_is_not_a_host_name(
    database_settings: DatabaseSettings, authority: trustme.CA, greet: Greet
) -> None:
    greeter = greet(authority.issue_cert(common_name="localhost"))
    with pytest.raises(DatabaseRefusedError, match="not the database we trust"):
        await log_in(replace(database_settings, host="localhost"), greeter)


async def test_sends_no_login_in_clear_when_somebody_strips_tls(
    database_settings: DatabaseSettings, authority: trustme.CA, greet: Greet
) -> None:
    greeter = greet(authority.issue_cert("127.0.0.1"), offers_tls=False)
    with pytest.raises(DatabaseError):
        await log_in(database_settings, greeter)
    assert database_settings.app.user.encode() not in greeter.clear


async def test_gives_up_on_a_server_that_says_nothing(database_settings: DatabaseSettings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = replace(database_settings, port=silent.getsockname()[1], connect_seconds=1)
        with pytest.raises(DatabaseUnavailableError, match="did not answer in time"):
            await connect(settings, settings.app, schema=None)


async def test_says_where_nobody_listens(database_settings: DatabaseSettings) -> None:
    with pytest.raises(DatabaseUnavailableError, match=r"cannot talk to 127\.0\.0\.1:1"):
        await connect(database_settings, database_settings.app, schema=None)


def handshake(client: ssl.SSLContext, server: ssl.SSLContext) -> str | None:
    """Return the TLS version that both agree on over a loopback connection."""
    server_end, client_end = socket.socketpair()

    def accept() -> None:
        with server_end:
            try:
                server.wrap_socket(server_end, server_side=True).close()
            except OSError:
                return

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        with client_end, client.wrap_socket(client_end, server_hostname="db.example") as tls:
            return tls.version()
    finally:
        thread.join()


@pytest.fixture
def old_server(authority: trustme.CA) -> ssl.SSLContext:
    """A server that speaks nothing newer than TLS 1.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("db.example").configure_cert(context)
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version = ssl.TLSVersion.TLSv1_1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")  # OpenSSL 3 allows TLS 1.1 at this level only
    return context


def test_refuses_tls_older_than_1_2(old_server: ssl.SSLContext, ca_pem: str) -> None:
    context = verifying_context(ca_pem)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError):
        handshake(context, old_server)
    # The same client gets through once the minimum is lowered: it was the minimum that refused.
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version = ssl.TLSVersion.TLSv1_1
    assert handshake(context, old_server) == "TLSv1.1"


def test_an_authority_without_certificates_is_refused() -> None:
    with pytest.raises(UnusableCertificateError):
        verifying_context("-----BEGIN PRIVATE KEY-----")
