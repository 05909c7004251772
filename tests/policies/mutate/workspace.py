"""The directory that mutmut works in: a copy, so that nobody's checkout is ever changed.

mutmut names mutants by path and finds them by module, which have to agree: in the copy the pack
lies in `src/`, the one directory that mutmut leaves out of names. Each module of the pack has a
copy of its own, in which nothing else is changed and only the tests that speak of it are run: what
all of them would cost for one mutant is too much.
"""

import hashlib
import json
import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

__all__ = ["PACK", "ROOT", "fill", "fingerprint", "selection", "settings"]

ROOT = Path(__file__).parents[3]
PACK = "todo_policies"
_CONFIG = ("Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.local.yaml", "Pulumi.prod.yaml")
_SELECTION = Path(__file__).with_name("selection.toml")
_SETTINGS = re.compile(r"^\[tool\.mutmut\].*$", re.MULTILINE)


def settings(root: Path = ROOT) -> dict[str, Any]:
    """What `pyproject.toml` says of mutmut."""
    project: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text())
    mutmut: dict[str, Any] = project["tool"]["mutmut"]
    return mutmut


def selection() -> dict[str, list[str]]:
    """Each module of the pack with the test files that speak of it, weightiest first."""
    tests: dict[str, list[str]] = tomllib.loads(_SELECTION.read_text())["tests"]
    return {
        module: [f"tests/policies/test_{name}.py" for name in tests[module]] for module in tests
    }


def fingerprint(module: str, root: Path = ROOT) -> str:
    """What a result depends on: a module and its tests."""
    files = [f"policies/{PACK}/{module}.py", *selection()[module]]
    return hashlib.sha256(b"".join((root / name).read_bytes() for name in files)).hexdigest()[:12]


def fill(directory: Path, module: str, root: Path = ROOT) -> None:
    """Copy what mutmut and a module's tests need; what mutmut has found out so far stays there."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in _CONFIG:
        shutil.copy2(root / name, directory)
    for tree in settings(root)["also_copy"]:
        if not tree.endswith(".yaml"):
            _copy(root / tree, directory / tree)
    _copy(directory / "policies" / PACK, directory / "src" / PACK)
    shutil.rmtree(directory / "policies" / PACK)
    (directory / "pyproject.toml").write_text(_project(module, root))


def _project(module: str, root: Path) -> str:
    only = json.dumps([f"src/{PACK}/{module}.py"])
    tests = json.dumps(selection()[module])
    ours = f"only_mutate = {only}\npytest_add_cli_args_test_selection = {tests}"
    text = (root / "pyproject.toml").read_text()
    return _SETTINGS.sub(lambda header: f"{header[0]}\n{ours}", text)


def _copy(tree: Path, to: Path) -> None:
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(tree, to, ignore=shutil.ignore_patterns("__pycache__"))
