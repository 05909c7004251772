"""What mutmut found out, and which survivors are explained."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

__all__ = ["Results", "Survivor", "read"]

_EXPLAINED = Path(__file__).parent / "explained.toml"
_SURVIVED, _WITHOUT_TESTS = 0, 33
_SENTENCE = re.compile(r"""[frbFRB]{0,2}("[^"]*\s[^"]*"|'[^']*\s[^']*')""")
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
    """The result of one run."""

    killed: int
    unchecked: int
    survivors: tuple[Survivor, ...]
    unused: tuple[str, ...]

    @property
    def unexplained(self) -> tuple[Survivor, ...]:
        return tuple(one for one in self.survivors if one.reason is None)

    def closing_line(self) -> str:
        total = self.killed + len(self.survivors)
        explained = len(self.survivors) - len(self.unexplained)
        return f"killed {self.killed} of {total}; {explained} survivors are explained"


def read(workspace: Path) -> Results:
    """Return the results that mutmut left in its directory."""
    explained: dict[str, str] = tomllib.loads(_EXPLAINED.read_text())["explained"]
    codes: dict[str, int | None] = {}
    for path in sorted((workspace / "mutants" / "src").rglob("*.meta")):
        codes |= json.loads(path.read_text())["exit_code_by_key"]
    survivors = []
    used = set()
    for name, code in codes.items():
        if code not in (_SURVIVED, _WITHOUT_TESTS):
            continue
        change = _change(workspace, name)
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


def _change(workspace: Path, name: str) -> str:
    diff = _diff(workspace, name)
    function = name.partition("__mutmut_")[0].removeprefix("todo_policies.")
    old, new = (" ".join(_changed_lines(diff, sign)) for sign in "-+")
    return f"{function}: {old} → {new}"


def _diff(workspace: Path, name: str) -> str:
    mutmut = str(Path(sys.executable).with_name("mutmut"))
    return subprocess.run(
        [mutmut, "show", name], cwd=workspace, capture_output=True, text=True, check=True
    ).stdout


def _changed_lines(diff: str, sign: str) -> Iterator[str]:
    for line in diff.splitlines():
        if line.startswith(sign) and not line.startswith(sign * 3):
            yield line[1:].strip()


def _changes_words_only(change: str) -> bool:
    old, new = change.partition(": ")[2].split(" → ", 1)
    without_words = [_SENTENCE.sub('""', side) for side in (old, new)]
    return old != new and without_words[0] == without_words[1]
