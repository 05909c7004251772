"""Certificate authorities of a local system, made once, with OpenSSL."""

from __future__ import annotations

import subprocess
from pathlib import Path

from local.commands import require, run
from local.workspace import Workspace

__all__ = ["ensure_authority", "ensure_server_certificate"]

_DAYS = "3650"
# Of a server's: browsers and Mozilla's guidelines take no more than a year.
_SERVER_DAYS = "365"
_RENEWED_DAYS = 30
_OPENSSL_FIX = "Install it with your system's package manager."


def ensure_authority(workspace: Workspace, name: str) -> None:
    """Have `NAME-ca.pem` and `NAME-ca.key`, an authority, in the workspace's TLS folder."""
    certificate = workspace.tls / f"{name}-ca.pem"
    if certificate.exists():
        return
    openssl = require("openssl", fix=_OPENSSL_FIX)
    workspace.tls.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = certificate.with_suffix(".part")
    run(
        [
            *(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", _DAYS),
            *("-subj", f"/CN=TODO local {name} authority"),
            *("-addext", "basicConstraints=critical,CA:TRUE"),
            *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
            *("-keyout", certificate.with_suffix(".key"), "-out", unfinished),
        ],
        log=workspace.logs / f"{name}-ca.log",
    )
    unfinished.rename(certificate)


def ensure_server_certificate(workspace: Workspace, name: str, *hosts: str) -> None:
    """Have `NAME.pem`, key and certificate for some hosts, signed by the authority of that name.

    It is made anew in the last month of its year, and if it is of a kind that lasts for longer.
    """
    bundle = workspace.tls / f"{name}.pem"
    ensure_authority(workspace, name)
    openssl = require("openssl", fix=_OPENSSL_FIX)
    if bundle.exists() and _is_good(openssl, bundle):
        return
    authority, key = workspace.tls / f"{name}-ca.pem", workspace.tls / f"{name}.key"
    request, certificate = workspace.tls / f"{name}.csr", workspace.tls / f"{name}.crt"
    extensions = workspace.tls / f"{name}.ext"
    names = ",".join(f"DNS:{host}" for host in hosts)
    extensions.write_text(
        f"subjectAltName={names}\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n"
    )
    log = workspace.logs / f"{name}-certificate.log"
    run(
        [
            *(openssl, "req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={hosts[0]}"),
            *("-keyout", key, "-out", request),
        ],
        log=log,
    )
    run(
        [
            *(openssl, "x509", "-req", "-in", request, "-out", certificate),
            *("-CA", authority, "-CAkey", authority.with_suffix(".key"), "-CAcreateserial"),
            *("-days", _SERVER_DAYS),
            *("-extfile", extensions),
        ],
        log=log,
    )
    unfinished = bundle.with_suffix(".part")
    unfinished.touch(mode=0o600)
    unfinished.write_text(key.read_text() + certificate.read_text())
    unfinished.rename(bundle)


def _is_good(openssl: Path, bundle: Path) -> bool:
    """Whether it lasts for a month, and not for more than its year."""

    def lasts(days: int) -> bool:
        seconds = str(days * 24 * 3600)
        command = [str(openssl), "x509", "-noout", "-checkend", seconds, "-in", str(bundle)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    return lasts(_RENEWED_DAYS) and not lasts(int(_SERVER_DAYS) + 1)
