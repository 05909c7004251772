"""The records of the service, kept in one JSON file that survives a restart."""

import json
import os
from pathlib import Path
from typing import Any, NamedTuple, Self

from local.autoscaling_api.contract import Request
from local.errors import LocalError

__all__ = ["Key", "Record", "Scope", "State", "Table"]

Record = dict[str, Any]
"""One object as the API describes it; a target's record also holds its tags."""


class Scope(NamedTuple):
    """What identifies a scalable target."""

    namespace: str
    resource_id: str
    dimension: str

    @classmethod
    def of(cls, members: Request) -> Self:
        """The scope that a request or a record is about."""
        return cls(members["ServiceNamespace"], members["ResourceId"], members["ScalableDimension"])

    def members(self) -> Record:
        """The scope as members of a record."""
        return {
            "ServiceNamespace": self.namespace,
            "ResourceId": self.resource_id,
            "ScalableDimension": self.dimension,
        }

    def __str__(self) -> str:
        return (
            f"service namespace: {self.namespace}, resource ID: {self.resource_id}, "
            f"scalable dimension: {self.dimension}"
        )


Key = tuple[str, ...]
"""A scope, followed by the object's own name where a target can have several."""


class Table(dict[Key, Record]):
    """Records of one kind by key; `name_member` holds their name, where they have one."""

    def __init__(self, name_member: str | None = None) -> None:
        super().__init__()
        self._name_member = name_member

    def key_of(self, members: Request) -> Key:
        """Where the record described by a request or by a record belongs."""
        name = () if self._name_member is None else (str(members[self._name_member]),)
        return (*Scope.of(members), *name)

    def put(self, record: Record) -> None:
        """Add a record, or replace the one with the same key."""
        self[self.key_of(record)] = record

    def remove_all_of(self, scope: Scope) -> None:
        """Forget every record that belongs to a target."""
        for key in [key for key in self if key[: len(scope)] == scope]:
            del self[key]


class State:
    """All records, loaded from and saved to one file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.targets = Table()
        self.policies = Table("PolicyName")
        self.scheduled_actions = Table("ScheduledActionName")
        self.activities = Table("ActivityId")
        self._tables = {
            "ScalableTargets": self.targets,
            "ScalingPolicies": self.policies,
            "ScheduledActions": self.scheduled_actions,
            "ScalingActivities": self.activities,
        }
        if file.exists():
            self._load()

    def _load(self) -> None:
        try:
            saved = json.loads(self._file.read_text())
            for kind, table in self._tables.items():
                for record in saved[kind] if kind in saved or table is not self.activities else []:
                    table.put(record)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise LocalError(
                f"{self._file} is not a state file of this server: {error!r}",
                fix="Move it away to start with no scalable targets.",
            ) from error

    def save(self) -> None:
        """Write the file whole or not at all, so that a crash leaves the previous state."""
        document = {kind: list(table.values()) for kind, table in self._tables.items()}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._file.with_name(f"{self._file.name}.new")
        with unfinished.open("w") as output:
            json.dump(document, output, indent=2)
            output.flush()
            os.fsync(output.fileno())
        unfinished.replace(self._file)
