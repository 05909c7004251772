"""What is declared and not generated: data files beside this module, each entry with its reason."""

import tomllib
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

__all__ = ["IRRELEVANT", "SURVIVORS", "WEAKER", "Reasons"]

_HERE = Path(__file__).parent


@dataclass
class Reasons:
    """Reasons by glob over a mutant's name, and which of them were of use."""

    entries: dict[str, str]
    used: set[str] = field(default_factory=set)

    def reason(self, name: str) -> str | None:
        """The reason that holds for a mutant, if there is one."""
        for glob, reason in self.entries.items():
            if fnmatchcase(name, glob):
                self.used.add(glob)
                return reason
        return None

    @property
    def unused(self) -> list[str]:
        """Globs that matched nothing: they name what is no longer there."""
        return [glob for glob in self.entries if glob not in self.used]


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_HERE / f"{name}.toml").read_text())


def _flat(table: dict[str, dict[str, str]]) -> dict[str, str]:
    return {glob: reason for entries in table.values() for glob, reason in entries.items()}


WEAKER: dict[str, list[Any]] = _read("weaker")["weaker"]
"""By glob over places: the values that are weaker ones than the recorded one."""

IRRELEVANT = _flat(_read("irrelevant"))
"""By glob over types and places: why a change there makes nothing less secure."""

SURVIVORS = _flat(_read("survivors"))
"""By glob over mutants: why no mandatory rule stops them."""
