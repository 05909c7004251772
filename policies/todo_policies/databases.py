"""What rules about databases have in common."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from todo_policies.reading import is_set, known, shown
from todo_policies.rule import Subject

__all__ = ["engine_of", "family_engine", "has_to_be", "is_replica"]

_SOURCES = ("replicateSourceDb", "replicationSourceIdentifier")


def is_replica(database: Subject) -> bool:
    """Whether it is a copy of another database, whose accounts and backups are that one's."""
    return _is_copy(database.props)


def _is_copy(props: Mapping[str, Any]) -> bool:
    return any(is_set(props, key) for key in _SOURCES)


def engine_of(props: Mapping[str, Any]) -> str:
    """Return a database's engine; a replica need not name its own, and the text is then empty."""
    return str((known(props, "engine") if _is_copy(props) else props.get("engine")) or "")


def family_engine(family: str) -> str:
    """Return the engine of a parameter group's family: mysql8.4 is of mysql."""
    return re.sub(r"[\d.]+$", "", family)


def has_to_be(subject: Subject, key: str, *, value: bool) -> Iterator[str]:
    """Yield a problem unless a switch is set so, explicitly: AWS's defaults change."""
    found = subject.props.get(key)
    if found is not value:
        yield f"{key} is {shown(found)}, but has to be {value}."
