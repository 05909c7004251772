"""Data at rest."""

from collections.abc import Iterator

from pulumi_policy import Severity

from todo_policies.resource_types import CLUSTER, INSTANCE
from todo_policies.rule import ResourceRule, Subject

__all__ = ["STORAGE_ENCRYPTION"]


def _unencrypted(database: Subject) -> Iterator[str]:
    encrypted = database.props.get("storageEncrypted")
    if encrypted is not True:
        state = "not set" if encrypted is None else f"{encrypted!r}"
        yield f"storageEncrypted is {state}."


STORAGE_ENCRYPTION = ResourceRule(
    name="storage-encryption",
    severity=Severity.HIGH,
    why="The storage of every database, replicas included, is encrypted: it cannot be later on.",
    fix="Set storage_encrypted=True. An existing database has to be restored from an encrypted "
    "copy of a snapshot.",
    controls=("RDS.3",),
    waivable=False,
    applies_to=lambda subject: subject.resource_type in {INSTANCE, CLUSTER},
    check=_unencrypted,
)
