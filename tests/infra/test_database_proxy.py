import json
from collections.abc import Callable

import pytest

from tests.infra.recorder import TERRAFORM_OUTPUTS, Deployment
from todo_infra.database_proxy import proxy_policy

PROXY = "aws:rds/proxy:Proxy"
TARGET = "aws:rds/proxyTarget:ProxyTarget"
POOL = "aws:rds/proxyDefaultTargetGroup:ProxyDefaultTargetGroup"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
NAME = "todo-prod-database-proxy"
ACCOUNTS = ["arn:Secret:todo-prod-app-secret", "arn:rds-managed"]
Deploy = Callable[..., Deployment]


@pytest.fixture
def proxied(deploy: Deploy) -> Deployment:
    return deploy(databaseOperations={"proxy": True})


def test_there_is_none_unless_it_is_asked_for(prod: Deployment) -> None:
    assert prod.all(PROXY) + prod.all(TARGET) + prod.all(POOL) == []
    assert [one.name for one in prod.all(GROUP) if "proxy" in one.name] == []


def test_it_takes_no_plaintext_connection_and_logs_no_statement(proxied: Deployment) -> None:
    expected = {
        "requireTls": True,
        "debugLogging": False,
        "engineFamily": "MYSQL",
        "idleClientTimeout": 1800,
        "vpcSubnetIds": TERRAFORM_OUTPUTS["private_subnet_ids"],
        "vpcSecurityGroupIds": [f"{NAME}-id"],
        "roleArn": f"arn:Role:{NAME}",
    }
    inputs = proxied.one(PROXY).inputs
    assert {key: inputs.get(key) for key in expected} == expected


def test_it_knows_both_accounts_by_their_secrets(proxied: Deployment) -> None:
    auths = proxied.one(PROXY).inputs["auths"]
    assert [one["secretArn"] for one in auths] == ACCOUNTS
    for auth in auths:
        assert auth["authScheme"] == "SECRETS"
        assert auth["clientPasswordAuthType"] == "MYSQL_CACHING_SHA2_PASSWORD"
        assert auth["iamAuth"] == "DISABLED"


def test_it_may_read_their_passwords_and_nothing_else(proxied: Deployment) -> None:
    policy = json.loads(proxied.one("aws:iam/rolePolicy:RolePolicy", NAME).inputs["policy"])
    read, decrypt = policy["Statement"]
    assert (read["Action"], read["Resource"]) == (["secretsmanager:GetSecretValue"], ACCOUNTS)
    assert (decrypt["Action"], decrypt["Resource"]) == (["kms:Decrypt"], ["arn:Key:todo-prod-data"])
    through = {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}
    assert decrypt["Condition"] == {"StringEquals": through}


def test_without_a_key_of_ours_there_is_none_to_use() -> None:
    assert [one["Sid"] for one in proxy_policy("eu-west-1", ["a"], None)["Statement"]] == [
        "ReadAccounts"
    ]


def test_only_rds_in_this_account_takes_its_role(proxied: Deployment) -> None:
    role = proxied.one("aws:iam/role:Role", NAME)
    (statement,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert statement["Principal"] == {"Service": "rds.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "111122223333"}}


def test_it_stands_between_tasks_and_database(proxied: Deployment) -> None:
    def rules(type_: str) -> set[tuple[str, str, int]]:
        return {
            (one.inputs["securityGroupId"], one.inputs["referencedSecurityGroupId"], 3306)
            for one in proxied.all(type_)
            if one.name.startswith(NAME) and one.inputs["fromPort"] == one.inputs["toPort"] == 3306
        }

    tasks, proxy, database = "todo-prod-service-id", f"{NAME}-id", "todo-prod-database-id"
    assert rules(EGRESS) == {(tasks, proxy, 3306), (proxy, database, 3306)}
    assert rules(INGRESS) == {(proxy, tasks, 3306), (database, proxy, 3306)}
    assert len([one for one in proxied.registrations if one.name.startswith(f"{NAME}-")]) == 4


def test_it_leaves_some_connections_to_people(proxied: Deployment) -> None:
    pool = proxied.one(POOL).inputs["connectionPoolConfig"]
    assert pool["maxConnectionsPercent"] == 90
    target = proxied.one(TARGET).inputs
    assert target["dbInstanceIdentifier"] == "todo-prod-database"


def test_the_application_connects_to_it(proxied: Deployment) -> None:
    for container in proxied.containers().values():
        environment = {one["name"]: one["value"] for one in container["environment"]}
        assert environment["DATABASE_HOST"] == "proxy.example"
