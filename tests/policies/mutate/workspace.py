"""The directory that mutmut works in: a copy, so that nobody's checkout is ever changed.

mutmut names mutants by path and finds them by module, which have to agree: in the copy the pack
lies in `src/`, the one directory that mutmut leaves out of names.
"""

import shutil
import tomllib
from pathlib import Path
from typing import Any

__all__ = ["ROOT", "fill", "settings"]

ROOT = Path(__file__).parents[3]
_PACK = "todo_policies"
_CONFIG = ("Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.local.yaml", "Pulumi.prod.yaml")


def settings(root: Path = ROOT) -> dict[str, Any]:
    """What `pyproject.toml` says of mutmut."""
    project: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text())
    mutmut: dict[str, Any] = project["tool"]["mutmut"]
    return mutmut


def fill(directory: Path, root: Path = ROOT) -> None:
    """Copy what mutmut and the pack's tests need; what mutmut has found out so far stays there."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in ("pyproject.toml", *_CONFIG):
        shutil.copy2(root / name, directory)
    for tree in settings(root)["also_copy"]:
        if not tree.endswith(".yaml"):
            _copy(root / tree, directory / tree)
    _copy(directory / "policies" / _PACK, directory / "src" / _PACK)
    shutil.rmtree(directory / "policies" / _PACK)


def _copy(tree: Path, to: Path) -> None:
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(tree, to, ignore=shutil.ignore_patterns("__pycache__"))
