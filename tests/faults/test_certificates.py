"""The database's certificate is replaced, by good ones and by bad ones, while people write."""

from __future__ import annotations

import datetime as dt
import re
import ssl
import time
import warnings
from asyncio import to_thread
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pymysql
import pytest
import trustme

from local.workspace import Workspace
from tests.faults.certificate import ServerCertificate
from tests.faults.load import Load
from tests.faults.report import RECOVERY_LIMIT, Report, record_refusal
from tests.faults.servers import ADMIN_PASSWORD, APP_USER, Database
from tests.faults.stage import APP_PASSWORD, Stage
from tests.faults.tally import COME_BACK

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]


@pytest.fixture
def certificate(workspace: Workspace, database: Database) -> Iterator[ServerCertificate]:
    certificate = ServerCertificate(workspace, database)
    yield certificate
    certificate.renew()


async def test_a_renewed_certificate_fails_no_request(
    stage: Stage, database: Database, certificate: ServerCertificate, report: Report, long: bool
) -> None:
    app = stage.app(database)
    await to_thread(app.wait_until_ready)
    shown = {certificate.shown()}
    times = 20 if long else 1
    async with Load(app.address) as load:
        for _ in range(times):
            await load.acknowledgements(100)
            await to_thread(certificate.renew)
            shown.add(await to_thread(certificate.shown))
            # The application's own sessions would last for hours.
            await to_thread(database.kill_sessions)
        await load.acknowledgements(100)
    await report.settle(load, database, renewals=times)
    assert len(shown) == times + 1
    assert load.tally.failures == {}
    assert app.stop() == 0


def expired(certificate: ServerCertificate) -> trustme.LeafCert:
    return certificate.issue(until=dt.datetime.now(dt.UTC) - dt.timedelta(days=1))


def of_another_authority(certificate: ServerCertificate) -> trustme.LeafCert:
    return certificate.issue(by=trustme.CA())


def for_another_host(certificate: ServerCertificate) -> trustme.LeafCert:
    return certificate.issue("another-database")


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        pytest.param(expired, "certificate has expired", id="expired"),
        pytest.param(
            of_another_authority,
            "unable to get local issuer certificate|self-signed certificate",
            id="of another authority",
            marks=pytest.mark.long,
        ),
        pytest.param(
            for_another_host, "Hostname mismatch", id="for another host", marks=pytest.mark.long
        ),
    ],
)
async def test_a_bad_certificate_gets_no_login(
    stage: Stage,
    database: Database,
    certificate: ServerCertificate,
    report: Report,
    long: bool,
    bad: Callable[[ServerCertificate], trustme.LeafCert],
    says: str,
) -> None:
    app = stage.app(database)
    await to_thread(app.wait_until_ready)
    async with Load(app.address) as load:
        await load.acknowledgements(100)
        await to_thread(certificate.replace, bad(certificate))
        # Who is logged in stays so, and served; a new login is refused.
        await load.acknowledgements(100)
        failed_before = load.tally.failed
        await to_thread(database.kill_sessions)
        await load.failures(500 if long else 32)
        sessions = await to_thread(database.sessions)
        await to_thread(certificate.renew)
        recovery = await load.recovery(time.monotonic())
    await report.settle(load, database, recovery_seconds=recovery)
    assert failed_before == 0
    assert sessions == []
    assert set(load.tally.failures) == {COME_BACK}
    assert recovery <= RECOVERY_LIMIT
    refused = re.search(
        rf"database:3306 is not the database we trust: [^;]*({says})[^;]*", app.log()
    )
    assert refused
    attempt = f"a server whose certificate is {bad.__name__.replace('_', ' ')}"
    record_refusal("application", attempt, refused[0])
    assert app.stop() == 0


@pytest.mark.usefixtures("network")
async def test_a_server_without_tls_hears_no_login(
    stage: Stage, database: Database, report: Report, long: bool
) -> None:
    relay = stage.relay("plain")
    app = stage.app(database, relay=relay)
    await to_thread(app.wait_until_ready)
    async with Load(app.address) as load:
        await load.acknowledgements(100)
        relay.become_bad()
        await load.failures(500 if long else 32)
        relay.become_good()
        recovery = await load.recovery(time.monotonic())
    heard = [bytes.fromhex(line) for line in relay.log().splitlines() if line != "relaying"]
    await report.settle(load, database, recovery_seconds=recovery, connections=len(heard))
    assert set(load.tally.failures) == {COME_BACK}
    assert recovery <= RECOVERY_LIMIT
    assert heard
    for said in heard:
        # A request for TLS, which is 32 bytes and no name, then TLS or nothing.
        assert said[:4] == b"\x20\x00\x00\x01"
        assert said[36:38] in (b"", b"\x16\x03")
        assert APP_USER.encode() not in said
    refused = re.search(r"database:3306 cannot be spoken to over TLS 1\.2 or newer[^;]*", app.log())
    assert refused
    record_refusal("application", "a server without TLS", refused[0])
    assert app.stop() == 0
    stage.remove(app)
    stage.remove(relay)


def old_tls(newest: ssl.TLSVersion) -> ssl.SSLContext:
    """A client that would put up with much."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = newest
    return context


@contextmanager
def login(
    database: Database, user: str, password: str, newest: ssl.TLSVersion | None
) -> Iterator[pymysql.Connection[pymysql.cursors.Cursor]]:
    way = {"ssl_disabled": True} if newest is None else {"ssl": old_tls(newest)}
    with pymysql.connect(host=database.ip, user=user, password=password, **way) as connection:
        yield connection


@pytest.mark.parametrize(
    "account", [("root", ADMIN_PASSWORD), (APP_USER, APP_PASSWORD)], ids=["master", "application"]
)
@pytest.mark.parametrize(
    ("tls", "attempt"),
    [
        (None, "a client in clear"),
        (ssl.TLSVersion.TLSv1, "a client with TLS 1.0"),
        (ssl.TLSVersion.TLSv1_1, "a client with TLS 1.1"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_server_refuses_less_than_tls_1_2(
    database: Database, account: tuple[str, str], tls: ssl.TLSVersion | None, attempt: str
) -> None:
    with pytest.raises(pymysql.Error) as refused, login(database, *account, tls):
        pass
    says = str(refused.value.args[-1])
    assert re.search("insecure transport|Access denied|protocol version|unsupported protocol", says)
    record_refusal("database", f"{attempt}, as {account[0]}", says)
    # The control: it is welcome with TLS 1.2.
    with login(database, *account, ssl.TLSVersion.TLSv1_2) as connection:
        assert connection.open
