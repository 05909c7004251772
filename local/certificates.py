"""Certificate authorities of a local system, made once, with OpenSSL."""

from __future__ import annotations

from local.commands import require, run
from local.workspace import Workspace

__all__ = ["ensure_authority", "ensure_server_certificate"]

_DAYS = "3650"
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
    """Have `NAME.pem`, key and certificate for some hosts, signed by the authority of that name."""
    bundle = workspace.tls / f"{name}.pem"
    ensure_authority(workspace, name)
    if bundle.exists():
        return
    openssl = require("openssl", fix=_OPENSSL_FIX)
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
            *(openssl, "x509", "-req", "-in", request, "-out", certificate, "-days", _DAYS),
            *("-CA", authority, "-CAkey", authority.with_suffix(".key"), "-CAcreateserial"),
            *("-extfile", extensions),
        ],
        log=log,
    )
    unfinished = bundle.with_suffix(".part")
    unfinished.touch(mode=0o600)
    unfinished.write_text(key.read_text() + certificate.read_text())
    unfinished.rename(bundle)
