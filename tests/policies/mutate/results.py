"""What mutmut found out of one module, and which survivors are explained."""

import json
import re
import tomllib
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from mutmut.mutation.diff_apply import get_diff_for_mutant

from tests.policies.mutate.workspace import PACK

__all__ = ["Results", "Survivor", "forget_survivors", "read"]

_EXPLAINED = Path(__file__).with_name("explained.toml")
_SURVIVED, _WITHOUT_TESTS = 0, 33
_STRING = re.compile(r"""(\b[frbFRB]{1,2})?("[^"]*"|'[^']*')""")
_REPLACED = re.compile(r"\{[^}]*\}")
_WORDS = "the words of a message: the tests hold what it names, not how it says so"


@dataclass(frozen=True, kw_only=True)
class Survivor:
    """A mutant of the code that no test noticed.

    Attributes:
        name: mutmut's, for `mutmut show`.
        change: function, old line and new line; unlike the name it outlives other changes.
        reason: why it may survive, if that is known.
    """

    name: str
    change: str
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class Results:
    """The result of one module."""

    killed: int
    unchecked: int
    survivors: tuple[Survivor, ...]
    unused: tuple[str, ...]

    @property
    def total(self) -> int:
        return self.killed + len(self.survivors)

    @property
    def unexplained(self) -> tuple[Survivor, ...]:
        return tuple(one for one in self.survivors if one.reason is None)


def read(workspace: Path, module: str) -> Results:
    """Return the results that mutmut left in its directory."""
    explained = _explained(module)
    codes = _codes(_meta(workspace, module))
    survivors = []
    used = set()
    for name, code in codes.items():
        if code not in (_SURVIVED, _WITHOUT_TESTS):
            continue
        change = _change(workspace, module, name)
        glob = next((each for each in explained if fnmatchcase(change, each)), None)
        used.add(glob)
        reason = explained[glob] if glob else _WORDS if _changes_words_only(change) else None
        survivors.append(Survivor(name=name, change=change, reason=reason))
    checked = [code for code in codes.values() if code is not None]
    return Results(
        killed=len(checked) - len(survivors),
        unchecked=len(codes) - len(checked),
        survivors=tuple(survivors),
        unused=tuple(glob for glob in explained if glob not in used),
    )


def forget_survivors(workspace: Path, module: str) -> None:
    """Have those tried again that no test noticed: by now one may."""
    path = _meta(workspace, module)
    if not path.exists():
        return
    meta = json.loads(path.read_text())
    for name, code in meta["exit_code_by_key"].items():
        if code in (_SURVIVED, _WITHOUT_TESTS):
            meta["exit_code_by_key"][name] = None
    path.write_text(json.dumps(meta))


def _explained(module: str) -> dict[str, str]:
    explained: dict[str, str] = tomllib.loads(_EXPLAINED.read_text())["explained"]
    return {glob: why for glob, why in explained.items() if glob.partition(".")[0] == module}


def _meta(workspace: Path, module: str) -> Path:
    return workspace / "mutants" / "src" / PACK / f"{module}.py.meta"


def _codes(meta: Path) -> dict[str, int | None]:
    codes: dict[str, int | None] = json.loads(meta.read_text())["exit_code_by_key"]
    return codes


def _change(workspace: Path, module: str, name: str) -> str:
    diff = _diff(workspace, module, name)
    function = name.partition("__mutmut_")[0].removeprefix(f"{PACK}.")
    old, new = (" ".join(_changed_lines(diff, sign)) for sign in "-+")
    return f"{function}: {old} → {new}"


def _diff(workspace: Path, module: str, name: str) -> str:
    with chdir(workspace):
        return get_diff_for_mutant(name, path=f"src/{PACK}/{module}.py")


def _changed_lines(diff: str, sign: str) -> Iterator[str]:
    for line in diff.splitlines():
        if line.startswith(sign) and not line.startswith(sign * 3):
            yield line[1:].strip()


def _changes_words_only(change: str) -> bool:
    old, new = change.partition(": ")[2].split(" → ", 1)
    return old != new and _without_words(old) == _without_words(new)


def _without_words(line: str) -> str:
    """A line without sentences: texts of several words, except for what f-strings put in there."""

    def shorten(text: re.Match[str]) -> str:
        if not re.search(r"\s", text[2]):
            return text[0]
        is_format = "f" in (text[1] or "").lower()
        kept = _REPLACED.findall(text[2]) if is_format else ()
        return f'"{"".join(_without_words(each) for each in kept)}"'

    return _STRING.sub(shorten, line)
