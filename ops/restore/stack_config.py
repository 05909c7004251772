"""The two keys of a stack's config that a restore is: which database there is, and a second one."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.errors import OpsError
from ops.plain_data import yaml_value
from ops.restore.engine import Engine

__all__ = ["Restore", "StackConfig"]

_OPERATIONS = "todo:databaseOperations"


@dataclass(frozen=True, kw_only=True)
class Restore:
    """A restore as the config has it; see `todo_infra.config.restore`.

    Attributes:
        name: Its name.
        snapshot: The snapshot that it is made of.
        time: The moment that it is made of.
        serve: Whether the application is to use it.
    """

    name: str
    snapshot: str | None = None
    time: str | None = None
    serve: bool = False

    @property
    def source(self) -> str:
        """Where its data comes from, for people."""
        return f"snapshot {self.snapshot}" if self.snapshot else f"{self.time}"


class StackConfig:
    """A stack's config; Pulumi changes the file, and keeps what else is in it.

    Args:
        engine: Of the stack.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def file(self) -> Path:
        """The file."""
        return self._engine.config_file

    @property
    def generation(self) -> str | None:
        """The name of the restore that the database came from; None for the first."""
        return self._operations().get("generation")

    @property
    def restore(self) -> Restore | None:
        """The restore that is under way."""
        found = self._operations().get("restore")
        return Restore(**found) if found else None

    def begin(self, restore: Restore) -> None:
        """Ask for a second database."""
        self._set("restore.name", restore.name)
        if restore.snapshot:
            self._set("restore.snapshot", restore.snapshot)
        else:
            self._set("restore.time", str(restore.time))

    def serve(self, *, restored: bool) -> None:
        """Have the application use the restored database, or the other one."""
        self._set("restore.serve", str(restored).lower())

    def finish(self, name: str) -> None:
        """Have the restored database be the only one."""
        self._set("generation", name)
        self.drop()

    def drop(self) -> None:
        """Ask for no second database."""
        self._engine.run("config", "rm", "--path", f"{_OPERATIONS}.restore")

    def _set(self, key: str, value: str) -> None:
        self._engine.run("config", "set", "--path", f"{_OPERATIONS}.{key}", value)

    def _operations(self) -> Mapping[str, Any]:
        try:
            stated = yaml_value(self.file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise OpsError(f"{self.file} cannot be read: {error}") from error
        config = stated.get("config") if isinstance(stated, Mapping) else None
        operations = (config or {}).get(_OPERATIONS) or {}
        if not isinstance(operations, Mapping):
            raise OpsError(f"{_OPERATIONS} in {self.file} is no mapping.")
        return operations
