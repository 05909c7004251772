import pytest

from tests.policies.judged import GONE, record
from todo_policies import endpoints
from todo_policies.endpoints import ENDPOINTS_CLOSED, ENDPOINTS_PRESENT
from todo_policies.resource_types import VPC_ENDPOINT
from todo_policies.rule import Rule

WITHOUT = {"network": {"vpcEndpoints": False}}
STATEMENT = "policy.Statement.1"


@pytest.mark.parametrize("rule", endpoints.RULES, ids=lambda rule: rule.name)
def test_prod_passes(rule: Rule) -> None:
    assert record().judge(rule) == []


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("policy", GONE, "policy is not set"),
        ("policy", "", "policy is not set"),
        (f"{STATEMENT}.Condition", GONE, "is for callers of any account"),
        (f"{STATEMENT}.Condition.StringEquals.aws:PrincipalAccount", "*", "callers of any account"),
        (f"{STATEMENT}.Action", "ecr:*", "allows ecr:*"),
        (f"{STATEMENT}.Action", "ecr:**", "allows ecr:**"),
        (f"{STATEMENT}.Action", "*", "allows *"),
        (f"{STATEMENT}.Resource", "*", "on what is any account's"),
        (f"{STATEMENT}.NotAction", "s3:*", "everything but what it names"),
        ("privateDnsEnabled", False, "privateDnsEnabled is False"),
        ("securityGroupIds", [], "names no security group"),
    ],
)
def test_an_open_entrance_is_refused(path: str, value: object, message: str) -> None:
    stack = record()
    stack.change(VPC_ENDPOINT, path, value, "ecr-api")
    problems = stack.judge(ENDPOINTS_CLOSED)
    assert any(message in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("policy.Statement.0.Resource", "arn:aws:s3:::somebodys/*"),
        ("policy.Statement.0.Action", "s3:PutObject"),
        ("policy.Statement.1.Condition.StringEquals.aws:ResourceAccount", GONE),
    ],
)
def test_the_way_to_storage_leads_to_layers_and_our_own_buckets(path: str, value: object) -> None:
    stack = record()
    stack.change(VPC_ENDPOINT, path, value, "s3")
    assert len(stack.judge(ENDPOINTS_CLOSED)) == 1


def test_what_an_entrance_may_allow_is_configured() -> None:
    assert len(record().judge(ENDPOINTS_CLOSED, wholeServices=[])) == 3
    assert len(record().judge(ENDPOINTS_CLOSED, signedPlaces=[])) == 1
    assert len(record().judge(ENDPOINTS_CLOSED, withoutResource=[])) == 3


def test_missing_entrances_are_named() -> None:
    stack = record()
    del stack[stack.of(VPC_ENDPOINT, "logs").key]
    [problem] = stack.judge(ENDPOINTS_PRESENT)
    assert "no entrance to logs in this stack" in problem
    without = record("prod", **WITHOUT)
    assert len(without.judge(ENDPOINTS_PRESENT)) == 1
    assert without.judge(ENDPOINTS_PRESENT, services=[]) == []
