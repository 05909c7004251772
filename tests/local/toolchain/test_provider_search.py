import os
import zipfile
from pathlib import Path

import pytest

from local.errors import LocalError
from local.toolchain import provider_search
from local.toolchain.provider_search import aws_provider, find_provider_binary, search_roots

MIRROR = Path("registry.terraform.io/hashicorp/aws")
PLATFORM = "linux_amd64"


@pytest.fixture(autouse=True)
def _on_linux_amd64(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")


def unpacked(root: Path, version: str, *, target: str = PLATFORM, mode: int = 0o755) -> Path:
    executable = root / MIRROR / version / target / f"terraform-provider-aws_v{version}_x5"
    executable.parent.mkdir(parents=True)
    executable.write_text(version)
    executable.chmod(mode)
    return executable


def packed(root: Path, version: str) -> Path:
    archive = root / MIRROR / f"terraform-provider-aws_{version}_{PLATFORM}.zip"
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(f"terraform-provider-aws_v{version}_x5", "provider")
    return archive


def test_takes_the_newest_version_by_number(tmp_path: Path) -> None:
    unpacked(tmp_path / "a", "5.99.1")
    newest = unpacked(tmp_path / "b", "5.100.0")
    packed(tmp_path / "a", "5.9.0")
    assert find_provider_binary([tmp_path / "a", tmp_path / "b"]) == newest


def test_passes_over_what_cannot_run_here(tmp_path: Path) -> None:
    unpacked(tmp_path, "6.0.0", target="darwin_arm64")
    unpacked(tmp_path, "5.3.0", mode=0o644)
    unpacked(tmp_path, "6.1.0-beta1")
    usable = unpacked(tmp_path, "5.2.0")
    assert find_provider_binary([tmp_path]) == usable


def test_unpacks_a_packed_provider_once(tmp_path: Path) -> None:
    packed(tmp_path / "mirror", "5.100.0")
    first = aws_provider(tmp_path / "cache", [tmp_path / "mirror"])
    assert first.read_text() == "provider"
    assert os.access(first, os.X_OK)
    written = first.stat().st_mtime_ns
    assert aws_provider(tmp_path / "cache", [tmp_path / "mirror"]) == first
    assert first.stat().st_mtime_ns == written


def test_a_damaged_archive_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    archive = packed(tmp_path / "mirror", "5.100.0")
    archive.write_bytes(archive.read_bytes()[:40])
    with pytest.raises(LocalError, match="Cannot unpack"):
        aws_provider(tmp_path / "cache", [tmp_path / "mirror"])
    assert list((tmp_path / "cache").iterdir()) == []


def test_without_any_provider_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match=f"(?s){tmp_path}.*terraform providers mirror"):
        aws_provider(tmp_path / "cache", [tmp_path])


@pytest.mark.parametrize(
    "config",
    [
        'provider_installation {{\n  filesystem_mirror {{\n    path    = "{}"\n  }}\n}}\n',
        'plugin_cache_dir = "{}"\n',
    ],
)
def test_looks_where_the_terraform_configuration_points(tmp_path: Path, config: str) -> None:
    named = tmp_path / "named"
    found = unpacked(named, "5.100.0")
    file = tmp_path / "terraform.rc"
    file.write_text(config.format(named))
    roots = search_roots({"HOME": str(tmp_path), "TF_CLI_CONFIG_FILE": str(file)})
    assert named in roots
    assert find_provider_binary([named]) == found


def test_looks_into_the_plugin_cache_and_the_users_mirror(tmp_path: Path) -> None:
    cache, mirror = tmp_path / "cache", tmp_path / ".terraform.d" / "plugins"
    unpacked(cache, "5.1.0")
    unpacked(mirror, "5.2.0")
    roots = search_roots({"HOME": str(tmp_path), "TF_PLUGIN_CACHE_DIR": str(cache)})
    assert roots[:2] == [cache, mirror]


def test_searches_trees_to_a_small_depth_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_search, "_SEARCHED_TREES", (tmp_path / "tree",))
    unpacked(tmp_path / "tree" / "vendor" / "plugins", "5.1.0")
    unpacked(tmp_path / "tree" / "1" / "2" / "3" / "4" / "5", "5.2.0")
    searched = [root for root in search_roots({"HOME": str(tmp_path)}) if tmp_path in root.parents]
    assert searched == [tmp_path / "tree" / "vendor" / "plugins"]
