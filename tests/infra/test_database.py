import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.infra.recorder import GENERATED_PASSWORD, TERRAFORM_OUTPUTS, Deployment
from todo_infra.database_parameters import parameter_family

INSTANCE = "aws:rds/instance:Instance"
PARAMETERS = "aws:rds/parameterGroup:ParameterGroup"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
ROLE = "aws:iam/role:Role"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
SECRET_VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
WRITER = "todo-prod-database"
KEY = "arn:Key:todo-prod-data"
Deploy = Callable[..., Deployment]


def parameters(deployment: Deployment) -> dict[str, str]:
    return {one["name"]: one["value"] for one in deployment.one(PARAMETERS).inputs["parameters"]}


def writer(deployment: Deployment) -> dict[str, Any]:
    return deployment.one(INSTANCE).inputs


def test_the_server_refuses_connections_without_tls(prod: Deployment, local: Deployment) -> None:
    for deployment in (prod, local):
        assert parameters(deployment)["require_secure_transport"] == "1"
        assert parameters(deployment)["tls_version"] == "TLSv1.2,TLSv1.3"
        assert writer(deployment)["parameterGroupName"] == deployment.one(PARAMETERS).name


def test_a_parameter_that_needs_a_restart_waits_for_one(prod: Deployment) -> None:
    waiting = {
        one["name"]
        for one in prod.one(PARAMETERS).inputs["parameters"]
        if one.get("applyMethod") == "pending-reboot"
    }
    assert waiting == {"tls_version", "gtid-mode", "enforce_gtid_consistency"}


def test_slow_queries_are_logged_where_they_can_be_exported(deploy: Deploy) -> None:
    stated = parameters(deploy(databaseOperations={"slowQuerySeconds": 3}))
    assert (stated["slow_query_log"], stated["long_query_time"]) == ("1", "3")
    assert stated["log_output"] == "FILE"
    unlogged = parameters(deploy(databaseOperations={"logExports": ["error"]}))
    assert not {"slow_query_log", "long_query_time", "log_output"} & set(unlogged)


def test_transactions_are_numbered_across_servers(deploy: Deploy, prod: Deployment) -> None:
    names = {"gtid-mode": "ON", "enforce_gtid_consistency": "ON"}
    assert names.items() <= parameters(prod).items()
    without = parameters(deploy(databaseOperations={"globalTransactionIds": False}))
    assert not set(names) & set(without)


@pytest.mark.parametrize(
    ("version", "family"), [("8.4", "mysql8.4"), ("8.4.6", "mysql8.4"), ("9.7.0", "mysql9.7")]
)
def test_the_parameter_family_follows_the_engine(version: str, family: str) -> None:
    assert parameter_family(version) == family


def test_a_new_line_gets_a_new_group_before_the_old_one_goes(deploy: Deploy) -> None:
    upgrade = {"engineVersion": "9.7", "allowMajorVersionUpgrade": True, "applyImmediately": True}
    deployment = deploy(databaseOperations=upgrade)
    group = deployment.one(PARAMETERS)
    # A generated name, and no deletion first: the engine then replaces it in that order.
    assert "name" not in group.inputs
    assert not group.replaced_after_deletion
    assert group.inputs["family"] == "mysql9.7"
    expected = {
        "engineVersion": "9.7",
        "allowMajorVersionUpgrade": True,
        "applyImmediately": True,
        "parameterGroupName": group.name,
    }
    assert expected.items() <= writer(deployment).items()


def test_the_instance_is_private_encrypted_and_recoverable(prod: Deployment) -> None:
    expected = {
        "identifier": WRITER,
        "engine": "mysql",
        "engineVersion": "8.4",
        "allowMajorVersionUpgrade": False,
        "applyImmediately": False,
        "instanceClass": "db.m7g.large",
        "dbName": "todo",
        "port": 3306,
        "publiclyAccessible": False,
        "storageEncrypted": True,
        "kmsKeyId": KEY,
        "storageType": "gp3",
        "allocatedStorage": 100,
        "maxAllocatedStorage": 400,
        "multiAz": True,
        "backupRetentionPeriod": 14,
        "backupWindow": "03:00-04:00",
        "maintenanceWindow": "sun:05:00-sun:06:00",
        "deleteAutomatedBackups": False,
        "deletionProtection": True,
        "skipFinalSnapshot": False,
        "finalSnapshotIdentifier": "todo-prod-database-final",
        "copyTagsToSnapshot": True,
        "autoMinorVersionUpgrade": True,
        "iamDatabaseAuthenticationEnabled": True,
        "caCertIdentifier": "rds-ca-rsa2048-g1",
        "vpcSecurityGroupIds": ["todo-prod-database-id"],
        "dbSubnetGroupName": "todo-prod-database",
        "masterUserSecretKmsKeyId": KEY,
    }
    assert {key: writer(prod).get(key) for key in expected} == expected
    assert "engineLifecycleSupport" not in writer(prod)  # a change of it replaces the database


def test_pulumi_neither_deletes_nor_replaces_the_database(prod: Deployment) -> None:
    assert prod.one(INSTANCE).protected


def test_a_database_that_may_be_replaced_gives_up_its_name_first(local: Deployment) -> None:
    instance = local.one(INSTANCE)
    assert not instance.protected
    assert instance.replaced_after_deletion


def test_the_database_lives_in_the_private_subnets_only(prod: Deployment) -> None:
    group = prod.one("aws:rds/subnetGroup:SubnetGroup")
    assert group.inputs["subnetIds"] == TERRAFORM_OUTPUTS["private_subnet_ids"]


