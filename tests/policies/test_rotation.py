import json

import pytest
from pulumi_policy.proxy import UnknownValueError

from tests.policies.judged import UNKNOWN, Judged, record
from todo_policies.rotation import (
    ROTATION_FUNCTION_PRIVATE,
    SECRET_ASKS_FOR_TLS,
    SECRET_NOT_MASTERS,
)
from todo_policies.rule import Rule

FUNCTION = "aws:serverlessrepository/cloudFormationStack:CloudFormationStack"
VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
FOREIGN = "arn:aws:serverlessrepo:us-east-1:999900001111:applications/SecretsManagerRDSMySQL"


@pytest.fixture
def stack() -> Judged:
    return record("prod", secrets={"rotationDays": 30})


def judge_function(stack: Judged) -> list[str]:
    name = stack.of(FUNCTION).name
    return [one.removeprefix(f"{name}: ") for one in stack.judge(ROTATION_FUNCTION_PRIVATE)]


def judge_secret(stack: Judged, rule: Rule, **changes: object) -> list[str]:
    version = stack.of(VERSION, "app")
    account = {**json.loads(version.inputs["secretString"]), **changes}
    account = {key: value for key, value in account.items() if value is not None}
    version.inputs["secretString"] = json.dumps(account)
    return [one.removeprefix(f"{version.name}: ") for one in stack.judge(rule)]


@pytest.mark.parametrize("name", ["prod", "dev", "local"])
def test_the_programs_own_rotation_passes(name: str) -> None:
    stack = record(name, secrets={"rotationDays": 30} if name == "prod" else {})
    assert stack.judge(ROTATION_FUNCTION_PRIVATE) == []
    assert stack.judge(SECRET_ASKS_FOR_TLS) == []
    assert stack.judge(SECRET_NOT_MASTERS) == []


def test_the_function_is_awss_own(stack: Judged) -> None:
    stack.of(FUNCTION).inputs["applicationId"] = FOREIGN
    assert judge_function(stack) == [
        f"applicationId is {FOREIGN}, and not AWS's own of Secrets Manager."
    ]
    del stack.of(FUNCTION).inputs["applicationId"]
    assert len(judge_function(stack)) == 1


@pytest.mark.parametrize("key", ["vpcSubnetIds", "kmsKeyArn"])
def test_the_function_is_in_the_network_and_under_the_key(stack: Judged, key: str) -> None:
    del stack.of(FUNCTION).inputs["parameters"][key]
    assert judge_function(stack) == [f"parameters.{key} is not set."]


def test_the_function_has_a_group_of_the_stack(stack: Judged) -> None:
    parameters = stack.of(FUNCTION).inputs["parameters"]
    parameters["vpcSecurityGroupIds"] = "sg-elsewhere"
    elsewhere = "parameters.vpcSecurityGroupIds names a group that is not of this stack."
    assert judge_function(stack) == [elsewhere]
    own = stack.of("aws:ec2/securityGroup:SecurityGroup", "rotation").computed["id"]
    parameters["vpcSecurityGroupIds"] = f"{own}, sg-elsewhere"
    assert judge_function(stack) == [elsewhere]
    parameters["vpcSecurityGroupIds"] = f"{own},{own}"
    assert judge_function(stack) == []
    del parameters["vpcSecurityGroupIds"]
    assert judge_function(stack) == ["parameters.vpcSecurityGroupIds is not set."]


def test_no_parameters_are_none_of_them(stack: Judged) -> None:
    del stack.of(FUNCTION).inputs["parameters"]
    assert len(judge_function(stack)) == 3


@pytest.mark.parametrize("named", ["subnet-private, {}", "{},subnet-private"])
def test_the_function_is_in_no_public_subnet(stack: Judged, named: str) -> None:
    parameters = stack.of(FUNCTION).inputs["parameters"]
    public = stack.of("aws:lb/loadBalancer:LoadBalancer").inputs["subnets"][1]
    parameters["vpcSubnetIds"] = named.format(public)
    assert judge_function(stack) == [
        f"{public} is a public subnet: the load balancer is in it, too."
    ]


