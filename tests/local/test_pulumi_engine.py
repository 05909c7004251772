import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import pulumi_engine
from local.errors import LocalError
from local.toolchain.versions import required_version
from local.workspace import Workspace

# Does what Pulumi's own does with these arguments, as far as a caller sees it.
INSTALLER = b"""#!/bin/sh
while [ $# -gt 0 ]; do
    case "$1" in
        --version) version=$2; shift 2 ;;
        --install-root) root=$2; shift 2 ;;
        --no-edit-path) shift ;;
        *) exit 64 ;;
    esac
done
mkdir -p "$root/bin" && echo "$version" > "$root/bin/pulumi"
"""


@pytest.fixture(autouse=True)
def _no_toolchain_is_chosen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("LOCAL_TOOLCHAIN", raising=False)
    pulumi_engine.is_official.cache_clear()
    yield
    pulumi_engine.is_official.cache_clear()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(root=tmp_path)


@pytest.fixture
def official(monkeypatch: pytest.MonkeyPatch) -> None:
    """Official tools are wished for, and none is on PATH."""
    monkeypatch.setenv("LOCAL_TOOLCHAIN", "official")
    without_pulumi = [
        folder for folder in os.get_exec_path() if not (Path(folder) / "pulumi").exists()
    ]
    monkeypatch.setenv("PATH", os.pathsep.join(without_pulumi))


@pytest.fixture
def installer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    class Installer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(INSTALLER)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Installer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        monkeypatch.setattr(pulumi_engine, "_INSTALLER", url)
        yield
        server.shutdown()


def _quiet(_line: str) -> None:
    pass


def test_an_unknown_toolchain_is_refused_naming_the_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOCAL_TOOLCHAIN", "nightly")
    with pytest.raises(LocalError, match="LOCAL_TOOLCHAIN is 'nightly'"):
        pulumi_engine.is_official()


@pytest.mark.usefixtures("installer")
def test_official_comes_first_where_pulumis_downloads_answer() -> None:
    assert pulumi_engine.is_official()


def test_the_engine_is_built_where_they_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi_engine, "_INSTALLER", "http://127.0.0.1:1/")
    assert not pulumi_engine.is_official()


@pytest.mark.usefixtures("official")
def test_a_cli_that_is_installed_is_used(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own" / "pulumi"
    own.parent.mkdir()
    own.touch(mode=0o755)
    monkeypatch.setenv("PATH", f"{own.parent}{os.pathsep}{os.environ['PATH']}")
    assert pulumi_engine.prepare_cli(workspace, _quiet) == str(own)
    path = pulumi_engine.engine_environment(workspace)["PATH"]
    assert path.split(os.pathsep)[0] == str(own.parent)


@pytest.mark.usefixtures("official", "installer")
def test_pulumis_installer_puts_the_sdks_version_into_the_cache_once(workspace: Workspace) -> None:
    for _ in range(2):
        pulumi_engine.prepare_cli(workspace, _quiet)
    path = pulumi_engine.engine_environment(workspace)["PATH"]
    cli = Path(path.split(os.pathsep)[0]) / "pulumi"
    assert cli.is_relative_to(workspace.cache)
    assert cli.read_text().strip() == required_version("pulumi")
    assert (workspace.logs / "pulumi-install.log").exists()


@pytest.mark.usefixtures("official")
def test_an_installer_that_cannot_be_had_is_one_message(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulumi_engine, "_INSTALLER", "http://127.0.0.1:1/")
    with pytest.raises(LocalError, match="installer cannot be downloaded"):
        pulumi_engine.prepare_cli(workspace, _quiet)
