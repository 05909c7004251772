from __future__ import annotations

import ssl
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import aiomysql  # type: ignore[import-untyped]
import pymysql
import pytest
import trustme

from tests.app.certificates import server_tls
from tests.app.impostors import IMPOSTORS, NO_TLS, NOT_TRUSTED, Impostor
from tests.app.logins import ACCOUNT, assert_nothing_in_clear, credentials, log_in
from tests.app.mysql_greeter import (
    ACCESS_DENIED,
    OK,
    SALT,
    MySQLGreeter,
    Wiretap,
    outside_tls,
    overheard,
    without_tls_flag,
)
from todo_app.database import DatabaseRefusedError
from todo_app.settings import DatabaseSettings
from todo_app.tls import UnusableCertificateError, verifying_context

every_impostor = pytest.mark.parametrize("impostor", IMPOSTORS.values(), ids=IMPOSTORS.keys())


@every_impostor
async def test_no_login_for_an_impostor(
    impostor: Impostor, database_settings: DatabaseSettings, authority: trustme.CA
) -> None:
    settings = replace(database_settings, host=impostor.host)
    server = MySQLGreeter(impostor.tls(authority), answers=(OK, OK))
    async with overheard(server) as wire:
        with pytest.raises(DatabaseRefusedError, match=impostor.says):
            await log_in(settings, wire)
    assert server.encrypted == []
    assert_nothing_in_clear(wire)


@every_impostor
async def test_a_client_that_verifies_nothing_logs_in_to_any_impostor(
    impostor: Impostor, database_settings: DatabaseSettings, authority: trustme.CA
) -> None:
    """The control: each of them is a working server but for what it was refused for."""
    settings = replace(database_settings, host=impostor.host, tls=careless())
    server = MySQLGreeter(impostor.tls(authority), answers=(OK, OK))
    async with overheard(server) as wire:
        await log_in(settings, wire)
    assert ACCOUNT.user.encode() in server.encrypted[0]


@pytest.mark.parametrize("version", ["TLS 1.0 only", "TLS 1.1 only"])
async def test_old_tls_is_refused_where_openssl_would_allow_it(
    version: str, database_settings: DatabaseSettings, authority: trustme.CA, ca_pem: str
) -> None:
    """OpenSSL's own security level hides whether we ask for TLS 1.2: some builds have none."""
    tls = verifying_context(ca_pem)
    tls.set_ciphers("ALL:@SECLEVEL=0")
    server = MySQLGreeter(IMPOSTORS[version].tls(authority))
    async with overheard(server) as wire:
        with pytest.raises(DatabaseRefusedError, match=NO_TLS):
            await log_in(replace(database_settings, tls=tls), wire)
    assert server.encrypted == []


def careless() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version = ssl.TLSVersion.TLSv1
    return context


async def test_logs_in_to_a_server_it_can_verify(
    database_settings: DatabaseSettings, authority: trustme.CA
) -> None:
    server = MySQLGreeter(server_tls(authority.issue_cert("127.0.0.1")), answers=(OK, OK))
    async with overheard(server) as wire:
        await log_in(database_settings, wire)
    assert ACCOUNT.user.encode() in server.encrypted[0]
    assert_nothing_in_clear(wire)


async def test_a_refused_login_is_called_that(
    database_settings: DatabaseSettings, authority: trustme.CA
) -> None:
    server = MySQLGreeter(server_tls(authority.issue_cert("127.0.0.1")))
    async with overheard(server) as wire:
        with pytest.raises(DatabaseRefusedError, match="refuses our account: Access denied"):
            await log_in(database_settings, wire)


async def test_an_authority_of_the_machines_own_store_vouches_for_nobody(
    database_settings: DatabaseSettings,
    ca_pem: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known_here = trustme.CA()
    known_here.cert_pem.write_to_path(tmp_path / "store.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "store.pem"))
    assert ssl.create_default_context().get_ca_certs(), "the machine does not know it"
    server = MySQLGreeter(server_tls(known_here.issue_cert("127.0.0.1")))
    async with overheard(server) as wire:
        with pytest.raises(DatabaseRefusedError, match=NOT_TRUSTED):
            await log_in(replace(database_settings, tls=verifying_context(ca_pem)), wire)
    assert server.encrypted == []


def test_an_authority_without_certificates_is_refused() -> None:
    with pytest.raises(UnusableCertificateError):
        verifying_context("-----BEGIN PRIVATE KEY-----")


PLAIN_ANSWERS = {
    "welcome": OK,
    "access denied": ACCESS_DENIED,
    "asks for the password": b"\xfemysql_clear_password\0",
    "asks for a scramble": b"\xfemysql_native_password\0" + SALT + b"\0",
    "asks for the password by its key": b"\xfesha256_password\0" + SALT + b"\0",
}


@pytest.mark.parametrize("answer", PLAIN_ANSWERS.values(), ids=PLAIN_ANSWERS.keys())
@pytest.mark.parametrize("change", [bytes, without_tls_flag], ids=["promises TLS", "offers none"])
async def test_no_login_for_a_server_that_goes_on_in_clear(
    database_settings: DatabaseSettings, answer: bytes, change: Callable[[bytes], bytes]
) -> None:
    server = MySQLGreeter(None, answers=(answer,))
    async with overheard(server, change=change) as wire:
        with pytest.raises(DatabaseRefusedError, match=NO_TLS):
            await log_in(database_settings, wire)
    assert_nothing_in_clear(wire)


async def test_a_relay_that_takes_the_tls_flag_away_hears_no_login(
    database_settings: DatabaseSettings, authority: trustme.CA
) -> None:
    """The driver asks for TLS all the same, and the server behind the relay still has it."""
    server = MySQLGreeter(server_tls(authority.issue_cert("127.0.0.1")), answers=(OK, OK))
    async with overheard(server, change=without_tls_flag) as wire:
        await log_in(database_settings, wire)
    assert ACCOUNT.user.encode() in server.encrypted[0]
    assert_nothing_in_clear(wire)


@pytest.mark.parametrize("genuine", [True, False], ids=["a relay", "a server without TLS"])
async def test_a_driver_that_logs_in_without_tls_is_heard(
    database_settings: DatabaseSettings, authority: trustme.CA, genuine: bool
) -> None:
    """The control: what the tests above look for is found where it is."""
    tls = server_tls(authority.issue_cert("127.0.0.1")) if genuine else None
    async with overheard(MySQLGreeter(tls), change=without_tls_flag) as wire:
        with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
            await log_in_by_aiomysql(database_settings, wire)
    user, _, scramble, _ = credentials()
    assert user in outside_tls(wire.heard)
    assert scramble in outside_tls(wire.heard)


async def test_the_same_driver_is_not_heard_when_nobody_takes_tls_away(
    database_settings: DatabaseSettings, authority: trustme.CA
) -> None:
    server = MySQLGreeter(server_tls(authority.issue_cert("127.0.0.1")))
    async with overheard(server) as wire:
        with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
            await log_in_by_aiomysql(database_settings, wire)
    assert_nothing_in_clear(wire)


async def log_in_by_aiomysql(settings: DatabaseSettings, wire: Wiretap) -> None:
    await aiomysql.connect(
        host=settings.host,
        port=wire.port,
        user=ACCOUNT.user,
        password=ACCOUNT.password,
        ssl=settings.tls,
    )
