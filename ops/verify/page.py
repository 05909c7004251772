"""The application over its URL: it answers, over a certificate that is right and stays so."""

import http.client
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from ops.errors import OpsError
from ops.verify.lines import Line, failed, passed, skipped

__all__ = ["Address", "page_lines"]

_SECONDS = 10
# ACM renews sixty days before the end; what is left a month later, nobody renews.
_DAYS_LEFT = 30
_MOVED = {301, 302, 307, 308}
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where the application is.

    Attributes:
        url: Its URL.
        ca_file: The authority that vouches for it, where it is none that everybody knows.
    """

    url: str
    ca_file: Path | None = None

    def parts(self) -> SplitResult:
        """Return the URL's parts.

        Raises:
            OpsError: It is no URL of a page.
        """
        parts = urlsplit(self.url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise OpsError(f"{self.url!r} is no URL: http://HOST/ or https://HOST/.")
        return parts


def page_lines(address: Address) -> Iterator[Line]:
    """Ask the application as a visitor does."""
    parts = address.parts()
    yield _answers(address, "/readyz", "ready")
    yield _answers(address, "/", "page")
    if parts.scheme == "http":
        reason = f"{address.url} is plain HTTP (todo:loadBalancer.allowPlainHttp)"
        yield skipped("certificate", reason)
        return
    yield _certificate(address)
    yield _redirect(address, parts)


def _answers(address: Address, path: str, name: str) -> Line:
    parts = address.parts()
    try:
        connection = _connection(parts.scheme, parts, address.ca_file)
        try:
            connection.request("GET", path, headers={"Accept": "text/html, */*"})
            status = connection.getresponse().status
        finally:
            connection.close()
    except (OSError, http.client.HTTPException) as error:
        return failed(name, f"{address.url} does not answer: {error}")
    if status >= http.client.BAD_REQUEST:
        return failed(name, f"{path} answers {status} {http.client.responses.get(status, '')}")
    return passed(name, f"{path} answers {status}")


def _certificate(address: Address) -> Line:
    parts = address.parts()
    connection = _connection("https", parts, address.ca_file)
    try:
        connection.connect()
        secured = connection.sock
        assert isinstance(secured, ssl.SSLSocket)  # noqa: S101 - for the type checker
        certificate, version = secured.getpeercert() or {}, secured.version()
    except ssl.SSLCertVerificationError as error:
        return failed("certificate", f"{parts.hostname}: {error.verify_message}")
    except OSError as error:
        return failed("certificate", f"{parts.hostname} does not speak TLS: {error}")
    finally:
        connection.close()
    days = int((ssl.cert_time_to_seconds(str(certificate["notAfter"])) - time.time()) // 86400)
    text = f"chain and name are right, {version}, {days} days left, by {_issuer(certificate)}"
    if days < _DAYS_LEFT:
        return failed("certificate", f"{text}: fewer than {_DAYS_LEFT}, so nothing renews it")
    return passed("certificate", text)


def _issuer(certificate: Any) -> str:  # noqa: ANN401 - the standard library's shape
    names = {key: value for part in certificate.get("issuer", ()) for key, value in part}
    return str(names.get("organizationName") or names.get("commonName") or "somebody unnamed")


def _redirect(address: Address, parts: SplitResult) -> Line:
    """Say what the same page does with whoever comes without TLS."""
    if parts.port not in {None, _PORTS["https"]}:
        return skipped("redirect", f"port {parts.port} says nothing of the one for HTTP")
    try:
        connection = _connection("http", parts, None)
        try:
            connection.request("GET", "/")
            answer = connection.getresponse()
        finally:
            connection.close()
    except (OSError, http.client.HTTPException) as error:
        return passed("redirect", f"nothing answers in plain HTTP: {error}")
    target = answer.getheader("Location", "")
    if answer.status in _MOVED and target.startswith("https://"):
        return passed("redirect", "plain HTTP is sent to HTTPS")
    return failed("redirect", f"{address.url} answers {answer.status} in plain HTTP")


def _connection(
    scheme: str, parts: SplitResult, ca_file: Path | None
) -> http.client.HTTPConnection:
    host, port = str(parts.hostname), parts.port or _PORTS[scheme]
    if scheme == "https":
        context = ssl.create_default_context(cafile=ca_file)
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, port, timeout=_SECONDS, context=context
        )
    else:
        connection = http.client.HTTPConnection(host, port, timeout=_SECONDS)
    if host.endswith(".localhost"):
        # Always this machine (RFC 6761), whatever the system's resolver knows of it.
        connection._create_connection = _to_this_machine  # type: ignore[attr-defined]  # noqa: SLF001
    return connection


def _to_this_machine(
    address: tuple[str, int], timeout: float, source_address: tuple[str, int] | None
) -> socket.socket:
    return socket.create_connection(("127.0.0.1", address[1]), timeout, source_address)
