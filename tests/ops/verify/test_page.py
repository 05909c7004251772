"""The page over its URL: real servers, good and bad ones, on this machine."""

from __future__ import annotations

import contextlib
import http.server
import ssl
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import pytest
import trustme

from ops.errors import OpsError
from ops.verify import page
from ops.verify.page import Address, page_lines
from tests.ops.verify.stack import said


class _Page(http.server.BaseHTTPRequestHandler):
    answers: dict[str, HTTPStatus] = {}  # noqa: RUF012 - each server has its own class
    location = ""

    def do_GET(self) -> None:
        self.send_response(self.answers.get(self.path, HTTPStatus.OK))
        self.send_header("Content-Length", "0")
        if self.location:
            self.send_header("Location", self.location)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def serving(
    certificate: trustme.LeafCert | None = None,
    answers: Mapping[str, HTTPStatus] | None = None,
    location: str = "",
) -> Iterator[tuple[str, int]]:
    """Serve a page; return its scheme and port."""
    handler = type("Page", (_Page,), {"answers": answers or {}, "location": location})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(context)
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield ("https" if certificate else "http"), server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(file)
    return file


def test_a_page_in_plain_http_has_no_certificate_to_look_at() -> None:
    with serving() as (scheme, port):
        lines = said(page_lines(Address(url=f"{scheme}://todo.alb.localhost:{port}/")))
    assert {name: verdict for name, (verdict, _) in lines.items()} == {
        "ready": "pass",
        "page": "pass",
        "certificate": "skip",
    }


def test_a_page_over_tls(authority: trustme.CA, ca_file: Path) -> None:
    certificate = authority.issue_cert(
        "todo.localhost", not_after=datetime.now(UTC) + timedelta(days=60, hours=1)
    )
    with serving(certificate) as (scheme, port):
        lines = said(page_lines(Address(url=f"{scheme}://todo.localhost:{port}", ca_file=ca_file)))
    assert (lines["ready"][0], lines["page"][0]) == ("pass", "pass")
    verdict, reason = lines["certificate"]
    assert verdict == "pass"
    assert reason.startswith("chain and name are right, TLSv1.3, 60 days left, by trustme")
    assert lines["redirect"][0] == "skip"


def test_a_certificate_that_nobody_renews(authority: trustme.CA, ca_file: Path) -> None:
    soon = authority.issue_cert(
        "todo.localhost", not_after=datetime.now(UTC) + timedelta(days=29, hours=1)
    )
    with serving(soon) as (scheme, port):
        lines = said(page_lines(Address(url=f"{scheme}://todo.localhost:{port}", ca_file=ca_file)))
    assert lines["certificate"][0] == "fail"
    assert "29 days left" in lines["certificate"][1]


def test_certificates_of_another_name_another_authority_or_another_time(
    authority: trustme.CA, ca_file: Path
) -> None:
    past = datetime.now(UTC) - timedelta(days=1)
    bad = {
        "Hostname mismatch": authority.issue_cert("other.localhost"),
        "unable to get local issuer": trustme.CA().issue_cert("todo.localhost"),
        "certificate has expired": authority.issue_cert("todo.localhost", not_after=past),
    }
    for reason, certificate in bad.items():
        with serving(certificate) as (scheme, port):
            address = Address(url=f"{scheme}://todo.localhost:{port}", ca_file=ca_file)
            lines = said(page_lines(address))
        assert lines["certificate"][0] == "fail"
        assert reason in lines["certificate"][1]
        assert lines["page"][0] == "fail", "nobody's browser would show it"


@pytest.mark.parametrize(
    ("path", "status", "line"),
    [
        ("/readyz", HTTPStatus.SERVICE_UNAVAILABLE, "ready"),
        ("/", HTTPStatus.BAD_GATEWAY, "page"),
    ],
)
def test_a_page_that_answers_with_errors(path: str, status: HTTPStatus, line: str) -> None:
    with serving(answers={path: status}) as (scheme, port):
        lines = said(page_lines(Address(url=f"{scheme}://todo.localhost:{port}")))
    assert lines[line] == ("fail", f"{path} answers {status.value} {status.phrase}")


@pytest.mark.parametrize(
    ("status", "location", "verdict"),
    [
        (HTTPStatus.MOVED_PERMANENTLY, "https://todo.localhost/", "pass"),
        (HTTPStatus.FOUND, "http://elsewhere.example/", "fail"),
        (HTTPStatus.OK, "", "fail"),
    ],
)
def test_who_comes_without_tls_is_sent_to_it(
    monkeypatch: pytest.MonkeyPatch,
    authority: trustme.CA,
    ca_file: Path,
    status: HTTPStatus,
    location: str,
    verdict: str,
) -> None:
    with (
        serving(authority.issue_cert("todo.localhost")) as (_, https),
        serving(answers={"/": status}, location=location) as (_, http),
    ):
        # The two well-known ports are not ours to listen on.
        monkeypatch.setattr(page, "_PORTS", {"https": https, "http": http})
        lines = said(page_lines(Address(url="https://todo.localhost/", ca_file=ca_file)))
    assert lines["redirect"][0] == verdict


def test_a_page_that_does_not_answer() -> None:
    with serving() as (_, port):
        pass
    lines = said(page_lines(Address(url=f"https://todo.localhost:{port}")))
    assert {lines[name][0] for name in ("ready", "page", "certificate")} == {"fail"}


@pytest.mark.parametrize("url", ["", "todo.example", "ftp://todo.example/"])
def test_a_url_of_no_page(url: str) -> None:
    with pytest.raises(OpsError, match=r"is no URL: http://HOST/ or https://HOST/"):
        list(page_lines(Address(url=url)))
