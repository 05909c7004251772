"""A second database beside the one that serves, with the data of a snapshot or of a moment."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from .rules import Text

__all__ = ["GENERATION", "SECOND", "SNAPSHOT", "Restore", "RestoreFrom"]

GENERATION = Text(
    r"r\d{8}[a-z]?", "the name of a restore: r and its day, and a letter for another of that day"
)
"""No word that ends the name of another resource of the database can be one."""

# No ARN: a snapshot of another account is copied first, under the stack's key.
SNAPSHOT = r"(rds:)?[A-Za-z][A-Za-z0-9-]{0,254}"
# AWS restores to the second.
SECOND = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


@dataclass(frozen=True, kw_only=True)
class Restore:
    """A database that is made of what another one was.

    Attributes:
        name: Becomes part of its identifier, and `generation` when it has taken over.
        snapshot: Identifier of the snapshot that it is made of.
        time: The moment, in UTC, that it is made of; None with a snapshot.
        serve: Whether the application uses it already.
    """

    name: str
    snapshot: str | None = None
    time: str | None = None
    serve: bool = False


@dataclass(frozen=True)
class RestoreFrom:
    """One restore, with either of the two sources."""

    allowed: str = (
        "an object {name: r20261129, snapshot: ID} or {name: r20261129, time: "
        f'"2026-11-29T07:59:31Z"}}, with {GENERATION.allowed}; and serve: true once the '
        "application is to use it"
    )

    def parse(self, value: object) -> Restore:
        """Accept a restore whose every part can be read."""
        if not isinstance(value, Mapping) or not {"name"} <= set(value) <= _KEYS:
            raise ValueError(value)
        if ("snapshot" in value) == ("time" in value):
            raise ValueError(value)
        serve = value.get("serve", False)
        if not isinstance(serve, bool):
            raise ValueError(value)  # noqa: TRY004 - one kind of refusal for every rule
        return Restore(
            name=GENERATION.parse(value["name"]),
            snapshot=_snapshot(value["snapshot"]) if "snapshot" in value else None,
            time=_moment(value["time"]) if "time" in value else None,
            serve=serve,
        )


_KEYS = {"name", "snapshot", "time", "serve"}


def _snapshot(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(SNAPSHOT, value):
        raise ValueError(value)
    return value


def _moment(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(SECOND, value):
        raise ValueError(value)
    datetime.fromisoformat(value)  # there is no 30th of February
    return value
