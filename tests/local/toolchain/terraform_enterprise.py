"""Terraform Enterprise as far as the current state of a workspace, over TLS on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import PROTOCOL_TLS_SERVER, SSLContext

import trustme

__all__ = ["TOKEN", "Host", "terraform_enterprise"]

TOKEN = "organization.atlasv1.a-token-of-terraform-enterprise"
_WORKSPACE = "/api/v2/organizations/acme/workspaces/network"
_CURRENT = "/api/v2/workspaces/ws-1/current-state-version"


@dataclass
class Host:
    """One host, and what was asked of it.

    Attributes:
        name: host and port.
        state: the current state of acme/network.
        download: the address of the state; default: one at this host.
        redirects: where a path leads to.
        asked: each path with the `Authorization` that came with it.
    """

    name: str = ""
    state: bytes = b""
    download: str | None = None
    redirects: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def answer(self, path: str, authorization: str | None) -> tuple[int, bytes]:
        self.asked.append((path, authorization))
        if path == "/signed/state":
            return 200, self.state
        if authorization != f"Bearer {TOKEN}":
            return 401, b'{"errors": [{"status": "401", "title": "unauthorized"}]}'
        url = self.download or f"https://{self.name}/api/state-versions/sv-1/hosted_state"
        version = {"data": {"attributes": {"hosted-state-download-url": url}}}
        answers = {
            _WORKSPACE: json.dumps({"data": {"id": "ws-1", "type": "workspaces"}}).encode(),
            _CURRENT: json.dumps(version).encode(),
            "/api/state-versions/sv-1/hosted_state": self.state,
            "/api/v2/organizations/html/workspaces/page": b"<html>a proxy's page</html>",
        }
        if path in answers:
            return 200, answers[path]
        return 404, b'{"errors": [{"status": "404", "title": "not found"}]}'


@contextmanager
def terraform_enterprise(authority: trustme.CA, state: bytes) -> Iterator[Host]:
    """A host whose certificate is the authority's."""
    host = Host(state=state)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if target := host.redirects.get(self.path):
                host.asked.append((self.path, self.headers["Authorization"]))
                status, body = 302, b""
            else:
                status, body = host.answer(self.path, self.headers["Authorization"])
            self.send_response(status)
            if target:
                self.send_header("Location", target)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    tls = SSLContext(PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(tls)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        host.name = f"localhost:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield host
        finally:
            server.shutdown()
            thread.join()
