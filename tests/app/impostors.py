"""Servers that nobody should log in to, each for one reason only."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import trustme
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import DNSName, IPAddress

from tests.app.certificates import CLIENT_AUTH, issue, server_tls

__all__ = ["IMPOSTORS", "NOT_TRUSTED", "NO_TLS", "Impostor"]

LOOPBACK = IPAddress(ipaddress.IPv4Address("127.0.0.1"))
NO_TLS = "cannot be spoken to over TLS 1.2 or newer"
NOT_TRUSTED = "not the database we trust"


@dataclass(frozen=True, kw_only=True)
class Impostor:
    """A server that nobody should log in to.

    Attributes:
        tls: makes its TLS; it is given the authority that the client trusts.
        host: the name under which the client looks for it.
        says: what the operator is told.
    """

    tls: Callable[[trustme.CA], ssl.SSLContext]
    host: str = "127.0.0.1"
    says: str = NOT_TRUSTED


def limited_to(version: ssl.TLSVersion) -> Callable[[trustme.CA], ssl.SSLContext]:
    def tls(authority: trustme.CA) -> ssl.SSLContext:
        context = server_tls(authority.issue_cert("127.0.0.1"), ciphers="ALL")
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            context.minimum_version = context.maximum_version = version
        return context

    return tls


def days_from_now(days: int) -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(days=days)


IMPOSTORS: Mapping[str, Impostor] = {
    "wrong authority": Impostor(
        tls=lambda _: server_tls(trustme.CA().issue_cert("127.0.0.1")),
        says=f"{NOT_TRUSTED}: (self-signed certificate in certificate chain|unable to get local)",
    ),
    "signed with another key in our authority's name": Impostor(
        tls=lambda authority: server_tls(
            issue(LOOPBACK, by=authority, signed_with=ec.generate_private_key(ec.SECP256R1()))
        ),
        says=f"{NOT_TRUSTED}: certificate signature failure",
    ),
    "signed with the key of a server": Impostor(
        tls=lambda authority: server_tls(issue(LOOPBACK, by=authority.issue_cert("127.0.0.1"))),
        says=f"{NOT_TRUSTED}: invalid CA certificate",
    ),
    "self-signed": Impostor(
        tls=lambda _: server_tls(issue(LOOPBACK, by=None)),
        says=f"{NOT_TRUSTED}: self-signed certificate",
    ),
    "expired": Impostor(
        tls=lambda authority: server_tls(
            authority.issue_cert("127.0.0.1", not_after=days_from_now(-1))
        ),
        says=f"{NOT_TRUSTED}: certificate has expired",
    ),
    "not valid yet": Impostor(
        tls=lambda authority: server_tls(
            authority.issue_cert(
                "127.0.0.1", not_before=days_from_now(1), not_after=days_from_now(2)
            )
        ),
        says=f"{NOT_TRUSTED}: certificate is not yet valid",
    ),
    "a client's certificate": Impostor(
        tls=lambda authority: server_tls(issue(LOOPBACK, by=authority, usage=CLIENT_AUTH)),
        says=f"{NOT_TRUSTED}: unsuitable certificate purpose",
    ),
    "a key of 1024 bits": Impostor(
        tls=lambda authority: server_tls(
            issue(LOOPBACK, by=authority, key=rsa.generate_private_key(65537, 1024)),  # noqa: S505 - on purpose
            ciphers="ALL",
        ),
        says=f"{NOT_TRUSTED}: EE certificate key too weak",
    ),
    "another address": Impostor(
        tls=lambda authority: server_tls(authority.issue_cert("127.0.0.2")),
        says=f"{NOT_TRUSTED}: IP address mismatch",
    ),
    "another host": Impostor(
        tls=lambda authority: server_tls(authority.issue_cert("database.example")),
        host="localhost",
        says=f"{NOT_TRUSTED}: Hostname mismatch",
    ),
    "the host as common name only": Impostor(
        tls=lambda authority: server_tls(authority.issue_cert(common_name="localhost")),
        host="localhost",
    ),
    "the address as common name only": Impostor(
        tls=lambda authority: server_tls(authority.issue_cert(common_name="127.0.0.1")),
    ),
    "the address as host name": Impostor(
        tls=lambda authority: server_tls(issue(DNSName("127.0.0.1"), by=authority)),
    ),
    "the address by wildcard": Impostor(
        tls=lambda authority: server_tls(issue(DNSName("*.0.0.1"), by=authority)),
    ),
    "every host by wildcard": Impostor(
        tls=lambda authority: server_tls(issue(DNSName("*"), by=authority)),
        host="localhost",
    ),
    "the host cut off by a zero byte": Impostor(
        tls=lambda authority: server_tls(issue(DNSName("localhost\0.example"), by=authority)),
        host="localhost",
    ),
    "TLS 1.0 only": Impostor(tls=limited_to(ssl.TLSVersion.TLSv1), says=NO_TLS),
    "TLS 1.1 only": Impostor(tls=limited_to(ssl.TLSVersion.TLSv1_1), says=NO_TLS),
    "TLS without a certificate": Impostor(
        tls=lambda _: server_tls(None, ciphers="aNULL:!eNULL"), says=NO_TLS
    ),
    "TLS without encryption": Impostor(
        tls=lambda authority: server_tls(authority.issue_cert("127.0.0.1"), ciphers="eNULL:!aNULL"),
        says=NO_TLS,
    ),
}
