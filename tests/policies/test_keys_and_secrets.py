from typing import Any

import pytest

from tests.policies.judged import GONE, UNKNOWN, record
from todo_policies import keys_and_secrets
from todo_policies.keys_and_secrets import (
    KEY_ROTATES,
    PARAMETER_ENCRYPTED,
    POLICY_NAMES_ITS_PRINCIPALS,
    SECRET_PROTECTED,
    SECRET_ROTATION_REGULAR,
    TOPIC_ENCRYPTED,
)
from todo_policies.resource_types import (
    BUCKET,
    BUCKET_POLICY,
    KEY,
    SECRET,
    SECRET_POLICY,
    SECRET_ROTATION,
    SSM_PARAMETER,
    TOPIC,
    TOPIC_POLICY,
)
from todo_policies.rule import Rule

ROTATED = {"secrets": {"rotationDays": 30}}
PUBLIC = '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "x:Y", "Resource": "z"}}'

CASES: list[tuple[Rule, str, str, Any, str]] = [
    (KEY_ROTATES, KEY, "enableKeyRotation", False, "enableKeyRotation is False"),
    (KEY_ROTATES, KEY, "enableKeyRotation", GONE, "enableKeyRotation is not set"),
    (KEY_ROTATES, KEY, "enableKeyRotation", UNKNOWN, "is unknown before the update"),
    (KEY_ROTATES, KEY, "deletionWindowInDays", 7, "is 7; at least 14"),
    (KEY_ROTATES, KEY, "isEnabled", False, "isEnabled is False"),
    (KEY_ROTATES, KEY, "bypassPolicyLockoutSafetyCheck", True, "bypassPolicyLockoutSafetyCheck is"),
    (SECRET_PROTECTED, SECRET, "kmsKeyId", GONE, "kmsKeyId is not set"),
    (SECRET_PROTECTED, SECRET, "recoveryWindowInDays", 0, "is 0; at least 7"),
    (SECRET_PROTECTED, SECRET, "replicas", [{"region": "us-east-1"}], "in us-east-1 has no kms"),
    (TOPIC_ENCRYPTED, TOPIC, "kmsMasterKeyId", GONE, "kmsMasterKeyId is not set"),
    (TOPIC_ENCRYPTED, TOPIC, "kmsMasterKeyId", "", "kmsMasterKeyId is not set"),
    (POLICY_NAMES_ITS_PRINCIPALS, KEY, "policy", GONE, "policy is not set"),
    (POLICY_NAMES_ITS_PRINCIPALS, KEY, "policy", PUBLIC, "is for everybody"),
    (POLICY_NAMES_ITS_PRINCIPALS, SECRET, "policy", PUBLIC, "is for everybody"),
    (POLICY_NAMES_ITS_PRINCIPALS, BUCKET, "policy", PUBLIC, "is for everybody"),
    (POLICY_NAMES_ITS_PRINCIPALS, TOPIC_POLICY, "policy", PUBLIC, "is for everybody"),
    (
        POLICY_NAMES_ITS_PRINCIPALS,
        TOPIC_POLICY,
        "policy.Statement.0.Condition",
        GONE,
        "is for cloudwatch.amazonaws.com on behalf of any account",
    ),
    (
        POLICY_NAMES_ITS_PRINCIPALS,
        TOPIC_POLICY,
        "policy.Statement.0.Condition",
        {"Null": {"aws:SourceAccount": "false"}, "ArnLike": {"aws:SourceArn": "arn:aws:ecs:*:*:*"}},
        "is for cloudwatch.amazonaws.com on behalf of any account",
    ),
    (
        POLICY_NAMES_ITS_PRINCIPALS,
        TOPIC_POLICY,
        "policy.Statement.0.Action",
        "sns:*",
        "allows sns:*",
    ),
    (
        POLICY_NAMES_ITS_PRINCIPALS,
        TOPIC_POLICY,
        "policy.Statement.0.Action",
        "Publish",
        "allows Publish",
    ),
    (
        POLICY_NAMES_ITS_PRINCIPALS,
        BUCKET_POLICY,
        "policy.Statement.0.Resource",
        "*",
        "is about any resource",
    ),
    (
        POLICY_NAMES_ITS_PRINCIPALS,
        BUCKET_POLICY,
        "policy.Statement.0.NotPrincipal",
        {"AWS": "x"},
        "allows everything but what it names",
    ),
    (
        POLICY_NAMES_ITS_PRINCIPALS,
        KEY,
        "policy.Statement.1.Condition",
        GONE,
        "lets the key be used directly",
    ),
    (POLICY_NAMES_ITS_PRINCIPALS, KEY, "policy.Statement.0.Action", "kms:*", "allows kms:*"),
    (POLICY_NAMES_ITS_PRINCIPALS, KEY, "policy.Statement.0.Action", "kms:**", "allows kms:**"),
    (POLICY_NAMES_ITS_PRINCIPALS, KEY, "policy.Statement.0.Action", "kms:de*", "used directly"),
    (POLICY_NAMES_ITS_PRINCIPALS, KEY, "policy", "no json", "it cannot be read"),
]


