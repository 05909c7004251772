"""Finds HashiCorp's AWS provider on this machine, in a mirror as Terraform itself lays them out."""

import os
import platform
import re
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from local.errors import LocalError

__all__ = ["aws_provider", "find_provider_binary", "search_roots"]

_HOST = "registry.terraform.io"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_SEARCHED_TREES = (Path("/opt"), Path("/usr/local"))
_TREE_DEPTH = 3
_SECONDS = 0.8
_NAME = "terraform-provider-aws_v"


def aws_provider(cache: Path, roots: Iterable[Path] | None = None) -> Path:
    """Return the executable of the newest AWS provider found, unpacked into `cache` if packed.

    Raises:
        LocalError: if there is none, or its archive is damaged.
    """
    searched = list(search_roots() if roots is None else roots)
    found = find_provider_binary(searched)
    if found is None:
        raise LocalError(
            "HashiCorp's AWS provider was not found in any provider mirror on this machine.\n"
            f"  Searched: {', '.join(map(str, searched)) or 'nowhere'}",
            fix="On a connected machine run `terraform providers mirror DIR` in terraform/, copy "
            "DIR here as ~/.terraform.d/plugins, and run this again.",
        )
    return _unpacked(found, cache) if found.suffix == ".zip" else found


def find_provider_binary(roots: Iterable[Path] | None = None) -> Path | None:
    """Find the newest AWS provider for this platform: an executable, or the zip with it.

    Args:
        roots: directories that contain `registry.terraform.io/`; by default `search_roots()`.
    """
    candidates = [
        candidate
        for root in (search_roots() if roots is None else roots)
        for candidate in _candidates(root / _HOST / "hashicorp" / "aws", _platform())
    ]
    newest = max(candidates, key=lambda candidate: candidate[0], default=None)
    return newest[1] if newest else None


def search_roots(environment: Mapping[str, str] = os.environ) -> list[Path]:
    """Where Terraform would look on this machine, then mirrors in places administrators use."""
    home = Path(environment.get("HOME", str(Path.home())))
    named = [
        *_roots_of_cli_config(Path(environment.get("TF_CLI_CONFIG_FILE", home / ".terraformrc"))),
        *([Path(cache)] if (cache := environment.get("TF_PLUGIN_CACHE_DIR")) else []),
        home / ".terraform.d" / "plugins",
        home / ".local" / "share" / "terraform" / "plugins",
        Path("/usr/local/share/terraform/plugins"),
        Path("/usr/share/terraform/plugins"),
    ]
    deadline = time.monotonic() + _SECONDS
    trees = [root for tree in _SEARCHED_TREES for root in _mirrors_in(tree, _TREE_DEPTH, deadline)]
    return [root for root in dict.fromkeys([*named, *trees]) if root.is_dir()]


def _roots_of_cli_config(config: Path) -> list[Path]:
    """The plugin cache and file system mirrors that a Terraform CLI configuration names."""
    try:
        text = config.read_text()
    except OSError:
        return []
    mirrors = r"filesystem_mirror\s*\{[^}]*?\bpath\s*=\s*\"([^\"]+)\""
    cache = r"(?m)^\s*plugin_cache_dir\s*=\s*\"([^\"]+)\""
    return [
        Path(os.path.expandvars(path)).expanduser()
        for pattern in (mirrors, cache)
        for path in re.findall(pattern, text)
    ]


def _mirrors_in(directory: Path, depth: int, deadline: float) -> Iterator[Path]:
    """Directories below `directory` that hold a mirror, until the deadline has passed."""
    if time.monotonic() > deadline:
        return
    try:
        children = [Path(entry) for entry in os.scandir(directory) if _is_real_directory(entry)]
    except OSError:
        return
    if any(child.name == _HOST for child in children):
        yield directory
    elif depth > 0:
        for child in sorted(children):
            yield from _mirrors_in(child, depth - 1, deadline)


def _is_real_directory(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def _platform() -> str:
    machine = platform.machine().lower()
    return f"{platform.system().lower()}_{_ARCHITECTURES.get(machine, machine)}"


def _candidates(mirror: Path, target: str) -> Iterator[tuple[tuple[int, ...], Path]]:
    """Versions and files in a mirror, in both layouts that Terraform defines."""
    for executable in mirror.glob(f"*/{target}/{_NAME}*"):
        version = _version(executable.parent.parent.name)
        if version and executable.is_file() and os.access(executable, os.X_OK):
            yield version, executable
    for archive in mirror.glob(f"terraform-provider-aws_*_{target}.zip"):
        if version := _version(archive.name.split("_")[1]):
            yield version, archive


def _version(text: str) -> tuple[int, ...] | None:
    """A release as comparable numbers; None for a pre-release or anything else."""
    return tuple(map(int, text.split("."))) if re.fullmatch(r"\d+(\.\d+){2}", text) else None


def _unpacked(archive: Path, cache: Path) -> Path:
    directory = cache / archive.stem
    if not directory.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".provider-", dir=cache) as scratch:
            unpacked = Path(scratch) / archive.stem
            _extract(archive, unpacked)
            unpacked.rename(directory)
    executable = next(directory.glob(f"{_NAME}*"))
    executable.chmod(0o755)
    return executable


def _extract(archive: Path, directory: Path) -> None:
    fix = "Remove it and fetch it again with `terraform providers mirror`."
    try:
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(directory)
    except (OSError, zipfile.BadZipFile) as error:
        raise LocalError(f"Cannot unpack {archive}: {error}", fix=fix) from error
    if not any(directory.glob(f"{_NAME}*")):
        raise LocalError(f"{archive} does not contain {_NAME}….", fix=fix)
