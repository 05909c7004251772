"""Secrets where they must not be, by gitleaks: in the tree, in the history, in an image.

What it takes for one and is none is in `.gitleaks.toml`, each with its reason.
"""

import json
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from ops.errors import OpsError
from ops.plain_data import json_value
from ops.supply_chain.result import Result, clean_or_found, not_checked, today

__all__ = ["in_history", "in_image", "in_tree"]

_CONFIG = ".gitleaks.toml"
_FOUND = 7
"""The exit code that we ask for; 1 is also what gitleaks fails with."""


def in_tree(gitleaks: Path, root: Path) -> Result:
    """Look into the files that git tracks, and into those that it would."""
    with tempfile.TemporaryDirectory() as folder:
        listed = _git(root, "ls-files", "--cached", "--others", "--exclude-standard", "-z")
        for name in filter(None, listed.split("\0")):
            if (root / name).is_file() and not (root / name).is_symlink():
                (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(root / name, Path(folder) / name)
        return _scan(gitleaks, root, "secrets in the tree", "dir", Path(folder))


def in_history(gitleaks: Path, root: Path) -> Result:
    """Look into every commit, of every branch."""
    what = "secrets in the history"
    if _git(root, "rev-parse", "--is-shallow-repository").strip() == "true":
        return not_checked(what, "the history is not all here; `git fetch --unshallow` brings it")
    return _scan(gitleaks, root, what, "git", root, "--log-opts=--all")


def in_image(gitleaks: Path, root: Path, image: str) -> Result:
    """Look into every layer of an image, files that later ones hide too, and into its history."""
    with tempfile.TemporaryDirectory() as folder:
        saved, files = Path(folder, "image.tar"), Path(folder, "files")
        done = subprocess.run(
            ["docker", "save", "--output", str(saved), image],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            return not_checked("secrets in the image", done.stderr.strip())
        _unpack(saved, files)
        return _scan(gitleaks, root, "secrets in the image", "dir", files)


def _unpack(saved: Path, files: Path) -> None:
    with tarfile.open(saved) as archive:
        archive.extractall(files, filter="data")
    (listed,) = json.loads((files / "manifest.json").read_text())
    for number, layer in enumerate(listed["Layers"]):
        with tarfile.open(files / layer) as archive:
            # Regular files alone: links may point out of the folder, and hold nothing.
            wanted = [member for member in archive if member.isfile()]
            archive.extractall(files / f"layer-{number}", wanted, filter="data")
        (files / layer).unlink()


def _scan(gitleaks: Path, root: Path, what: str, mode: str, place: Path, *options: str) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [
            *(str(gitleaks), mode, "--no-banner", "--log-level=error", "--redact", *options),
            *("--config", str(root / _CONFIG), f"--exit-code={_FOUND}"),
            *("--report-format=json", "--report-path", str(report), str(place)),
        ]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        if done.returncode not in (0, _FOUND) or not report.exists():
            told = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
            return not_checked(what, f"gitleaks failed: {told[-1][:300]}")
        found = [_line(one, place) for one in json_value(report.read_text(encoding="utf-8")) or ()]
    if bool(found) != (done.returncode == _FOUND):
        return not_checked(what, "gitleaks' report and its exit code contradict each other")
    return clean_or_found(what, "gitleaks' rules", today(), found)


def _line(finding: Any, place: Path) -> str:  # noqa: ANN401 - JSON
    file = str(finding["File"]).removeprefix(f"{place}/")
    commit = f" of {finding['Commit'][:12]}" if finding.get("Commit") else ""
    return f"{file}:{finding['StartLine']}{commit}: {finding['RuleID']}"


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OpsError(f"git {words[0]} failed: {done.stderr.strip()}")
    return done.stdout
