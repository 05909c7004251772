import json
from collections.abc import Callable

import pytest

from tests.infra.recorder import GENERATED_PASSWORD, TERRAFORM_OUTPUTS, Deployment
from todo_infra.database import parameter_family

INSTANCE = "aws:rds/instance:Instance"
PARAMETERS = "aws:rds/parameterGroup:ParameterGroup"
SECRET_VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
Deploy = Callable[..., Deployment]


def test_the_server_refuses_connections_without_tls(prod: Deployment, local: Deployment) -> None:
    for deployment in (prod, local):
        group = deployment.one(PARAMETERS)
        parameters = {one["name"]: one["value"] for one in group.inputs["parameters"]}
        assert parameters["require_secure_transport"] == "1"
        assert parameters["tls_version"] == "TLSv1.2,TLSv1.3"
        assert deployment.one(INSTANCE).inputs["parameterGroupName"] == group.name


def test_a_replaced_parameter_group_gets_a_new_name(prod: Deployment) -> None:
    assert "name" not in prod.one(PARAMETERS).inputs


@pytest.mark.parametrize(
    ("version", "family"), [("8.4", "mysql8.4"), ("8.4.6", "mysql8.4"), ("9.7.0", "mysql9.7")]
)
def test_the_parameter_family_follows_the_engine(version: str, family: str) -> None:
    assert parameter_family(version) == family


def test_the_instance_is_private_encrypted_and_recoverable(prod: Deployment) -> None:
    expected = {
        "identifierPrefix": "todo-prod-database-",
        "engine": "mysql",
        "engineVersion": "8.4",
        "instanceClass": "db.m7g.large",
        "dbName": "todo",
        "port": 3306,
        "publiclyAccessible": False,
        "storageEncrypted": True,
        "storageType": "gp3",
        "allocatedStorage": 100,
        "maxAllocatedStorage": 400,
        "multiAz": True,
        "backupRetentionPeriod": 14,
        "deletionProtection": True,
        "skipFinalSnapshot": False,
        "finalSnapshotIdentifier": "todo-prod-database-final",
        "copyTagsToSnapshot": True,
        "autoMinorVersionUpgrade": True,
        "caCertIdentifier": "rds-ca-rsa2048-g1",
        "vpcSecurityGroupIds": ["todo-prod-database-id"],
        "dbSubnetGroupName": "todo-prod-database",
    }
    inputs = prod.one(INSTANCE).inputs
    assert {key: inputs.get(key) for key in expected} == expected


def test_the_database_lives_in_the_private_subnets_only(prod: Deployment) -> None:
    group = prod.one("aws:rds/subnetGroup:SubnetGroup")
    assert group.inputs["subnetIds"] == TERRAFORM_OUTPUTS["private_subnet_ids"]


def test_protection_is_loosened_by_name_only(deploy: Deploy) -> None:
    loose = {"multiAz": False, "deletionProtection": False, "finalSnapshot": False}
    inputs = deploy(databaseOperations=loose).one(INSTANCE).inputs
    assert inputs["multiAz"] is False
    assert inputs["deletionProtection"] is False
    assert inputs["skipFinalSnapshot"] is True
    assert "finalSnapshotIdentifier" not in inputs


def test_by_default_the_program_never_sees_the_master_password(prod: Deployment) -> None:
    instance = prod.one(INSTANCE)
    assert instance.inputs["manageMasterUserPassword"] is True
    assert "password" not in instance.inputs
    assert [one.name for one in prod.all(SECRET_VERSION)] == ["todo-prod-app-version"]


def test_the_migration_reads_the_master_secret_that_rds_keeps(prod: Deployment) -> None:
    secrets = {one["name"]: one["valueFrom"] for one in prod.containers()["migrate"]["secrets"]}
    assert secrets["DATABASE_ADMIN_USER"] == "arn:rds-managed:username::"
    assert secrets["DATABASE_ADMIN_PASSWORD"] == "arn:rds-managed:password::"


def test_a_generated_master_password_is_kept_in_its_own_secret(local: Deployment) -> None:
    instance = local.one(INSTANCE)
    assert "manageMasterUserPassword" not in instance.inputs
    assert instance.inputs["password"] == GENERATED_PASSWORD
    assert "password" in instance.secret_inputs
    version = local.one(SECRET_VERSION, "todo-local-master-version")
    assert json.loads(version.inputs["secretString"]) == {
        "username": instance.inputs["username"],
        "password": GENERATED_PASSWORD,
    }


def test_the_migration_reads_the_generated_master_secret(local: Deployment) -> None:
    secrets = {one["name"]: one["valueFrom"] for one in local.containers()["migrate"]["secrets"]}
    arn = "arn:Secret:todo-local-master-secret"
    assert secrets["DATABASE_ADMIN_USER"] == f"{arn}:username::"
    assert secrets["DATABASE_ADMIN_PASSWORD"] == f"{arn}:password::"
