"""What clients were told that is kept, held against what the database's table holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["ABSENT", "Audit", "Entry", "Ledger", "Row", "State"]


class State(NamedTuple):
    """What a client can see of a to-do."""

    title: str
    completed: bool


ABSENT = None
"""The state of a to-do that is not there."""


class Row(NamedTuple):
    """A row of the table `todos`; the idempotency key is the title's first word."""

    list_id: str
    id: int
    title: str
    completed: bool

    @property
    def key(self) -> str:
        return self.title.partition(" ")[0]


@dataclass
class Entry:
    """One to-do, named by the idempotency key of the request that adds it.

    Attributes:
        key: first word of every title that it gets.
        list_id: the list that it is in.
        possible: states that it may be in: one, but for changes without an acknowledgement.
        id: as the first acknowledgement said.
        order: its place, as that acknowledgement said.
    """

    key: str
    list_id: str
    possible: set[State | None] = field(default_factory=lambda: {ABSENT})
    id: int | None = None
    order: int = 0

    def attempted(self, state: State | None) -> None:
        """Note a change that may or may not happen."""
        self.possible.add(state)

    def acknowledged(self, state: State | None) -> None:
        """Note a change that the server says has happened."""
        self.possible = {state}

    @property
    def certain(self) -> bool:
        """Whether its state is known."""
        return len(self.possible) == 1

    @property
    def state(self) -> State | None:
        """Its state, where that is known."""
        (state,) = self.possible
        return state


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What a comparison found; each problem is a line for people.

    Attributes:
        present: acknowledged to-dos that are there, once and as acknowledged.
        deleted: to-dos whose deletion was acknowledged and that are gone.
        uncertain: to-dos with a change that nobody acknowledged; any outcome is right.
    """

    present: int
    deleted: int
    uncertain: int
    lost: tuple[str, ...]
    duplicates: tuple[str, ...]
    wrong: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether the table holds what was promised and nothing else."""
        return not (self.lost or self.duplicates or self.wrong)


class Ledger:
    """Every to-do that a client tried to add, and what became of it as far as clients know."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}

    def open(self, key: str, list_id: str) -> Entry:
        """Begin the account of a to-do that is about to be added."""
        entry = self._entries[key] = Entry(key, list_id)
        return entry

    def compare(self, rows: Iterable[Row]) -> Audit:
        """Hold every to-do against the table's rows of the same lists."""
        found = list(rows)
        copies = Counter(row.key for row in found)
        by_key = {row.key: row for row in found}
        lost, wrong = [], []
        for key, entry in self._entries.items():
            row = by_key.get(key)
            state = State(row.title, row.completed) if row else ABSENT
            if state in entry.possible:
                if row and (row.list_id, row.id) != (entry.list_id, entry.id or row.id):
                    wrong.append(f"{key} is {row.list_id}/{row.id}, not {entry.id}")
            elif row is None:
                lost.append(f"{key} is gone, not one of {entry.possible}")
            else:
                wrong.append(f"{key} is {state}, not one of {entry.possible}")
        wrong += [f"nobody added {row}" for row in found if row.key not in self._entries]
        settled = Counter(
            entry.state is ABSENT for entry in self._entries.values() if entry.certain
        )
        return Audit(
            present=settled[False],
            deleted=settled[True],
            uncertain=len(self._entries) - settled.total(),
            lost=tuple(lost),
            duplicates=tuple(f"{key}: {count} rows" for key, count in copies.items() if count > 1),
            wrong=tuple(wrong),
        )