def test_protection_is_loosened_by_name_only(deploy: Deploy) -> None:
    loose = {
        "multiAz": False,
        "deletionProtection": False,
        "finalSnapshot": False,
        "protect": False,
        "iamAuthentication": False,
        "backupWindow": "22:00-23:00",
        "maintenanceWindow": "mon:00:00-mon:01:00",
    }
    deployment = deploy(databaseOperations=loose)
    inputs = writer(deployment)
    assert inputs["multiAz"] is False
    assert inputs["deletionProtection"] is False
    assert inputs["skipFinalSnapshot"] is True
    assert inputs["deleteAutomatedBackups"] is True
    assert inputs["iamDatabaseAuthenticationEnabled"] is False
    assert inputs["backupWindow"] == "22:00-23:00"
    assert inputs["maintenanceWindow"] == "mon:00:00-mon:01:00"
    assert "finalSnapshotIdentifier" not in inputs
    assert not deployment.one(INSTANCE).protected


def test_by_default_the_program_never_sees_the_master_password(prod: Deployment) -> None:
    assert writer(prod)["manageMasterUserPassword"] is True
    assert "password" not in writer(prod)
    assert [one.name for one in prod.all(SECRET_VERSION)] == ["todo-prod-app-version"]


def test_the_migration_reads_the_master_secret_that_rds_keeps(prod: Deployment) -> None:
    secrets = {one["name"]: one["valueFrom"] for one in prod.containers()["migrate"]["secrets"]}
    assert secrets["DATABASE_ADMIN_USER"] == "arn:rds-managed:username::"
    assert secrets["DATABASE_ADMIN_PASSWORD"] == "arn:rds-managed:password::"


def test_a_generated_master_password_is_kept_in_its_own_secret(local: Deployment) -> None:
    instance = local.one(INSTANCE)
    assert "manageMasterUserPassword" not in instance.inputs
    assert "masterUserSecretKmsKeyId" not in instance.inputs
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


def test_logs_have_an_end_and_a_key_before_the_server_writes_them(prod: Deployment) -> None:
    groups = [one for one in prod.all(LOG_GROUP) if "/aws/rds/" in one.inputs["name"]]
    assert {one.inputs["name"] for one in groups} == {
        f"/aws/rds/instance/{WRITER}/error",
        f"/aws/rds/instance/{WRITER}/slowquery",
    }
    for group in groups:
        assert (group.inputs["retentionInDays"], group.inputs["kmsKeyId"]) == (365, KEY)
    assert writer(prod)["enabledCloudwatchLogsExports"] == ["error", "slowquery"]
    assert {one.name for one in groups} <= prod.one(INSTANCE).waits_for


def test_no_log_is_exported_that_is_not_asked_for(local: Deployment) -> None:
    assert writer(local)["enabledCloudwatchLogsExports"] == []
    assert [one.name for one in local.all(LOG_GROUP)] == ["todo-local-logs"]


def test_the_operating_system_is_measured_by_a_role_of_its_own(prod: Deployment) -> None:
    inputs = writer(prod)
    role = prod.one(ROLE, "todo-prod-database-monitoring")
    assert (inputs["monitoringInterval"], inputs["monitoringRoleArn"]) == (
        60,
        f"arn:Role:{role.name}",
    )
    (statement,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert statement["Principal"] == {"Service": "monitoring.rds.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "111122223333"}}
    policy = prod.one(ATTACHMENT, "todo-prod-database-monitoring").inputs["policyArn"]
    assert policy == "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"


def test_nothing_is_measured_where_nobody_asks(local: Deployment) -> None:
    assert writer(local)["monitoringInterval"] == 0
    assert "monitoringRoleArn" not in writer(local)
    assert [one.name for one in local.all(ROLE) if "database" in one.name] == []


@pytest.mark.parametrize(
    ("size", "switch", "expected"),
    [
        ("large", True, True),
        ("medium", True, True),
        ("small", True, False),
        ("xsmall", True, False),
        ("large", False, False),
    ],
)
def test_load_is_explained_on_the_sizes_that_can(
    deploy: Deploy, size: str, switch: bool, expected: bool
) -> None:
    few = {"peakRequestsPerSecond": 600, "maxTasks": 2}  # the smallest has few connections
    insights = {"performanceInsights": switch}
    inputs = writer(
        deploy(capacity=few, database={"size": size}, databaseOperations=insights),
    )
    assert inputs["performanceInsightsEnabled"] is expected
    assert inputs.get("performanceInsightsKmsKeyId") == (KEY if expected else None)
    assert inputs.get("performanceInsightsRetentionPeriod") == (7 if expected else None)


def test_without_a_key_of_its_own_the_stack_uses_those_of_aws(deploy: Deploy) -> None:
    deployment = deploy(encryption={"customerManagedKey": False})
    inputs = writer(deployment)
    assert inputs["storageEncrypted"] is True
    assert inputs["performanceInsightsEnabled"] is True
    keys = ("kmsKeyId", "performanceInsightsKmsKeyId", "masterUserSecretKmsKeyId")
    assert not set(keys) & set(inputs)
    assert all("kmsKeyId" not in one.inputs for one in deployment.all(LOG_GROUP))


def test_the_application_is_told_the_host_by_its_name(prod: Deployment) -> None:
    environment = {one["name"]: one["value"] for one in prod.containers()["app"]["environment"]}
    assert environment["DATABASE_HOST"] == "db.example"
    assert environment["DATABASE_PORT"] == "3306"
    assert environment["DATABASE_NAME"] == "todo"


def test_the_end_of_support_is_told_at_each_deployment(
    deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr("pulumi.warn", lambda text, **_: told.append(text))
    deploy()
    monkeypatch.setattr("todo_infra.mysql_support.WARN_DAYS", 365 * 30)
    deploy()
    assert [text[:53] for text in told] == [
        "AWS's standard support of MySQL 8.4 ends on 2029-07-31"[:53]
    ]
