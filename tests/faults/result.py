"""The one result of a run: a table for people, as text and as Markdown, and JSON."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.faults.chance import seed
from tests.faults.report import RECOVERY, Refusal, Scenario

__all__ = ["COLUMNS", "Result", "Run", "this_run"]

COLUMNS: Final[Mapping[str, str]] = {
    "requests": "requests",
    "failed": "failed",
    "acknowledged writes": "writes",
    "lost": "lost",
    "duplicates": "twice",
    RECOVERY: "recovery s",
}
"""Figures that have a column, and its heading."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What makes figures comparable.

    Attributes:
        form: `long` or `short`.
        commit: of the sources, with `-dirty` where files differ from it.
        failed: tests that failed, whose figures prove nothing.
    """

    date: str
    form: str
    seed: int
    machine: str
    commit: str
    passed: int
    failed: Sequence[str]


def this_run(root: Path, *, form: str, passed: int, failed: Sequence[str]) -> Run:
    """Describe the run that ends now."""
    return Run(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        form=form,
        seed=seed(),
        machine=f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}",
        commit=_commit(root),
        passed=passed,
        failed=failed,
    )


@dataclass(frozen=True)
class Result:
    """Everything that a run found out."""

    run: Run
    scenarios: Sequence[Scenario]
    refusals: Sequence[Refusal]

    def write(self, folder: Path) -> Path:
        """Keep it as `result.json` and `result.md`, a short form beside them; return the latter."""
        name = "result" if self.run.form == "long" else f"result-{self.run.form}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.json").write_text(self.json())
        page = folder / f"{name}.md"
        page.write_text("\n".join(self.markdown()) + "\n")
        return page

    def json(self) -> str:
        """For programs."""
        scenarios = [{"scenario": one.name, **one.figures} for one in self.scenarios]
        refusals = [asdict(refusal) for refusal in self.refusals]
        result = {**asdict(self.run), "scenarios": scenarios, "refusals": refusals}
        return json.dumps(result, indent=2, ensure_ascii=False) + "\n"

    def text(self) -> Iterator[str]:
        """For the terminal."""
        yield "".join(f"{heading:>11}" for heading in COLUMNS.values())
        for one in self.scenarios:
            figures = "" if "requests" in one.figures else f" ({_others(one)})"
            yield "".join(f"{_cell(one, name):>11}" for name in COLUMNS) + f"  {one.name}{figures}"
        yield from (f"{refusal.by} refused {refusal.attempt}" for refusal in self.refusals)
        yield self._origin()

    def markdown(self) -> Iterator[str]:
        """For a page."""
        yield from ("# Faults, and what came of them", "", self._origin(), "")
        if self.run.failed:
            yield from ("**Failed:** " + ", ".join(self.run.failed), "")
        yield from _row("scenario", *COLUMNS.values(), "figures")
        yield from _row("---", *("--:" for _ in COLUMNS), "---")
        for one in self.scenarios:
            yield from _row(one.name, *(_cell(one, name) for name in COLUMNS), _others(one))
        if self.refusals:
            yield from ("", "## Connections that were refused", "")
            yield from _row("by", "attempt", "in the words")
            yield from _row("---", "---", "---")
        for refusal in self.refusals:
            yield from _row(refusal.by, refusal.attempt, refusal.says)

    def _origin(self) -> str:
        run = self.run
        return (
            f"{run.form} form, seed {run.seed}, {run.date}, commit {run.commit}, {run.machine}: "
            f"{run.passed} passed, {len(run.failed)} failed"
        )


def _row(*cells: str) -> Iterator[str]:
    yield "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _cell(scenario: Scenario, name: str) -> str:
    value = scenario.figures.get(name)
    return "" if value is None else _plain(value)


def _others(scenario: Scenario) -> str:
    return "; ".join(
        f"{name}: {_plain(value)}"
        for name, value in scenario.figures.items()
        if name not in COLUMNS and value not in (None, {}, [], ())
    )


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} ({count})" for name, count in value.items())
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_plain, value))
    return str(value)


def _commit(root: Path) -> str:
    if not shutil.which("git"):
        return "unknown"
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    return described.stdout.strip() or "unknown"
