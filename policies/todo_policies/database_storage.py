"""Data at rest: storage, what is kept beside it, and snapshots."""

from collections.abc import Iterator
from dataclasses import dataclass

from pulumi_policy import Severity

from todo_policies.databases import has_to_be, is_replica
from todo_policies.parameters import parameter
from todo_policies.reading import is_set, known
from todo_policies.resource_types import (
    CLUSTER,
    CLUSTER_INSTANCE,
    CLUSTER_SNAPSHOT,
    CLUSTER_SNAPSHOT_COPY,
    GLOBAL_CLUSTER,
    INSTANCE,
    SNAPSHOT,
    SNAPSHOT_COPY,
)
from todo_policies.rule import ResourceRule, Subject

__all__ = ["DATABASE_SNAPSHOTS_PRIVATE", "STORAGE_ENCRYPTION"]

_STORED = frozenset({INSTANCE, CLUSTER, GLOBAL_CLUSTER})
_COPIES = frozenset({SNAPSHOT_COPY, CLUSTER_SNAPSHOT_COPY})
_EVERYBODY = "all"


@dataclass(frozen=True, kw_only=True)
class StorageParameters:
    """What is asked of encryption."""

    customer_managed_key: bool = parameter(
        default=True,
        description="Ask for a key of the account's own, whose use it controls and can end.",
    )


@dataclass(frozen=True, kw_only=True)
class SnapshotParameters:
    """Who else may have snapshots."""

    shared_accounts: tuple[str, ...] = parameter(
        (), "Ids of the accounts that snapshots may be shared with."
    )


def _unencrypted(database: Subject, parameters: StorageParameters) -> Iterator[str]:
    if database.resource_type in _STORED:
        yield from has_to_be(database, "storageEncrypted", value=True)
    if parameters.customer_managed_key:
        for key in _keys(database):
            if not is_set(database.props, key):
                yield f"{key} is not set, so it is AWS's own key that encrypts."
            elif ":alias/aws/" in f":{known(database.props, key)}":
                yield f"{key} is an alias of AWS's own key."


def _keys(database: Subject) -> Iterator[str]:
    """The keys that it has to name; a replica shares its source's, as a cluster's members do."""
    props = database.props
    if database.resource_type in {INSTANCE, CLUSTER} and not is_replica(database):
        yield "kmsKeyId"
        if props.get("manageMasterUserPassword"):
            yield "masterUserSecretKmsKeyId"
    if props.get("performanceInsightsEnabled"):
        yield "performanceInsightsKmsKeyId"


def _shared(snapshot: Subject, parameters: SnapshotParameters) -> Iterator[str]:
    for account in snapshot.props.get("sharedAccounts") or ():
        if account == _EVERYBODY or account not in parameters.shared_accounts:
            yield f"it is shared with {account}."
    if snapshot.resource_type in _COPIES and not is_set(snapshot.props, "kmsKeyId"):
        yield "kmsKeyId is not set, so the copy is as unencrypted as its source may be."


STORAGE_ENCRYPTION = ResourceRule(
    name="storage-encryption",
    severity=Severity.HIGH,
    why="The storage of every database, replicas included, is encrypted, and with a key of the "
    "account's own: neither can be changed later on.",
    fix="Set storage_encrypted=True and kms_key_id, and the keys of Performance Insights and of a "
    "managed password. An existing database has to be restored from an encrypted copy of a "
    "snapshot.",
    controls=("RDS.3", "RDS.27"),
    waivable=False,
    parameters=StorageParameters(),
    resource_types=_STORED | {CLUSTER_INSTANCE},
    check=_unencrypted,
)

DATABASE_SNAPSHOTS_PRIVATE = ResourceRule(
    name="database-snapshots-private",
    severity=Severity.CRITICAL,
    why="Snapshots are the database: they are shared with no other account, and copied under a "
    "key.",
    fix="Remove shared_accounts, or name the account in sharedAccounts of this rule; set "
    "kms_key_id on a copy.",
    controls=("RDS.1", "RDS.4"),
    waivable=False,
    parameters=SnapshotParameters(),
    resource_types=frozenset({SNAPSHOT, CLUSTER_SNAPSHOT}) | _COPIES,
    check=_shared,
)
