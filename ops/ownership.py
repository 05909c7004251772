"""Whose a change is: `make ownership BASE=main`.

A change that touches nothing but the product team's own keys (`todo:capacity`, `todo:database`) in
the config of stacks that exist needs no review of the platform team: the program checks the values,
and the policy pack holds them to the platform's limits. Every other change needs one.

Only git objects are read and nothing of the change is run, so that a fork's is judged safely. What
cannot be understood for certain is the platform team's. Exits with 0 and the verdict; with 1, if
asked to --enforce, where the platform team is needed; with 2 if there is nothing to judge by.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from ops.errors import OpsError
from ops.stack_files import PRODUCT_KEYS, UnclearError, changed_keys

__all__ = ["Platform", "Verdict", "judge", "main"]

_STACK_FILE = re.compile(r"Pulumi\.[A-Za-z0-9_-]+\.yaml")
_REGULAR_FILE = "100644"
_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Platform:
    """A part of a change that the platform team has to see.

    Attributes:
        path: The file.
        why: What is not the product team's in it.
    """

    path: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whose a change is.

    Attributes:
        keys: Product-owned keys that change, by file.
        platform: Everything else that changes.
    """

    keys: dict[str, tuple[str, ...]]
    platform: tuple[Platform, ...]

    @property
    def product_only(self) -> bool:
        """Whether it needs no review of the platform team."""
        return bool(self.keys) and not self.platform

    @property
    def line(self) -> str:
        """The verdict in a sentence."""
        if self.product_only:
            said = [
                f"{', '.join(keys) or 'comments'} in {path}" for path, keys in self.keys.items()
            ]
            return (
                f"product team only ({'; '.join(said)}): no review of the platform team is needed"
            )
        if not self.platform:
            return "nothing changes"
        named = [f"{part.path} ({part.why})" for part in self.platform[:_NAMED]]
        if len(self.platform) > _NAMED:
            named.append(f"{len(self.platform) - _NAMED} more")
        return f"the platform team has to review: {', '.join(named)}"

    def as_json(self) -> str:
        """Return the verdict for programs."""
        content = {
            "productOnly": self.product_only,
            "line": self.line,
            "keys": {path: list(keys) for path, keys in self.keys.items()},
            "platform": [{"path": part.path, "why": part.why} for part in self.platform],
        }
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def judge(root: Path, base: str, head: str) -> Verdict:
    """Return whose the change is that leads to `head` from where it left `base`.

    Raises:
        OpsError: There is no such revision, or the two have no common history here.
    """
    for name, revision in (("BASE", base), ("HEAD", head)):
        # An option in a revision's place would be taken for one.
        known = not revision.startswith("-") and _succeeds(
            root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"
        )
        if not known:
            raise OpsError(f"{name} is {revision!r}, but git knows no such revision here.")
    starts = _git(root, "merge-base", "--all", base, head, missing_is_empty=True).split()
    if not starts:
        raise OpsError(
            f"{base} and {head} have no common history here. In CI, fetch all: fetch-depth: 0."
        )
    keys: dict[str, tuple[str, ...]] = {}
    platform = []
    if len(starts) > 1:
        platform.append(Platform(path="(history)", why="it left the branch more than once"))
    for change in _changes(root, starts[0], head):
        found, why = _judge_file(root, change)
        if why:
            platform.append(Platform(path=change.path, why=why))
        else:
            keys[change.path] = found
    return Verdict(keys=keys, platform=tuple(platform))


@dataclass(frozen=True, kw_only=True)
class _Change:
    status: str
    path: str
    old_mode: str
    new_mode: str
    old: str
    new: str


def _changes(root: Path, base: str, head: str) -> Iterator[_Change]:
    """Yield the files that differ. A rename is a file that goes and one that comes."""
    options = ("--raw", "-r", "-z", "--no-renames", "--full-index", "--no-ext-diff")
    fields = _git(root, "diff-tree", *options, base, head).split("\0")
    for header, path in zip(fields[:-1:2], fields[1::2], strict=True):
        old_mode, new_mode, old, new, status = header.removeprefix(":").split(" ")
        yield _Change(
            status=status, path=path, old_mode=old_mode, new_mode=new_mode, old=old, new=new
        )


def _judge_file(root: Path, change: _Change) -> tuple[tuple[str, ...], str]:
    """Return the product-owned keys that change, and why the platform team is needed, if it is."""
    if not _STACK_FILE.fullmatch(change.path):
        return (), "not a stack's config"
    if change.status == "A":
        return (), "a new stack, or one renamed"
    if change.status == "D":
        return (), "a stack goes, or is renamed"
    if (change.old_mode, change.new_mode) != (_REGULAR_FILE, _REGULAR_FILE):
        return (), "no ordinary file, or its mode changes"
    try:
        changed = changed_keys(_blob(root, change.old), _blob(root, change.new))
    except UnclearError as unclear:
        return (), str(unclear)
    foreign = [key for key in changed if key not in PRODUCT_KEYS]
    return tuple(changed), f"{', '.join(foreign)}" if foreign else ""


def _blob(root: Path, key: str) -> bytes:
    command = ["git", "cat-file", "blob", key]
    return subprocess.run(command, cwd=root, capture_output=True, check=True).stdout


def _git(root: Path, *words: str, missing_is_empty: bool = False) -> str:
    done = subprocess.run(
        ["git", *words],
        cwd=root,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        check=False,
    )
    if done.returncode and not missing_is_empty:
        raise OpsError(f"git {words[0]} failed: {done.stderr.strip()}")
    return done.stdout


def _succeeds(root: Path, *words: str) -> bool:
    return not subprocess.run(
        ["git", *words], cwd=root, capture_output=True, check=False
    ).returncode


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the verdict."""
    parser = argparse.ArgumentParser(
        prog="python -m ops.ownership",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--base", default="main", help="the branch that the change is for")
    parser.add_argument("--head", default="HEAD", help="the change's newest commit")
    parser.add_argument("--json", type=Path, help="file for the verdict, for programs")
    parser.add_argument("--enforce", action="store_true", help="fail where the platform is needed")
    options = parser.parse_args(arguments)
    try:
        verdict = judge(Path.cwd(), options.base, options.head)
        if options.json:
            options.json.write_text(verdict.as_json())
    except (OpsError, OSError, yaml.YAMLError) as error:
        print(f"✗ {error}", file=sys.stderr)
        return 2
    print(verdict.line.encode(errors="backslashreplace").decode())
    return int(options.enforce and bool(verdict.platform))


if __name__ == "__main__":
    sys.exit(main())
