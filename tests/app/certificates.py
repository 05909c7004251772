"""Certificates that trustme, being well-behaved, does not make."""

from __future__ import annotations

import datetime as dt
import ssl

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["CLIENT_AUTH", "SERVER_AUTH", "issue", "server_tls"]

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

CLIENT_AUTH = ExtendedKeyUsageOID.CLIENT_AUTH
SERVER_AUTH = ExtendedKeyUsageOID.SERVER_AUTH


def issue(
    *names: x509.GeneralName,
    by: trustme.CA | trustme.LeafCert | None,
    usage: x509.ObjectIdentifier = SERVER_AUTH,
    signed_with: Key | None = None,
    key: Key | None = None,
) -> trustme.LeafCert:
    """Make a certificate for `names`.

    Args:
        by: the issuer it names, who need not be entitled to it; None: itself.
        usage: what its key may be used for.
        signed_with: the key that signs it, if not the issuer's.
        key: its own key, if not a new one.
    """
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "database")])
    issuer, chain = subject, []
    if by is not None:
        chain = [pem.bytes() for pem in _certificates(by)]
        issuer = x509.load_pem_x509_certificate(chain[0]).subject
        signed_with = signed_with or _private_key(by)
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .sign(signed_with or key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return trustme.LeafCert(private, certificate.public_bytes(Encoding.PEM), chain)


def server_tls(certificate: trustme.LeafCert | None, *, ciphers: str = "") -> ssl.SSLContext:
    """Build a server's context, at OpenSSL's lowest security level if it names its `ciphers`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if ciphers:
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # 1.3 has no bad ones
        context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    if certificate:
        certificate.configure_cert(context)
    return context


def _certificates(issuer: trustme.CA | trustme.LeafCert) -> list[trustme.Blob]:
    return [issuer.cert_pem] if isinstance(issuer, trustme.CA) else issuer.cert_chain_pems


def _private_key(issuer: trustme.CA | trustme.LeafCert) -> Key:
    key = load_pem_private_key(issuer.private_key_pem.bytes(), None)
    assert isinstance(key, Key)
    return key
