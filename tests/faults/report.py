"""Figures of every scenario: held against the table where there was load, and kept."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from tests.faults.ledger import Row
from tests.faults.load import Load

__all__ = [
    "LONGEST_REQUEST",
    "RECOVERY",
    "RECOVERY_LIMIT",
    "REFUSALS",
    "SCENARIOS",
    "Refusal",
    "Report",
    "Scenario",
    "Table",
    "record",
    "record_refusal",
]

RECOVERY: Final = "recovery seconds"
"""Name of the figure that is the longest time from a fault's end to good answers."""

RECOVERY_LIMIT: Final = 5.0
"""How long that may be."""

LONGEST_REQUEST: Final = 15.0
"""Seconds: the 13 that are documented, and some for a machine that has other things to do."""


class Table(Protocol):
    """Where the to-dos are in the end, seen past the application."""

    def rows(self, lists: list[str]) -> list[Row]:
        """The to-dos in these lists."""


@dataclass(frozen=True)
class Scenario:
    """What was done, and what came of it, by the figures' names."""

    name: str
    figures: Mapping[str, object]


@dataclass(frozen=True)
class Refusal:
    """A connection between application and database that did not come about.

    Attributes:
        by: the side that refused, `application` or `database`.
        attempt: what was tried.
        says: in which words it was refused.
    """

    by: str
    attempt: str
    says: str


SCENARIOS: list[Scenario] = []
"""Those that ran, in order."""

REFUSALS: list[Refusal] = []
"""Those that were seen, in order."""


def record(scenario: str, figures: Mapping[str, object]) -> None:
    """Note a scenario for the result.

    Args:
        scenario: what was done, in a few words.
        figures: those that `result.COLUMNS` names have a column each; the rest is listed.
    """
    SCENARIOS.append(Scenario(scenario, dict(figures)))


def record_refusal(by: str, attempt: str, says: str) -> None:
    """Note for the result that one side refused the other."""
    REFUSALS.append(Refusal(by, attempt, says))


class Report:
    """Holds a load against the table, and notes its figures for the result."""

    def __init__(self, scenario: str) -> None:
        self._scenario = scenario

    async def settle(self, load: Load, table: Table, **more: object) -> None:
        """Check that nothing acknowledged was lost, doubled or contradicted.

        Args:
            load: visitors, who have left.
            table: where their to-dos are.
            more: figures of this scenario alone, by name; `_` stands for a space.
        """
        audit = load.audit(await asyncio.to_thread(table.rows, load.lists))
        counts = {
            "kept": audit.present,
            "deleted": audit.deleted,
            "uncertain": audit.uncertain,
            "lost": len(audit.lost) + len(audit.wrong),
            "duplicates": len(audit.duplicates),
        }
        own = {name.replace("_", " "): value for name, value in more.items()}
        record(self._scenario, {**own, **load.tally.figures(), **counts})
        assert load.tally.surprises == []
        assert audit.clean, audit
        assert audit.present > 0
