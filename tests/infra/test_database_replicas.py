from collections.abc import Callable

import pytest

from tests.infra.recorder import OWN_MASTER, Deployment, Registration

INSTANCE = "aws:rds/instance:Instance"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
WRITER = "todo-prod-database"
Deploy = Callable[..., Deployment]


@pytest.fixture
def replicated(deploy: Deploy) -> Deployment:
    return deploy(database={"readReplicas": 2}, databaseOperations=OWN_MASTER)


def replicas(deployment: Deployment) -> list[Registration]:
    return [one for one in deployment.all(INSTANCE) if "replicateSourceDb" in one.inputs]


def test_there_are_none_unless_they_are_asked_for(prod: Deployment) -> None:
    assert [one.name for one in prod.all(INSTANCE)] == [WRITER]


def test_each_copies_the_database(replicated: Deployment) -> None:
    found = replicas(replicated)
    assert [one.inputs["identifier"] for one in found] == [
        f"{WRITER}-replica-1",
        f"{WRITER}-replica-2",
    ]
    assert {one.inputs["replicateSourceDb"] for one in found} == {WRITER}


def test_each_is_as_big_as_safe_and_as_watched_as_the_database(replicated: Deployment) -> None:
    writer = replicated.one(INSTANCE, WRITER).inputs
    same = {
        "instanceClass",
        "parameterGroupName",
        "caCertIdentifier",
        "storageEncrypted",
        "storageType",
        "maxAllocatedStorage",
        "vpcSecurityGroupIds",
        "publiclyAccessible",
        "iamDatabaseAuthenticationEnabled",
        "maintenanceWindow",
        "monitoringInterval",
        "monitoringRoleArn",
        "performanceInsightsEnabled",
        "performanceInsightsKmsKeyId",
        "enabledCloudwatchLogsExports",
        "autoMinorVersionUpgrade",
    }
    for replica in replicas(replicated):
        assert {key: replica.inputs[key] for key in same} == {key: writer[key] for key in same}


def test_none_states_what_it_has_from_the_database(replicated: Deployment) -> None:
    inherited = {
        "engine",
        "engineVersion",
        "username",
        "password",
        "dbName",
        "manageMasterUserPassword",
    } | {"dbSubnetGroupName", "kmsKeyId", "allocatedStorage", "masterUserSecretKmsKeyId"}
    for replica in replicas(replicated):
        assert not inherited & set(replica.inputs)


def test_fewer_of_them_is_a_change_like_any_other(replicated: Deployment) -> None:
    for replica in replicas(replicated):
        assert not replica.protected
        assert "deletionProtection" not in replica.inputs
        assert replica.inputs["skipFinalSnapshot"] is True


def test_the_application_reads_from_them(replicated: Deployment, prod: Deployment) -> None:
    for container in replicated.containers().values():
        environment = {one["name"]: one["value"] for one in container["environment"]}
        assert environment["DATABASE_HOST"] == "db.example"
        assert environment["DATABASE_READER_HOST"] == "db.example,db.example"
    for container in prod.containers().values():
        assert "DATABASE_READER_HOST" not in {one["name"] for one in container["environment"]}


def test_their_logs_have_an_end_too(replicated: Deployment) -> None:
    names = {one.inputs["name"]: one.name for one in replicated.all(LOG_GROUP)}
    for replica in replicas(replicated):
        for log in ("error", "slowquery"):
            group = names[f"/aws/rds/instance/{replica.inputs['identifier']}/{log}"]
            assert group in replica.waits_for
