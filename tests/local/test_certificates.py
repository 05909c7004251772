from __future__ import annotations

from pathlib import Path

import pytest

from local import certificates
from local.certificates import ensure_server_certificate
from local.workspace import Workspace


def bundle(workspace: Workspace) -> str:
    ensure_server_certificate(workspace, "edge", "localhost")
    return (workspace.tls / "edge.pem").read_text()


def test_a_servers_certificate_is_made_once(tmp_path: Path) -> None:
    workspace = Workspace(root=tmp_path)
    assert bundle(workspace) == bundle(workspace)


@pytest.mark.parametrize("days", ["10", "3650"])
def test_one_that_ends_soon_or_lasts_too_long_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: str
) -> None:
    workspace = Workspace(root=tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(certificates, "_SERVER_DAYS", days)
        before = bundle(workspace)
    after = bundle(workspace)
    assert after != before
    assert bundle(workspace) == after
