import json
from collections.abc import Callable
from typing import Any

import pytest
from pulumi_policy.proxy import UnknownValueError

from tests.policies.judged import UNKNOWN, Judged, record
from todo_policies.key_policies import KEY_USED_THROUGH_SERVICES

KEY = "aws:kms/key:Key"
Statement = dict[str, Any]


@pytest.fixture
def stack() -> Judged:
    return record("prod")


def said_after(stack: Judged, sid: str, change: Callable[[Statement], object]) -> list[str]:
    key = stack.of(KEY)
    policy = json.loads(key.inputs["policy"])
    change(next(one for one in policy["Statement"] if one["Sid"] == sid))
    key.inputs["policy"] = json.dumps(policy)
    return stack.judge(KEY_USED_THROUGH_SERVICES)


def dropping(operator: str, key: str) -> Callable[[Statement], object]:
    return lambda statement: statement["Condition"][operator].pop(key)


@pytest.mark.parametrize("name", ["prod", "dev", "local"])
def test_the_programs_own_key_passes(name: str) -> None:
    assert record(name).judge(KEY_USED_THROUGH_SERVICES) == []


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ["*"]}])
def test_a_statement_names_somebody(stack: Judged, principal: object) -> None:
    problems = said_after(stack, "LogsOfThisStack", lambda one: one.update(Principal=principal))
    assert "todo-prod-data: statement LogsOfThisStack names no one in particular." in problems


@pytest.mark.parametrize("key", ["kms:CallerAccount", "kms:ViaService"])
@pytest.mark.parametrize("action", ["Decrypt", "Encrypt", "GenerateDataKey", "ReEncryptFrom"])
def test_people_use_the_key_through_services_only(stack: Judged, key: str, action: str) -> None:
    def change(statement: Statement) -> None:
        statement["Action"] = [f"kms:{action}"]
        del statement["Condition"]["StringEquals"][key]

    assert said_after(stack, "AccountUsesThroughServices", change) == [
        (
            f"todo-prod-data: statement AccountUsesThroughServices lets the key be used "
            f"(kms:{action}) otherwise than through a service."
        )
    ]


@pytest.mark.parametrize(
    "action", ["kms:De*", "kms:*crypt", "kms:decrypt", "KMS:Decrypt", "kms:?e*", "kms:*", "*"]
)
def test_a_glob_of_actions_is_a_use_too(stack: Judged, action: str) -> None:
    def change(statement: Statement) -> None:
        statement["Action"] = [action]
        del statement["Condition"]["StringEquals"]["kms:ViaService"]

    [use, *_] = said_after(stack, "AccountUsesThroughServices", change)
    assert f"lets the key be used ({action}) otherwise than through a service." in use


@pytest.mark.parametrize("action", ["kms:Create*", "kms:creategrant", "kms:*Grant"])
def test_a_glob_of_actions_is_a_grant_too(stack: Judged, action: str) -> None:
    def change(statement: Statement) -> None:
        statement["Action"] = action
        del statement["Condition"]["Bool"]

    [problem] = said_after(stack, "ServicesHoldGrants", change)
    assert "lets anybody be granted the key's use" in problem


@pytest.mark.parametrize("action", ["kms:Generate*", "kms:generatedatakey"])
def test_a_glob_of_a_services_actions_is_a_use_too(stack: Judged, action: str) -> None:
    def change(statement: Statement) -> None:
        statement["Action"] = action
        del statement["Condition"]

    [problem] = said_after(stack, "TrailEncrypts", change)
    assert "lets cloudtrail.amazonaws.com use the key without aws:sourcearn" in problem


def test_whoever_is_no_service_uses_the_key_through_one(stack: Judged) -> None:
    def change(statement: Statement) -> None:
        statement["Principal"] = {"Federated": "cognito-identity.amazonaws.com"}
        del statement["Condition"]

    [problem] = said_after(stack, "AccountUsesThroughServices", change)
    assert "lets the key be used (kms:Decrypt) otherwise than through a service." in problem


