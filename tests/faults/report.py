"""Figures of every scenario: held against the table, printed, and kept as JSON."""

from __future__ import annotations

import asyncio
import json
import os
import platform
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.faults.load import Load
from tests.faults.servers import Database

__all__ = ["FIGURES", "Report", "table", "write"]

FIGURES: list[Mapping[str, Any]] = []
"""Of each scenario that ran, in order."""


class Report:
    """Holds a load against the table, and notes its figures for the table at the end."""

    def __init__(self, scenario: str, database: Database) -> None:
        self._scenario, self._database = scenario, database

    async def settle(self, load: Load, **more: object) -> None:
        """Check that nothing acknowledged was lost, doubled or contradicted."""
        rows = await asyncio.to_thread(self._database.rows, load.lists)
        audit = load.audit(rows)
        counts = {
            "kept": audit.present,
            "deleted": audit.deleted,
            "uncertain": audit.uncertain,
            "lost": len(audit.lost),
            "duplicates": len(audit.duplicates),
        }
        FIGURES.append({"scenario": self._scenario, **load.tally.figures(), **counts, **more})
        assert load.tally.surprises == []
        assert audit.clean, audit
        assert audit.present > 0


def table() -> Iterator[str]:
    """The figures for people."""
    yield f"{'requests':>9}{'failed':>8}{'writes':>8}{'lost':>6}{'twice':>6}"
    for row in FIGURES:
        yield (
            f"{row['requests']:>9}{row['failed']:>8}{row['acknowledged writes']:>8}"
            f"{row['lost']:>6}{row['duplicates']:>6}  {row['scenario']} {row['failures'] or ''}"
        )


def write(file: Path, *, form: str) -> None:
    """Keep the figures."""
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
    result = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "form": form,
        "machine": machine,
        "requests": sum(row["requests"] for row in FIGURES),
        "scenarios": FIGURES,
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(result, indent=2) + "\n")
