from collections.abc import Callable

import pytest

from tests.infra.recorder import TERRAFORM_OUTPUTS, Deployment

FUNCTION = "aws:serverlessrepository/cloudFormationStack:CloudFormationStack"
ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
NAME = "todo-prod-app-rotation"
Deploy = Callable[..., Deployment]


@pytest.fixture
def rotating(deploy: Deploy) -> Deployment:
    return deploy(secrets={"rotationDays": 30})


def test_there_is_none_unless_it_is_asked_for(prod: Deployment) -> None:
    assert prod.all(FUNCTION) + prod.all(ROTATION) == []
    assert [one.name for one in prod.registrations if "rotation" in one.name] == []


def test_the_applications_password_changes_after_the_days_that_are_stated(
    rotating: Deployment,
) -> None:
    inputs = rotating.one(ROTATION).inputs
    assert inputs == {
        "secretId": "arn:Secret:todo-prod-app-secret",
        "rotationLambdaArn": f"arn:lambda:{NAME}",
        "rotationRules": {"automaticallyAfterDays": 30},
        "rotateImmediately": False,
    }


def test_the_function_is_the_one_that_aws_publishes_at_a_version(rotating: Deployment) -> None:
    inputs = rotating.one(FUNCTION).inputs
    assert inputs["applicationId"] == (
        "arn:aws:serverlessrepo:us-east-1:297356227824:applications/"
        "SecretsManagerRDSMySQLRotationSingleUser"
    )
    assert inputs["semanticVersion"] == "1.1.671"
    assert inputs["capabilities"] == ["CAPABILITY_IAM", "CAPABILITY_RESOURCE_POLICY"]


def test_it_runs_in_the_private_subnets_with_the_stacks_key(rotating: Deployment) -> None:
    parameters = rotating.one(FUNCTION).inputs["parameters"]
    assert parameters == {
        "functionName": NAME,
        "endpoint": "https://secretsmanager.eu-west-1.amazonaws.com",
        "vpcSubnetIds": ",".join(TERRAFORM_OUTPUTS["private_subnet_ids"]),
        "vpcSecurityGroupIds": f"{NAME}-id",
        "excludeCharacters": " /@\"'\\`",
        "kmsKeyArn": "arn:Key:todo-prod-data",
    }


def test_without_a_key_of_ours_it_needs_none(deploy: Deploy) -> None:
    deployment = deploy(secrets={"rotationDays": 1}, encryption={"customerManagedKey": False})
    assert "kmsKeyArn" not in deployment.one(FUNCTION).inputs["parameters"]


def reached(deployment: Deployment) -> set[str]:
    return {
        one.inputs.get("referencedSecurityGroupId") or one.inputs["cidrIpv4"]
        for one in deployment.all("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
        if one.inputs["securityGroupId"] == f"{NAME}-id"
    }


@pytest.mark.parametrize(
    ("inside", "aws_services"), [(True, "todo-prod-endpoints-id"), (False, "0.0.0.0/0")]
)
def test_it_reaches_the_database_and_aws(deploy: Deploy, inside: bool, aws_services: str) -> None:
    deployment = deploy(secrets={"rotationDays": 1}, network={"vpcEndpoints": inside})
    assert reached(deployment) == {"todo-prod-database-id", aws_services}


def test_nobody_reaches_it(rotating: Deployment) -> None:
    ingress = rotating.all("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    assert f"{NAME}-id" not in [one.inputs["securityGroupId"] for one in ingress]
    accepting = [one for one in ingress if f"{NAME}-id" in one.inputs.values()]
    assert {one.inputs["securityGroupId"] for one in accepting} == {
        "todo-prod-database-id",
        "todo-prod-endpoints-id",
    }


def test_it_comes_after_the_service_that_makes_the_account(rotating: Deployment) -> None:
    assert "todo-prod-service" in rotating.one(ROTATION).waits_for
