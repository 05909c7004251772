"""The beginning of a MySQL server, to see what a client says before it trusts anyone."""

from __future__ import annotations

import socket
import ssl
import struct
import threading

import trustme

__all__ = ["MySQLGreeter"]


class MySQLGreeter:
    """The beginning of a MySQL server: greets, turns to TLS when asked, refuses every login.

    `clear` and `encrypted` hold what the client sent before and inside TLS.
    """

    _SSL = 0x0800
    _CAPABILITIES = 0x000FF7DF  # what MySQL 8.4 offers, but for later extensions
    _SSL_REQUEST_BYTES = 36

    def __init__(self, certificate: trustme.LeafCert, *, offers_tls: bool = True) -> None:
        self.clear = b""
        self.encrypted = b""
        self._offers_tls = offers_tls
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(self._context)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        client, _ = self._listener.accept()
        client.settimeout(10)
        with client:
            client.sendall(_packet(0, self._greeting()))
            while len(self.clear) < self._SSL_REQUEST_BYTES:
                self.clear += client.recv(self._SSL_REQUEST_BYTES - len(self.clear))
            if not self._offers_tls:
                self.clear += client.recv(4096)
                return
            try:
                self._refuse_login(self._context.wrap_socket(client, server_side=True))
            except OSError:
                return  # the client hung up: what it sent before is what counts

    def _refuse_login(self, tls: ssl.SSLSocket) -> None:
        with tls:
            self.encrypted += tls.recv(4096)
            tls.sendall(_packet(3, b"\xff" + struct.pack("<H", 1045) + b"#28000Access denied"))

    def _greeting(self) -> bytes:
        capabilities = self._CAPABILITIES & ~(0 if self._offers_tls else self._SSL)
        return (
            b"\x0a8.4.0\0"
            + struct.pack("<I", 1)
            + b"saltsalt\0"
            + struct.pack("<HBHH", capabilities & 0xFFFF, 255, 2, capabilities >> 16)
            + struct.pack("<B10x", 21)
            + b"saltsaltsalt\0caching_sha2_password\0"
        )


def _packet(sequence: int, payload: bytes) -> bytes:
    return struct.pack("<I", len(payload))[:3] + bytes([sequence]) + payload
