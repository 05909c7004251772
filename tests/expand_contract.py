"""The rule of docs/decisions/006-migrations.md, as a check of what revisions really do."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from alembic import command
from alembic.script import Script, ScriptDirectory

from todo_app.migrations.upgrade import SCRIPTS, alembic_config

EXAMPLE = Path(__file__).parent / "revisions" / "v0002_notes.py"

_LITERAL = re.compile(r"'(?:[^'\\]|''|\\.)*'|\"(?:[^\"\\]|\"\"|\\.)*\"")
_COMMENT = re.compile(r"/\*.*?\*/|(?:--\s|#).*?$", re.DOTALL | re.MULTILINE)
_TABLE = re.compile(r"CREATE TABLE (?P<safe>IF NOT EXISTS )?(?P<table>\w+) ?\(", re.IGNORECASE)
_INDEX = re.compile(r"CREATE (?P<unique>UNIQUE )?INDEX \w+ ON (?P<table>\w+)\b", re.IGNORECASE)
_ALTER = re.compile(r"ALTER TABLE (?P<table>\w+) (?P<changes>.*)", re.IGNORECASE)
_REFERENCE = re.compile(r"\bREFERENCES (?P<table>\w+)", re.IGNORECASE)
_HARMLESS = re.compile(r"(?:ADD (?:INDEX|KEY)\b|(?:ALGORITHM|LOCK)\b)", re.IGNORECASE)
_COLUMN = re.compile(r"ADD COLUMN \w+ (?P<definition>.+)", re.IGNORECASE)
_DEMANDING = re.compile(
    r"\b(?:UNIQUE|PRIMARY|CHECK|REFERENCES|AUTO_INCREMENT|GENERATED)\b|\bAS \(", re.IGNORECASE
)
# What Alembic itself writes after each revision.
_STAMP = re.compile(
    r"CREATE TABLE alembic_version \(|INSERT INTO alembic_version \(|UPDATE alembic_version SET "
)
_OUTSIDE_BRACKETS = re.compile(r",(?![^(]*\))")


class _Statements(io.StringIO):
    """Alembic writes one statement a time."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[str] = []

    def write(self, text: str) -> int:
        if not text.startswith("--"):
            self.all.append(text.strip().rstrip(";"))
        return len(text)


def with_revisions(target: Path, *files: Path) -> Path:
    """Copy this release's scripts to `target`, with more revisions: the scripts of a later one."""
    shutil.copytree(SCRIPTS, target, ignore=shutil.ignore_patterns("__pycache__"))
    for file in files:
        shutil.copy(file, target / "versions")
    return target


def statements(scripts: Path, revisions: str) -> list[str]:
    """What `alembic upgrade --sql` writes for revisions such as `base:head`, one by one."""
    config = alembic_config(scripts)
    config.output_buffer = output = _Statements()
    command.upgrade(config, revisions, sql=True)
    return output.all


@dataclass
class _Tables:
    """Those of earlier revisions, and those of this one."""

    old: set[str]
    new: set[str] = field(default_factory=set)


def findings(scripts: Path = SCRIPTS) -> list[str]:
    """Everything in the scripts that a release which is still serving may not survive."""
    directory = ScriptDirectory.from_config(alembic_config(scripts))
    before: dict[str, Script] = {}
    old: set[str] = set()
    found: list[str] = []
    for script in reversed(list(directory.walk_revisions())):
        tables = _Tables(old)
        # Of one that contracts, too: what it creates is there for the next.
        expanding = list(_expand_findings(_of_revision(scripts, script), tables))
        contracts = getattr(script.module, "contract", False)
        reasons = _contract_findings(script, before) if contracts else expanding
        found += [f"{script.revision}: {reason}" for reason in reasons]
        before[script.revision] = script
        old |= tables.new
    return found


def _contract_findings(script: Script, before: dict[str, Script]) -> Iterator[str]:
    name = getattr(script.module, "expanded_by", None)
    if name not in before:
        yield f"contracts, but expanded_by is {name!r}: no revision before it"
    elif getattr(before[name].module, "contract", False):
        yield f"contracts, but {name}, which is to have expanded, contracts itself"


def _of_revision(scripts: Path, script: Script) -> list[str]:
    before = script.down_revision or "base"
    assert isinstance(before, str)
    written = [_plain(text) for text in statements(scripts, f"{before}:{script.revision}")]
    return [text for text in written if not _STAMP.match(text)]


def _plain(statement: str) -> str:
    """Without what only looks like SQL: texts and comments."""
    without_texts = _LITERAL.sub("''", statement)
    return " ".join(_COMMENT.sub(" ", without_texts).replace("`", "").split())


def _expand_findings(written: list[str], tables: _Tables) -> Iterator[str]:
    """List what is not known to be harmless, rather than what is known to do harm."""
    for statement in written:
        reason: str | None = "is not among what a revision that expands may do"
        for pattern, check in _CHECKS.items():
            if match := pattern.match(statement):
                reason = check(match, tables)
        if reason:
            yield f"{reason}: {statement}"


def _table(match: re.Match[str], tables: _Tables) -> str | None:
    if match["table"] in tables.old:
        return "creates what is there already"
    tables.new.add(match["table"])
    if not match["safe"]:
        return "cannot run again after a crash without IF NOT EXISTS"
    others = {found["table"] for found in _REFERENCE.finditer(match.string)} & tables.old
    return f"keeps rows of {', '.join(sorted(others))} from being deleted" if others else None


def _index(match: re.Match[str], tables: _Tables) -> str | None:
    if match["unique"] and match["table"] not in tables.new:
        return "refuses rows that were fine before"
    return None


def _alter(match: re.Match[str], tables: _Tables) -> str | None:
    if match["table"] in tables.new:
        return None
    changes = [change.strip() for change in _OUTSIDE_BRACKETS.split(match["changes"])]
    return next((reason for change in changes if (reason := _change(change))), None)


def _change(change: str) -> str | None:
    if _HARMLESS.match(change):
        return None
    column = _COLUMN.fullmatch(change)
    if column is None:
        return "changes or removes what was there"
    definition = column["definition"].upper()
    if _DEMANDING.search(definition):
        return "adds a column with a demand on the rows"
    if "NOT NULL" in definition and "DEFAULT" not in definition:
        return "adds a column that the release before does not fill"
    return None


_CHECKS: dict[re.Pattern[str], Callable[[re.Match[str], _Tables], str | None]] = {
    _TABLE: _table,
    _INDEX: _index,
    _ALTER: _alter,
}
