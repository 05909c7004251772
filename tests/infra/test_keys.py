import json
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.infra.recorder import Deployment
from todo_infra.keys import decrypt_secrets, key_policy
from todo_infra.partitions import dns_suffix, partition_of

KEY = "aws:kms/key:Key"
ALIAS = "aws:kms/alias:Alias"
Deploy = Callable[..., Deployment]
ACCOUNT = "111122223333"
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


def statements(*publishers: str, trail: bool = False) -> dict[str, dict[str, Any]]:
    policy = key_policy("todo-prod", ACCOUNT, "eu-west-1", publishers, trail=trail)
    return {one["Sid"]: one for one in policy["Statement"]}


def test_the_key_rotates_and_its_deletion_can_be_taken_back(prod: Deployment) -> None:
    inputs = prod.one(KEY).inputs
    assert inputs["enableKeyRotation"] is True
    assert inputs["deletionWindowInDays"] == 30
    assert prod.one(KEY).protected
    assert prod.one(ALIAS).inputs["name"] == "alias/todo-prod-data"


def test_it_is_loosened_by_name_only(local: Deployment) -> None:
    assert not local.one(KEY).protected
    assert local.one(KEY).inputs["deletionWindowInDays"] == 7


def test_there_is_none_where_aws_has_its_own(deploy: Deploy) -> None:
    deployment = deploy(encryption={"customerManagedKey": False})
    assert deployment.all(KEY) + deployment.all(ALIAS) == []
    text = json.dumps([one.inputs for one in deployment.registrations])
    assert "kms:" not in text


def test_the_deployed_policy_is_the_one_that_is_tested_here(prod: Deployment) -> None:
    policy = json.loads(prod.one(KEY).inputs["policy"])
    publishers = ("cloudwatch.amazonaws.com", "budgets.amazonaws.com")
    assert policy["Statement"] == list(statements(*publishers, trail=True).values())


def test_nobody_uses_the_key_directly_not_even_the_account() -> None:
    uses = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")
    for one in statements("cloudwatch.amazonaws.com", trail=True).values():
        assert "kms:*" not in one["Action"]
        if set(uses) & set(one["Action"]) or "kms:CreateGrant" in one["Action"]:
            assert one["Condition"]


def test_the_account_uses_it_through_database_and_secrets_only() -> None:
    one = statements()["AccountUsesThroughServices"]
    assert one["Principal"] == ROOT
    assert one["Condition"] == {
        "StringEquals": {
            "kms:CallerAccount": ACCOUNT,
            "kms:ViaService": [
                "rds.eu-west-1.amazonaws.com",
                "secretsmanager.eu-west-1.amazonaws.com",
            ],
        }
    }


def test_only_aws_itself_hands_its_use_on() -> None:
    one = statements()["ServicesHoldGrants"]
    assert one["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}
    assert one["Condition"]["StringEquals"]["kms:CallerAccount"] == ACCOUNT
    assert [sid for sid, each in statements().items() if "kms:CreateGrant" in each["Action"]] == [
        "ServicesHoldGrants"
    ]


def test_logs_are_encrypted_for_the_stacks_own_groups_only(prod: Deployment) -> None:
    one = statements()["LogsOfThisStack"]
    assert one["Principal"] == {"Service": "logs.eu-west-1.amazonaws.com"}
    patterns = one["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    prefix = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:"

    def is_ours(name: str) -> bool:
        return any(fnmatchcase(f"{prefix}{name}", pattern) for pattern in patterns)

    for group in prod.all("aws:cloudwatch/logGroup:LogGroup"):
        assert is_ours(group.inputs["name"]), group.inputs["name"]
    for other in ("/ecs/todo-prod2", "/ecs/my-todo-prod", "/ecs/todo", "aws-waf-logs-todo-dev"):
        assert not is_ours(other)


def test_topics_are_for_the_services_that_publish_to_them() -> None:
    assert "Topics" not in statements()
    one = statements("cloudwatch.amazonaws.com")["Topics"]
    assert one["Principal"] == {"Service": ["cloudwatch.amazonaws.com"]}
    assert one["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    assert one["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]


def test_a_trail_of_the_account_encrypts_and_its_people_decrypt_what_it_wrote() -> None:
    assert not any(sid.startswith("Trail") for sid in statements())
    policy, service = statements(trail=True), {"Service": "cloudtrail.amazonaws.com"}
    trails = f"arn:aws:cloudtrail:*:{ACCOUNT}:trail/*"
    context = "kms:EncryptionContext:aws:cloudtrail:arn"
    for sid, action, conditions in (
        ("TrailLooks", "kms:DescribeKey", {"aws:SourceArn": trails}),
        ("TrailEncrypts", "kms:GenerateDataKey*", {"aws:SourceArn": trails, context: trails}),
    ):
        assert policy[sid]["Principal"] == service
        assert policy[sid]["Action"] == [action]
        assert policy[sid]["Condition"] == {"ArnLike": conditions}
    assert policy["TrailIsRead"]["Principal"] == ROOT
    assert policy["TrailIsRead"]["Action"] == ["kms:Decrypt"]
    assert policy["TrailIsRead"]["Condition"] == {
        "StringEquals": {"kms:CallerAccount": ACCOUNT},
        "Null": {context: "false"},
    }


def test_without_alarms_and_trail_neither_is_in_the_policy(deploy: Deploy) -> None:
    deployment = deploy(observability={"alarms": False}, audit={"trail": False})
    policy = json.loads(deployment.one(KEY).inputs["policy"])
    assert policy["Statement"] == list(statements().values())


def test_sessions_in_tasks_use_the_key_where_they_are_allowed_and_not_else(deploy: Deploy) -> None:
    assert "Sessions" not in statements()
    policy = json.loads(deploy(deployment={"allowExec": True}).one(KEY).inputs["policy"])
    (one,) = [each for each in policy["Statement"] if each["Sid"] == "Sessions"]
    assert one["Principal"] == ROOT
    assert one["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert one["Condition"] == {
        "StringEquals": {"kms:CallerAccount": ACCOUNT},
        "Null": {"kms:EncryptionContext:aws:ssm:SessionId": "false"},
    }


@pytest.mark.parametrize("role", ["todo-prod-task", "todo-prod-execution"])
def test_a_role_decrypts_secrets_and_nothing_else(prod: Deployment, role: str) -> None:
    policy = json.loads(prod.one("aws:iam/rolePolicy:RolePolicy", role).inputs["policy"])
    (one,) = [each for each in policy["Statement"] if "kms:Decrypt" in each["Action"]]
    assert one == decrypt_secrets("eu-west-1", "arn:Key:todo-prod-data")[0]
    assert one["Action"] == ["kms:Decrypt"]
    assert one["Resource"] == ["arn:Key:todo-prod-data"]
    through = {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}
    assert one["Condition"] == {"StringEquals": through}


@pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [
        ("eu-west-1", "aws", "amazonaws.com"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
    ],
)
def test_partitions(region: str, partition: str, suffix: str) -> None:
    assert (partition_of(region), dns_suffix(region)) == (partition, suffix)
