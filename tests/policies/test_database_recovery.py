from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.policies.conftest import Stack

PROTECTION, BACKUPS = "database-deletion-protection", "database-backups"
TAGS, ZONES = "database-snapshot-tags", "database-multi-az"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
CLUSTER = "aws:rds/cluster:Cluster"
MEMBER = "aws:rds/clusterInstance:ClusterInstance"


def make_a_replica(stack: "Stack") -> None:
    stack["database"].props = {"replicateSourceDb": UNKNOWN, "copyTagsToSnapshot": True}


@pytest.mark.parametrize(
    ("rule", "key"),
    [(PROTECTION, "deletionProtection"), (TAGS, "copyTagsToSnapshot"), (ZONES, "multiAz")],
)
@pytest.mark.parametrize(("value", "state"), [(False, "False"), (None, "not set")])
def test_each_switch_is_on_explicitly(
    stack: "Stack", rule: str, key: str, value: object, state: str
) -> None:
    stack["database"].props[key] = value
    assert stack.problems(rule) == [f"database: {key} is {state}, but has to be True."]
    del stack["database"].props[key]
    assert stack.problems(rule) == [f"database: {key} is not set, but has to be True."]
    stack["database"].props[key] = UNKNOWN
    assert stack.problems(rule) == [
        f"database: {key} is unknown before the update, so nothing vouches for it."
    ]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"backupRetentionPeriod": 6.0},
            "backupRetentionPeriod is 6, but at least 7 days are asked for.",
        ),
        (
            {"backupRetentionPeriod": 0.0},
            "backupRetentionPeriod is 0, but at least 7 days are asked for.",
        ),
        (
            {"backupRetentionPeriod": None},
            "backupRetentionPeriod is not set, but at least 7 days are asked for.",
        ),
        ({"skipFinalSnapshot": True}, "skipFinalSnapshot is True, but has to be False."),
        ({"skipFinalSnapshot": None}, "skipFinalSnapshot is not set, but has to be False."),
        (
            {"finalSnapshotIdentifier": None},
            "finalSnapshotIdentifier is not set, which only a deletion would find out.",
        ),
        (
            {"deleteAutomatedBackups": True},
            "deleteAutomatedBackups is not False, so the backups go with the database.",
        ),
        (
            {"deleteAutomatedBackups": None},
            "deleteAutomatedBackups is not False, so the backups go with the database.",
        ),
    ],
)
def test_data_can_be_brought_back(stack: "Stack", changes: dict[str, Any], problem: str) -> None:
    stack["database"].props |= changes
    assert stack.problems(BACKUPS) == [f"database: {problem}"]


def test_a_stack_to_try_things_out_asks_for_less(stack: "Stack") -> None:
    stack["database"].props |= {
        "backupRetentionPeriod": 1.0,
        "skipFinalSnapshot": True,
        "finalSnapshotIdentifier": None,
        "deleteAutomatedBackups": True,
    }
    assert stack.problems(BACKUPS, minimumDays=1.0, finalSnapshot=False) == []
    assert stack.problems(BACKUPS, minimumDays=2.0, finalSnapshot=False) == [
        "database: backupRetentionPeriod is 1, but at least 2 days are asked for."
    ]


def test_a_snapshot_named_by_the_update_will_do(stack: "Stack") -> None:
    stack["database"].props["finalSnapshotIdentifier"] = UNKNOWN
    assert stack.problems(BACKUPS) == []


def test_unknown_days_are_a_violation(stack: "Stack") -> None:
    stack["database"].props["backupRetentionPeriod"] = UNKNOWN
    assert stack.breaking(BACKUPS) == ["database"]


@pytest.mark.parametrize("rule", [PROTECTION, BACKUPS, ZONES])
def test_a_replica_holds_nothing_of_its_own(stack: "Stack", rule: str) -> None:
    make_a_replica(stack)
    assert stack.problems(rule) == []


def test_a_replicas_snapshots_are_tagged_too(stack: "Stack") -> None:
    make_a_replica(stack)
    del stack["database"].props["copyTagsToSnapshot"]
    assert stack.breaking(TAGS) == ["database"]


def test_a_cluster_needs_a_second_instance(stack: "Stack") -> None:
    resource = type(stack["database"])
    stack["cluster"] = resource(type=CLUSTER, props={"id": "todo"})
    stack["first"] = resource(type=MEMBER, props={"clusterIdentifier": "todo"})
    stack["other"] = resource(type=MEMBER, props={"clusterIdentifier": "another"})
    assert stack.problems(ZONES) == [
        "cluster: the cluster has 1 instances, but a failover needs 2."
    ]
    stack["second"] = resource(
        type=MEMBER,
        props={"clusterIdentifier": UNKNOWN},
        sources={"clusterIdentifier": ["cluster"]},
    )
    assert stack.problems(ZONES) == []


def test_a_multi_az_cluster_has_its_instances_by_itself(stack: "Stack") -> None:
    props = {"dbClusterInstanceClass": "db.m5d.large"}
    stack["cluster"] = type(stack["database"])(type=CLUSTER, props=props)
    assert stack.problems(ZONES) == []
