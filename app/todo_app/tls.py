"""The one way this application trusts a database server."""

import ssl

__all__ = ["UnusableCertificateError", "verifying_context"]


class UnusableCertificateError(ValueError):
    """The text given as certificate authority holds no certificate that can be read."""


def verifying_context(ca_pem: str) -> ssl.SSLContext:
    """Build a client context that verifies the server's chain and host name.

    Only the given authorities are trusted, never the machine's own store. There is no weaker
    variant: a connection that cannot be verified is not made.

    Args:
        ca_pem: one or more PEM certificates; text between them is ignored.

    Raises:
        UnusableCertificateError: if `ca_pem` holds no readable certificate.
    """
    # PROTOCOL_TLS_CLIENT starts with CERT_REQUIRED and check_hostname on.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # RFC 6125: the subject's common name is no host name.
    context.hostname_checks_common_name = False
    try:
        context.load_verify_locations(cadata=ca_pem)
    except (ssl.SSLError, ValueError, TypeError) as error:  # the last: it is not ASCII
        raise UnusableCertificateError("no readable PEM certificate in it") from error
    return context
