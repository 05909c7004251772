import json
from typing import Any

import pytest

from tests.policies.judged import UNKNOWN, Judged, record
from todo_policies.own_account import OWN_ACCOUNT_ONLY

FOREIGN = "arn:aws:iam::999900001111:root"
KEY, ROLE = "aws:kms/key:Key", "aws:iam/role:Role"


@pytest.fixture
def stack() -> Judged:
    return record("prod")


def said(stack: Judged) -> list[str]:
    return stack.judge(OWN_ACCOUNT_ONLY)


def allow(principal: object, **condition: Any) -> str:  # noqa: ANN401 - any JSON value
    statement = {"Effect": "Allow", "Principal": principal, "Action": "*", "Condition": condition}
    return json.dumps({"Statement": [statement]})


@pytest.mark.parametrize("name", ["prod", "dev", "local"])
def test_the_programs_own_policies_stay_in_the_account(name: str) -> None:
    assert said(record(name)) == []


@pytest.mark.parametrize(
    "type_",
    [
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:kms/key:Key",
        "aws:kms/keyPolicy:KeyPolicy",
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
        "aws:secretsmanager/secret:Secret",
        "aws:secretsmanager/secretPolicy:SecretPolicy",
        "aws:sns/topicPolicy:TopicPolicy",
        "aws:ec2/vpcEndpoint:VpcEndpoint",
    ],
)
@pytest.mark.parametrize("principal", [FOREIGN, "999900001111"])
def test_another_accounts_principal_is_not_let_in(
    stack: Judged, type_: str, principal: str
) -> None:
    added = stack.add(type_, {"policy": allow({"AWS": principal})})
    assert said(stack) == [
        f"{added.name}: statement number 1 of policy names the account 999900001111, another one."
    ]


def test_another_accounts_principal_has_no_role(stack: Judged) -> None:
    stack.of(ROLE).inputs["assumeRolePolicy"] = allow({"AWS": [FOREIGN]})
    [problem] = said(stack)
    assert "of assumeRolePolicy names" in problem


@pytest.mark.parametrize(
    ("operator", "key"),
    [
        ("StringEquals", "aws:PrincipalAccount"),
        ("StringEquals", "aws:ResourceAccount"),
        ("StringEquals", "aws:SourceAccount"),
        ("StringEquals", "kms:CallerAccount"),
        ("ArnLike", "aws:SourceArn"),
    ],
)
def test_a_condition_does_not_let_another_account_in(
    stack: Judged, operator: str, key: str
) -> None:
    value = "arn:aws:logs:eu-west-1:999900001111:*" if operator == "ArnLike" else "999900001111"
    stack.add("aws:kms/key:Key", {"policy": allow({"Service": "x"}, **{operator: {key: value}})})
    assert len(said(stack)) == 1


@pytest.mark.parametrize(
    ("key", "arn"),
    [
        ("aws:SourceArn", "arn:aws:cloudtrail:*:999900001111:trail/*"),
        ("aws:PrincipalArn", "arn:aws:iam::999900001111:role/*"),
        ("kms:EncryptionContext:aws:logs:arn", "arn:aws:logs:*:999900001111:log-group:*"),
    ],
)
def test_a_glob_does_not_let_another_account_in(stack: Judged, key: str, arn: str) -> None:
    stack.add(KEY, {"policy": allow({"Service": "x"}, ArnLike={key: arn})})
    [problem] = said(stack)
    assert "names the account 999900001111, another one." in problem


def test_a_condition_does_not_hide_who_is_let_in(stack: Judged) -> None:
    condition = {"StringEquals": {"aws:SourceAccount": "111122223333"}}
    stack.add(KEY, {"policy": allow({"AWS": FOREIGN}, **condition)})
    assert len(said(stack)) == 1


def test_the_topic_that_a_policy_belongs_to_does_not_say_whose_the_stack_is(stack: Judged) -> None:
    policy = stack.of("aws:sns/topicPolicy:TopicPolicy")
    policy.inputs["arn"] = "arn:aws:sns:eu-west-1:999900001111:another"
    policy.inputs["policy"] = allow({"AWS": FOREIGN})
    [problem] = said(stack)
    assert problem.endswith("names the account 999900001111, another one.")


def test_a_condition_on_something_else_names_no_account(stack: Judged) -> None:
    condition = {"StringEquals": {"aws:RequestTag/owner": "999900001111"}}
    stack.add("aws:kms/key:Key", {"policy": allow("*", **condition)})
    assert said(stack) == []


def test_what_another_account_is_denied_is_no_matter(stack: Judged) -> None:
    policy = allow({"AWS": FOREIGN}).replace("Allow", "Deny")
    stack.add("aws:s3/bucketPolicy:BucketPolicy", {"policy": policy})
    assert said(stack) == []


def test_an_account_that_is_trusted_is_let_in(stack: Judged) -> None:
    stack.add("aws:s3/bucketPolicy:BucketPolicy", {"policy": allow({"AWS": FOREIGN})})
    assert stack.judge(OWN_ACCOUNT_ONLY, accounts=["999900001111"]) == []


def test_a_secret_without_a_policy_lets_nobody_in(stack: Judged) -> None:
    stack.add("aws:secretsmanager/secret:Secret", {})
    assert said(stack) == []


def nothing_known(stack: Judged) -> None:
    for one in stack.values():
        one.computed["arn"] = UNKNOWN
    stack.of("aws:sns/topicPolicy:TopicPolicy").inputs["arn"] = UNKNOWN


def test_the_policies_of_a_new_stack_agree_on_one_account(stack: Judged) -> None:
    nothing_known(stack)
    assert said(stack) == []
    key = stack.of(KEY)
    policy = json.loads(key.inputs["policy"])
    policy["Statement"][0]["Principal"] = {"AWS": FOREIGN}
    key.inputs["policy"] = json.dumps(policy)
    assert {"999900001111", "111122223333"} == {one.split()[-3].strip(",") for one in said(stack)}


def test_one_account_is_no_contradiction_in_a_new_stack(stack: Judged) -> None:
    nothing_known(stack)
    stack.add("aws:s3/bucketPolicy:BucketPolicy", {"policy": allow({"AWS": FOREIGN})})
    assert said(stack) == []


def test_an_unknown_policy_is_left_to_the_other_rules(stack: Judged) -> None:
    stack.of(KEY).inputs["policy"] = UNKNOWN
    assert said(stack) == []
