"""The certificate of a running database server, replaced as its operator does it."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import Final

import trustme

from local.containers import docker
from local.workspace import Workspace
from tests.faults.servers import Database

__all__ = ["ServerCertificate"]

# Where the image has them.
_FOLDER: Final = "/run/local-tls"


class ServerCertificate:
    """What the server shows to every new session.

    Attributes:
        authority: the one that applications trust.
    """

    def __init__(self, workspace: Workspace, database: Database) -> None:
        self._database = database
        self.authority = trustme.CA.from_pem(
            (workspace.tls / "database-ca.pem").read_bytes(),
            (workspace.tls / "database-ca.key").read_bytes(),
        )

    def renew(self) -> None:
        """Have a new one of the same authority for the same host."""
        self.replace(self.issue())

    def issue(
        self,
        host: str | None = None,
        *,
        by: trustme.CA | None = None,
        until: dt.datetime | None = None,
    ) -> trustme.LeafCert:
        """Make one, by default a good one.

        Args:
            host: whom it is for, if not for this server.
            by: its authority, if not the one that applications trust.
            until: its last day, if not in a year.
        """
        until = until or dt.datetime.now(dt.UTC) + dt.timedelta(days=365)
        return (by or self.authority).issue_cert(
            host or self._database.name, not_after=until, key_type=trustme.KeyType.RSA
        )

    def replace(self, certificate: trustme.LeafCert) -> None:
        """Show another one from now on; sessions that are open stay."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "server.pem").write_bytes(certificate.cert_chain_pems[0].bytes())
            (folder / "server.key").write_bytes(certificate.private_key_pem.bytes())
            for file in folder.iterdir():
                file.chmod(0o644)  # the server has a user of its own
                docker("cp", str(file), f"{self._database.id}:{_FOLDER}/{file.name}")
        reload = "FLUSH SSL" if self._database.is_mariadb else "ALTER INSTANCE RELOAD TLS"
        self._database.execute(reload)

    def shown(self) -> bytes:
        """What the server shows now, as DER."""
        with self._database.connect() as connection:
            shown: bytes = connection._sock.getpeercert(binary_form=True)  # type: ignore[attr-defined]
        return shown
