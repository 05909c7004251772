from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.policies.conftest import Stack

STORAGE, SNAPSHOTS = "storage-encryption", "database-snapshots-private"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
CLUSTER = "aws:rds/cluster:Cluster"
MEMBER = "aws:rds/clusterInstance:ClusterInstance"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1"


def add(stack: "Stack", type_: str, **props: Any) -> None:  # noqa: ANN401 - any input
    stack["added"] = type(stack["database"])(type=type_, props=props)


@pytest.mark.parametrize(
    ("value", "state"),
    [(False, "False"), (None, "not set"), ("true", "true")],
)
def test_storage_is_encrypted_explicitly(stack: "Stack", value: object, state: str) -> None:
    stack["database"].props["storageEncrypted"] = value
    assert stack.problems(STORAGE) == [
        f"database: storageEncrypted is {state}, but has to be True."
    ]


def test_unknown_is_a_violation(stack: "Stack") -> None:
    stack["database"].props["storageEncrypted"] = UNKNOWN
    assert stack.problems(STORAGE) == [
        "database: storageEncrypted is unknown before the update, so nothing vouches for it."
    ]


@pytest.mark.parametrize("key", ["kmsKeyId", "masterUserSecretKmsKeyId"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_key_of_the_accounts_own_encrypts(stack: "Stack", key: str, value: str | None) -> None:
    stack["database"].props[key] = value
    assert stack.problems(STORAGE) == [
        f"database: {key} is not set, so it is AWS's own key that encrypts."
    ]
    assert stack.problems(STORAGE, customerManagedKey=False) == []


@pytest.mark.parametrize(
    "alias", ["alias/aws/rds", "arn:aws:kms:eu-central-1:123456789012:alias/aws/rds"]
)
def test_an_alias_of_awss_own_key_is_none_of_ours(stack: "Stack", alias: str) -> None:
    stack["database"].props["kmsKeyId"] = alias
    assert stack.problems(STORAGE) == ["database: kmsKeyId is an alias of AWS's own key."]


def test_a_key_that_the_update_makes_will_do(stack: "Stack") -> None:
    stack["database"].props["kmsKeyId"] = UNKNOWN
    assert stack.problems(STORAGE) == []


def test_what_performance_insights_keeps_is_encrypted_too(stack: "Stack") -> None:
    stack["database"].props["performanceInsightsEnabled"] = True
    assert stack.problems(STORAGE) == [
        "database: performanceInsightsKmsKeyId is not set, so it is AWS's own key that encrypts."
    ]
    stack["database"].props["performanceInsightsKmsKeyId"] = KEY
    assert stack.problems(STORAGE) == []


def test_a_replica_shares_its_sources_key_but_says_that_it_is_encrypted(stack: "Stack") -> None:
    add(stack, "aws:rds/instance:Instance", replicateSourceDb=UNKNOWN, storageEncrypted=True)
    assert stack.problems(STORAGE) == []
    del stack["added"].props["storageEncrypted"]
    assert stack.breaking(STORAGE) == ["added"]


def test_a_cluster_is_judged_as_an_instance_is(stack: "Stack") -> None:
    add(stack, CLUSTER, storageEncrypted=False)
    assert stack.problems(STORAGE) == [
        "added: storageEncrypted is False, but has to be True.",
        "added: kmsKeyId is not set, so it is AWS's own key that encrypts.",
    ]
    stack["added"].props |= {"storageEncrypted": True, "kmsKeyId": KEY}
    assert stack.problems(STORAGE) == []


def test_a_global_cluster_is_encrypted(stack: "Stack") -> None:
    add(stack, "aws:rds/globalCluster:GlobalCluster")
    assert stack.problems(STORAGE) == ["added: storageEncrypted is not set, but has to be True."]


def test_a_member_of_a_cluster_has_the_clusters_storage(stack: "Stack") -> None:
    add(stack, MEMBER, performanceInsightsEnabled=False)
    assert stack.problems(STORAGE) == []
    stack["added"].props["performanceInsightsEnabled"] = True
    assert stack.breaking(STORAGE) == ["added"]


@pytest.mark.parametrize("kind", ["snapshot:Snapshot", "clusterSnapshot:ClusterSnapshot"])
def test_a_snapshot_is_shared_with_nobody(stack: "Stack", kind: str) -> None:
    add(stack, f"aws:rds/{kind}", sharedAccounts=["all", "999988887777"])
    assert stack.problems(SNAPSHOTS) == [
        "added: it is shared with all.",
        "added: it is shared with 999988887777.",
    ]
    stack["added"].props["sharedAccounts"] = []
    assert stack.problems(SNAPSHOTS) == []
    del stack["added"].props["sharedAccounts"]
    assert stack.problems(SNAPSHOTS) == []


def test_an_account_that_is_named_may_have_snapshots_but_never_everybody(stack: "Stack") -> None:
    add(stack, "aws:rds/snapshot:Snapshot", sharedAccounts=["999988887777", "all"])
    allowed = ["999988887777", "all"]
    assert stack.problems(SNAPSHOTS, sharedAccounts=allowed) == ["added: it is shared with all."]


@pytest.mark.parametrize("accounts", [UNKNOWN, [UNKNOWN]])
def test_unknown_accounts_are_a_violation(stack: "Stack", accounts: object) -> None:
    add(stack, "aws:rds/snapshot:Snapshot", sharedAccounts=accounts)
    assert stack.breaking(SNAPSHOTS) == ["added"]


@pytest.mark.parametrize(
    "kind", ["snapshotCopy:SnapshotCopy", "clusterSnapshotCopy:ClusterSnapshotCopy"]
)
def test_a_copy_is_made_under_a_key(stack: "Stack", kind: str) -> None:
    add(stack, f"aws:rds/{kind}")
    assert stack.problems(SNAPSHOTS) == [
        "added: kmsKeyId is not set, so the copy is as unencrypted as its source may be."
    ]
    stack["added"].props["kmsKeyId"] = KEY
    assert stack.problems(SNAPSHOTS) == []