@pytest.mark.parametrize("key", ["NotAction", "NotPrincipal"])
def test_a_statement_says_what_it_is_about(stack: Judged, key: str) -> None:
    def change(statement: Statement) -> None:
        statement[key] = statement.pop(key.removeprefix("Not"))

    [problem] = said_after(stack, "AccountAdministers", change)
    assert "allows everything but what it names" in problem


def test_a_context_of_encryption_is_a_service_too(stack: Judged) -> None:
    change = dropping("Null", "kms:EncryptionContext:aws:cloudtrail:arn")
    [problem] = said_after(stack, "TrailIsRead", change)
    assert "TrailIsRead" in problem


@pytest.mark.parametrize(
    ("operator", "key"),
    [
        ("StringEquals", "kms:CallerAccount"),
        ("StringEquals", "kms:ViaService"),
        ("Bool", "kms:GrantIsForAWSResource"),
    ],
)
def test_services_alone_are_granted_the_keys_use(stack: Judged, operator: str, key: str) -> None:
    assert said_after(stack, "ServicesHoldGrants", dropping(operator, key)) == [
        (
            "todo-prod-data: statement ServicesHoldGrants lets anybody be granted the key's use, "
            "and not services alone."
        )
    ]


def test_administration_needs_no_service(stack: Judged) -> None:
    def change(statement: Statement) -> None:
        statement["Action"] = ["kms:DescribeKey"]
        del statement["Condition"]

    assert said_after(stack, "AccountUsesThroughServices", change) == []


@pytest.mark.parametrize(
    ("sid", "key", "service"),
    [
        ("TrailEncrypts", "aws:SourceArn", "cloudtrail"),
        ("TrailEncrypts", "kms:EncryptionContext:aws:cloudtrail:arn", "cloudtrail"),
        ("LogsOfThisStack", "kms:EncryptionContext:aws:logs:arn", "logs.eu-west-1"),
    ],
)
def test_a_service_uses_the_key_for_its_own_purpose(
    stack: Judged, sid: str, key: str, service: str
) -> None:
    assert said_after(stack, sid, dropping("ArnLike", key)) == [
        (
            f"todo-prod-data: statement {sid} lets {service}.amazonaws.com use the key "
            f"without {key.lower()} in Condition."
        )
    ]


def test_a_context_that_has_to_be_there_is_no_services_own(stack: Judged) -> None:
    anybodys = {"Null": {"kms:EncryptionContext:aws:logs:arn": "false"}}
    [problem] = said_after(stack, "LogsOfThisStack", lambda one: one.update(Condition=anybodys))
    assert "use the key without kms:encryptioncontext:aws:logs:arn in Condition." in problem


def test_both_that_are_missing_are_named(stack: Judged) -> None:
    [problem] = said_after(stack, "TrailEncrypts", lambda one: one.pop("Condition"))
    assert "without aws:sourcearn and kms:encryptioncontext:aws:cloudtrail:arn in" in problem


def test_a_denial_needs_no_condition(stack: Judged) -> None:
    denial = {"Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt"}
    assert said_after(stack, "TrailIsRead", lambda one: one.update(denial)) == []


def test_no_policy_is_another_rules_affair(stack: Judged) -> None:
    del stack.of(KEY).inputs["policy"]
    assert stack.judge(KEY_USED_THROUGH_SERVICES) == []


def test_a_policy_of_its_own_is_judged_as_a_keys(stack: Judged) -> None:
    document = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:Describe"}]}
    stack.add("aws:kms/keyPolicy:KeyPolicy", {"policy": json.dumps(document)})
    [problem] = stack.judge(KEY_USED_THROUGH_SERVICES)
    assert "number 1 names no one" in problem


def test_an_unreadable_policy_is_refused(stack: Judged) -> None:
    stack.of(KEY).inputs["policy"] = "{}"
    assert stack.judge(KEY_USED_THROUGH_SERVICES) == [
        "todo-prod-data: it cannot be read: the policy has no statements."
    ]


def test_an_unknown_policy_waits_for_the_update(stack: Judged) -> None:
    stack.of(KEY).inputs["policy"] = UNKNOWN
    with pytest.raises(UnknownValueError):
        stack.judge(KEY_USED_THROUGH_SERVICES)