def test_what_is_unknown_of_the_function_comes_from_the_engines_graph(stack: Judged) -> None:
    function = stack.of(FUNCTION)
    stack.make_unknown(function)
    function.inputs["parameters"] |= dict.fromkeys(("kmsKeyArn", "vpcSecurityGroupIds"), UNKNOWN)
    assert judge_function(stack) == []
    function.sources["parameters"] = frozenset({stack.of("aws:kms/key:Key").key})
    assert len(judge_function(stack)) == 1
    function.sources.clear()
    assert len(judge_function(stack)) == 1


@pytest.mark.parametrize(("ssl", "shown"), [(False, "False"), (None, "not set"), ("true", "true")])
def test_the_password_is_changed_over_tls(stack: Judged, ssl: object, shown: str) -> None:
    assert judge_secret(stack, SECRET_ASKS_FOR_TLS, ssl=ssl) == [
        f"ssl is {shown} in secretString, so its password may be changed in clear."
    ]


def test_an_account_of_which_little_is_told_is_one(stack: Judged) -> None:
    stack.of(VERSION).inputs["secretString"] = json.dumps({"host": "db", "username": "app"})
    assert len(stack.judge(SECRET_ASKS_FOR_TLS)) == 1


def test_the_applications_secret_is_not_the_masters(stack: Judged) -> None:
    assert judge_secret(stack, SECRET_NOT_MASTERS, username="todo_admin") == [
        "it is of todo_admin, the master, which RDS keeps a secret of itself for."
    ]


def test_a_clusters_master_is_one_too(stack: Judged) -> None:
    cluster = {"masterUsername": "cluster_admin", "manageMasterUserPassword": True}
    stack.add("aws:rds/cluster:Cluster", cluster)
    assert len(judge_secret(stack, SECRET_NOT_MASTERS, username="cluster_admin")) == 1


def test_where_rds_keeps_no_secret_the_program_keeps_the_masters(stack: Judged) -> None:
    stack.of("aws:rds/instance:Instance").inputs["manageMasterUserPassword"] = False
    assert judge_secret(stack, SECRET_NOT_MASTERS, username="todo_admin") == []


def test_the_masters_secret_that_the_program_keeps_is_another(stack: Judged) -> None:
    stack.of("aws:rds/instance:Instance").inputs["manageMasterUserPassword"] = False
    text = json.dumps({"username": "todo_admin", "password": "x"})
    kept = stack.add(VERSION, {"secretString": text})
    assert stack.judge(SECRET_NOT_MASTERS) == []
    assert judge_secret(stack, SECRET_NOT_MASTERS, username="todo_admin") == [
        f"it is of todo_admin, the master, as {kept.name} is already."
    ]


@pytest.mark.parametrize("key", ["host", "username"])
def test_what_is_no_databases_account_needs_no_tls(stack: Judged, key: str) -> None:
    assert judge_secret(stack, SECRET_ASKS_FOR_TLS, ssl=None, **{key: None}) == []


@pytest.mark.parametrize("text", ["a-token", "[]", "null", "", None])
@pytest.mark.parametrize("rule", [SECRET_ASKS_FOR_TLS, SECRET_NOT_MASTERS])
def test_another_kind_of_secret_is_no_account(stack: Judged, rule: Rule, text: str | None) -> None:
    stack.of(VERSION).inputs["secretString"] = text
    assert stack.judge(rule) == []


def test_an_unknown_secret_is_judged_by_the_update_before_it_is_made(stack: Judged) -> None:
    stack.of(VERSION).inputs["secretString"] = UNKNOWN
    with pytest.raises(UnknownValueError):
        stack.judge(SECRET_ASKS_FOR_TLS)
    assert stack.judge(SECRET_NOT_MASTERS) == []


def test_a_secret_that_is_in_no_state_asks_for_tls_too(stack: Judged) -> None:
    inputs = stack.of(VERSION).inputs
    inputs["secretStringWo"] = json.dumps({"host": "db", "username": "app"})
    [problem] = stack.judge(SECRET_ASKS_FOR_TLS)
    assert "ssl is not set in secretStringWo" in problem
    inputs["secretStringWo"] = UNKNOWN
    [problem] = stack.judge(SECRET_ASKS_FOR_TLS)
    assert "secretStringWo is unknown before the update" in problem
