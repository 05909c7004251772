import json
from collections.abc import Callable

import pytest

from tests.infra.recorder import GENERATED_PASSWORD, Deployment

SECRET = "aws:secretsmanager/secret:Secret"
SECRET_VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
VERSIONS = ["todo-local-app-version", "todo-local-master-version"]


@pytest.mark.parametrize("name", VERSIONS)
def test_a_password_is_never_generated_again(local: Deployment, name: str) -> None:
    assert local.one(SECRET_VERSION, name).ignored == ("secretString",)


@pytest.mark.parametrize("name", VERSIONS)
def test_a_stored_password_is_encrypted_in_the_state(local: Deployment, name: str) -> None:
    assert "secretString" in local.one(SECRET_VERSION, name).secret_inputs


def test_the_applications_account_has_its_own_secret(prod: Deployment) -> None:
    version = prod.one(SECRET_VERSION, "todo-prod-app-version")
    assert version.inputs["secretId"] == "arn:Secret:todo-prod-app-secret"
    assert json.loads(version.inputs["secretString"]) == {
        "username": "todo_app",
        "password": GENERATED_PASSWORD,
        # Read by AWS's rotation function, which else refuses, or connects without TLS.
        "engine": "mysql",
        "host": "db.example",
        "port": 3306,
        "dbname": "todo",
        "ssl": True,
    }


def test_the_deletion_of_a_secret_can_be_taken_back(prod: Deployment) -> None:
    inputs = prod.one(SECRET).inputs
    assert inputs["recoveryWindowInDays"] == 30
    assert inputs["kmsKeyId"] == "arn:Key:todo-prod-data"


def test_a_secret_may_be_kept_as_aws_does(deploy: Callable[..., Deployment]) -> None:
    deployment = deploy(secrets={"recoveryWindowDays": 0}, encryption={"customerManagedKey": False})
    assert deployment.one(SECRET).inputs["recoveryWindowInDays"] == 0
    assert "kmsKeyId" not in deployment.one(SECRET).inputs


def test_passwords_are_long_and_fit_into_every_connection_string(local: Deployment) -> None:
    calls = local.calls["aws:secretsmanager/getRandomPassword:getRandomPassword"]
    assert len(calls) == 2
    for call in calls:
        assert call["passwordLength"] == 40
        assert call["excludePunctuation"] is True
        assert call["requireEachIncludedType"] is True