@pytest.mark.parametrize("rule", keys_and_secrets.RULES, ids=lambda rule: rule.name)
def test_prod_passes(rule: Rule) -> None:
    assert record("prod", **ROTATED).judge(rule) == []


@pytest.mark.parametrize(("rule", "type_", "path", "value", "message"), CASES)
def test_each_loosening_is_refused(
    rule: Rule, type_: str, path: str, value: object, message: str
) -> None:
    stack = record()
    changed = stack.change(type_, path, value)
    problems = stack.judge(rule)
    assert any(message in problem for problem in problems), problems
    assert all(problem.startswith(f"{changed.name}: ") for problem in problems)


def test_a_key_that_aws_cannot_rotate_need_not_be() -> None:
    stack = record()
    stack.change(KEY, "customerMasterKeySpec", "RSA_2048")
    stack.change(KEY, "enableKeyRotation", GONE)
    assert stack.judge(KEY_ROTATES) == []


@pytest.mark.parametrize("kind", ["", "SYMMETRIC_DEFAULT"])
def test_a_key_that_aws_can_rotate_has_to_be(kind: str) -> None:
    stack = record()
    stack.change(KEY, "customerMasterKeySpec", kind)
    assert stack.judge(KEY_ROTATES) == []
    stack.change(KEY, "enableKeyRotation", GONE)
    assert len(stack.judge(KEY_ROTATES)) == 1


def test_a_replica_needs_a_key_where_the_secret_does() -> None:
    stack = record()
    stack.change(SECRET, "replicas", [{"region": "us-east-1", "kmsKeyId": "alias/todo"}])
    assert stack.judge(SECRET_PROTECTED) == []
    stack.change(SECRET, "replicas", [{"region": "us-east-1"}])
    assert stack.judge(SECRET_PROTECTED, customerKey=False) == []


def test_awss_own_defaults_are_long_enough() -> None:
    stack = record()
    stack.change(KEY, "deletionWindowInDays", GONE)
    stack.change(SECRET, "recoveryWindowInDays", GONE)
    assert stack.judge(KEY_ROTATES) + stack.judge(SECRET_PROTECTED) == []


def test_a_key_that_is_not_known_yet_is_one() -> None:
    stack = record()
    stack.change(SECRET, "kmsKeyId", UNKNOWN)
    stack.change(TOPIC, "kmsMasterKeyId", UNKNOWN)
    assert stack.judge(SECRET_PROTECTED) + stack.judge(TOPIC_ENCRYPTED) == []


def test_times_and_keys_are_configured() -> None:
    stack = record("dev", encryption={"customerManagedKey": False})
    assert len(stack.judge(SECRET_PROTECTED)) == 2
    assert stack.judge(SECRET_PROTECTED, customerKey=False, minRecoveryDays=0) == []
    assert record("dev").judge(KEY_ROTATES, minDeletionDays=7) == []


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("rotationRules.automaticallyAfterDays", 365, "after 365 days; 90 are allowed"),
        ("rotationRules", GONE, "rotationRules names neither automaticallyAfterDays nor"),
        ("rotationLambdaArn", GONE, "rotationLambdaArn is not set"),
    ],
)
def test_a_rotation_that_is_none_is_refused(path: str, value: object, message: str) -> None:
    stack = record("prod", **ROTATED)
    stack.change(SECRET_ROTATION, path, value)
    [problem] = stack.judge(SECRET_ROTATION_REGULAR)
    assert message in problem


def test_a_rotation_just_often_enough_passes() -> None:
    stack = record("prod", **ROTATED)
    stack.change(SECRET_ROTATION, "rotationRules.automaticallyAfterDays", 90)
    assert stack.judge(SECRET_ROTATION_REGULAR) == []


def test_a_schedule_will_do_for_a_number_of_days() -> None:
    stack = record("prod", **ROTATED)
    stack.change(SECRET_ROTATION, "rotationRules", {"scheduleExpression": "rate(10 days)"})
    assert stack.judge(SECRET_ROTATION_REGULAR) == []
    assert len(record("prod", **ROTATED).judge(SECRET_ROTATION_REGULAR, maxDays=7)) == 1


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("String", "type is String."),
        ("StringList", "type is StringList."),
        (GONE, "type is not set."),
        (UNKNOWN, "type is unknown before the update"),
    ],
)
def test_a_parameter_in_clear_is_refused(kind: object, message: str) -> None:
    stack = record()
    stack.add(SSM_PARAMETER, {"type": "SecureString"})
    assert stack.judge(PARAMETER_ENCRYPTED) == []
    stack.change(SSM_PARAMETER, "type", kind)
    [problem] = stack.judge(PARAMETER_ENCRYPTED)
    assert message in problem


def test_a_secrets_own_policy_is_read() -> None:
    stack = record()
    stack.add(SECRET_POLICY, {"policy": PUBLIC})
    [problem] = stack.judge(POLICY_NAMES_ITS_PRINCIPALS)
    assert "is for everybody" in problem
