import json
from typing import Any

import pytest

from todo_policies import policy_documents
from todo_policies.policy_documents import Statement, is_whole_service, statements

ACCOUNT = "111122223333"


@pytest.fixture(autouse=True)
def _nothing_read_before() -> None:
    """What another test had read must not answer for the code that is under test here."""
    policy_documents._read.cache_clear()


def only(**raw: Any) -> Statement:  # noqa: ANN401 - any JSON value
    [statement] = statements(json.dumps({"Statement": {"Effect": "Allow", **raw}}))
    return statement


def test_a_text_and_a_list_of_one_are_the_same() -> None:
    assert only(Action="s3:Get", Resource="x") == only(Action=["s3:Get"], Resource=["x"])


def test_a_principal_that_is_a_text_is_one_of_aws() -> None:
    assert only(Principal="*") == only(Principal={"AWS": ["*"]})


def test_a_statement_goes_by_its_name_or_its_place() -> None:
    found = statements('{"Statement": [{"Effect": "Allow", "Sid": "Read"}, {"Effect": "Deny"}]}')
    assert [(one.name, one.allows) for one in found] == [("Read", True), ("number 2", False)]


@pytest.mark.parametrize(
    "principal", ["*", {"AWS": "*"}, {"AWS": ["111122223333", "*"]}, {"Service": "*"}]
)
def test_everybody_is_everybody_in_each_spelling(principal: object) -> None:
    assert only(Principal=principal).is_for_everybody()


@pytest.mark.parametrize("principal", ["arn:aws:iam::111122223333:root", {"Service": "x"}, {}])
def test_somebody_is_not_everybody(principal: object) -> None:
    assert not only(Principal=principal).is_for_everybody()


@pytest.mark.parametrize("key", ["NotAction", "NotResource", "NotPrincipal"])
def test_what_names_its_exceptions_is_for_everything_but(key: str) -> None:
    assert only(**{key: "x"}).everything_but
    assert not only(Action="x").everything_but


@pytest.mark.parametrize(
    "written", ["kms:Decrypt", "KMS:decrypt", "kms:De*", "kms:*crypt", "kms:?ecrypt", "kms:*", "*"]
)
def test_an_action_is_a_glob_in_letters_of_any_size(written: str) -> None:
    assert only(Action=["s3:Get", written]).about("kms:Encrypt", "kms:Decrypt") == [written]


@pytest.mark.parametrize("written", ["kms:Describe*", "kms:De", "s3:*", "kms:[D]ecrypt"])
def test_an_action_is_about_nothing_else(written: str) -> None:
    assert only(Action=written).about("kms:Decrypt") == []


@pytest.mark.parametrize("action", ["*", "s3", "s3:", "s3:*", "s3:**", "s3:?*"])
def test_a_service_is_no_name_of_an_action(action: str) -> None:
    assert is_whole_service(action)


def test_a_part_of_a_name_is_one() -> None:
    assert not is_whole_service("s3:Get*")


def test_keys_of_conditions_are_read_in_small_letters() -> None:
    conditions = only(Condition={"StringEquals": {"AWS:SourceAccount": ACCOUNT}}).conditions
    assert conditions == {"aws:sourceaccount": (ACCOUNT,)}


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:SourceAccount": "*"}},
        {"StringEquals": {"aws:SourceAccount": []}},
        {"StringNotEquals": {"aws:SourceAccount": ACCOUNT}},
        {"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}},
        {"Null": {"aws:SourceAccount": "false"}},
        {"Null": {"kms:EncryptionContext:aws:logs:arn": "false"}},
        {"StringLike": {"aws:SourceAccount": "????????????"}},
        {"StringLike": {"aws:PrincipalAccount": "11112222333?"}},
        {"StringLike": {"aws:ResourceAccount": [ACCOUNT, "9*"]}},
        {"StringLike": {"kms:CallerAccount": "?" * 12}},
        {"ArnLike": {"aws:SourceArn": "arn:aws:ecs:*:*:*"}},
        {"ArnLike": {"aws:SourceArn": ["arn:aws:ecs:*:111122223333:*", "arn:aws:ecs:*:9*:*"]}},
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/todo"}},
        {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::a-bucket-that-anybody-may-have-one-day"}},
        {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:*:*:log-group:todo"}},
        {"StringLike": {"aws:PrincipalOrgID": "o-*"}},
        {"StringLike": {"kms:ViaService": "*.eu-west-1.amazonaws.com"}},
        {"StringLike": {"iam:PassedToService": "*.amazonaws.com"}},
        {"Bool": {"kms:GrantIsForAWSResource": "false"}},
        {"StringLike": {"s3:prefix": "?*"}},
        {"ArnLike": {"lambda:FunctionArn": "arn:aws:*:*:*"}},
    ],
)
def test_a_condition_that_holds_for_nearly_everything_counts_for_nothing(
    condition: dict[str, Any],
) -> None:
    assert only(Condition=condition).conditions == {}


@pytest.mark.parametrize(
    ("operator", "key", "value"),
    [
        ("StringEquals", "aws:sourceaccount", ACCOUNT),
        ("ArnLike", "aws:sourcearn", "arn:aws:cloudtrail:*:111122223333:trail/*"),
        ("ArnLike", "kms:encryptioncontext:aws:logs:arn", "arn:aws-cn:logs:*:111122223333:*"),
        ("StringEquals", "aws:principalorgid", "o-a1b2c3d4e5"),
        ("StringLike", "kms:viaservice", "secretsmanager.*.amazonaws.com"),
        ("StringEquals", "iam:passedtoservice", "ecs-tasks.amazonaws.com"),
        ("StringLike", "s3:prefix", "AWSLogs/*"),
    ],
)
def test_a_condition_that_names_somebody_counts(operator: str, key: str, value: str) -> None:
    assert only(Condition={operator: {key: value}}).conditions == {key: (value,)}


def test_a_switch_may_be_a_text_or_a_truth_of_json() -> None:
    found = only(Condition={"Bool": {"kms:GrantIsForAWSResource": True}}).conditions
    assert list(found) == ["kms:grantisforawsresource"]


def test_a_denial_that_holds_for_some_only_says_so() -> None:
    condition = {"Bool": {"aws:SecureTransport": "false"}, "Null": {"aws:SourceArn": "true"}}
    denial = only(Effect="Deny", Condition=condition)
    assert denial.conditions == {
        "aws:securetransport": ("false",),
        "Null aws:sourcearn": ("true",),
    }


@pytest.mark.parametrize("present", ["false", False, ["false"]])
def test_a_context_of_encryption_may_have_to_be_there(present: object) -> None:
    found = only(Condition={"Null": {"kms:EncryptionContext:aws:ssm:SessionId": present}})
    assert found.contexts == {"kms:encryptioncontext:aws:ssm:sessionid"}


@pytest.mark.parametrize(
    ("operator", "key", "value"),
    [
        ("Null", "kms:EncryptionContext:x", "true"),
        ("Null", "kms:EncryptionContext:x", ["true", "false"]),
        ("Null", "kms:ViaService", "false"),
        ("Bool", "kms:EncryptionContext:x", "false"),
    ],
)
def test_nothing_else_is_a_context_that_has_to_be_there(
    operator: str, key: str, value: object
) -> None:
    assert only(Condition={operator: {key: value}}).contexts == frozenset()


@pytest.mark.parametrize("text", [None, 7, {}, "", "no json", "{}", '{"Statement": []}'])
def test_what_is_no_policy_is_an_error(text: object) -> None:
    with pytest.raises(ValueError, match=r"policy|Expecting"):
        statements(text)
