from typing import Any

import pytest
from pulumi_policy.proxy import UnknownValueError

from tests.policies.judged import GONE, UNKNOWN, record
from todo_policies import identity
from todo_policies.identity import (
    IAM_ATTACHMENTS_NAMED,
    IAM_RIGHTS_NAMED,
    IAM_TRUST_NAMED,
    ROLE_HAS_ONE_POLICY,
    TASK_ROLES_APART,
)
from todo_policies.resource_types import (
    ACCESS_KEY,
    IAM_POLICY,
    ROLE,
    ROLE_ATTACHMENT,
    ROLE_POLICY,
    TASK_DEFINITION,
)
from todo_policies.rule import Rule

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
TRUST = "assumeRolePolicy.Statement.0"
EXECUTION = "todo-prod-execution"
PULL, READ, DECRYPT = (f"policy.Statement.{place}" for place in (1, 3, 4))


@pytest.mark.parametrize("rule", identity.RULES, ids=lambda rule: rule.name)
def test_prod_passes(rule: Rule) -> None:
    assert record().judge(rule) == []


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (f"{PULL}.Action", "*", "PullImage allows *"),
        (f"{PULL}.Action", ["ecr:*"], "PullImage allows ecr:*"),
        (f"{PULL}.Action", ["BatchGetImage"], "PullImage allows BatchGetImage."),
        (f"{PULL}.Resource", "*", "allows ecr:BatchCheckLayerAvailability, ecr:BatchGetImage"),
        (f"{READ}.Resource", ["arn:aws:secretsmanager:eu-west-1:111122223333:*"], "GetSecretValue"),
        (f"{READ}.Resource", "arn:aws:kms:*:*:key/*", "on arn:aws:kms:*:*:key/*"),
        (f"{READ}.NotAction", "iam:*", "allows everything but what it names"),
        (f"{READ}.NotResource", "x", "allows everything but what it names"),
        (f"{READ}.Action", "iam:PassRole", "passes roles on to any service"),
        (f"{READ}.Action", "IAM:Pass*", "passes roles on to any service (IAM:Pass*)"),
        (f"{READ}.Action", ["iam:*ole"], "passes roles on to any service (iam:*ole)"),
        (f"{READ}.Action", "secretsmanager:**", "allows secretsmanager:**."),
        (f"{READ}.Action", "secretsmanager:?*", "allows secretsmanager:?*."),
        (DECRYPT, {"Effect": "Allow", "Action": "kms:De*", "Resource": "x"}, "any way (kms:De*)"),
        (DECRYPT, {"Effect": "Allow", "Action": "KMS:*crypt", "Resource": "x"}, "(KMS:*crypt)"),
        (f"{DECRYPT}.Condition", GONE, "decrypts whatever is under its key"),
        (f"{DECRYPT}.Condition.StringEquals.kms:ViaService", "*", "decrypts whatever"),
        (f"{DECRYPT}.Condition", {"Null": {"kms:ViaService": "false"}}, "decrypts whatever"),
        ("policy.Statement", [], "the policy has no statements"),
        ("policy", "no json", "it cannot be read"),
        ("policy", GONE, "the policy is not a JSON text"),
    ],
)
def test_each_broad_right_is_refused(path: str, value: object, message: str) -> None:
    stack = record()
    stack.change(ROLE_POLICY, path, value, EXECUTION)
    problems = stack.judge(IAM_RIGHTS_NAMED)
    assert any(message in problem for problem in problems), problems
    assert all(problem.startswith(f"{EXECUTION}: ") for problem in problems)


@pytest.mark.parametrize(
    "resource",
    [
        "**",
        "arn:*",
        "arn:aws:secretsmanager:*",
        "arn:aws:sns:??",
        "arn:aws:secretsmanager:*:*:secret:*",
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret*",
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:*-??????",
        "arn:aws:logs:eu-west-1:111122223333:log-group:*",
        "arn:aws:logs:eu-west-1:111122223333:log-group:*:log-stream:one",
        "arn:aws:logs:eu-west-1:111122223333:log-group:/*:*",
        "arn:aws:ecr:eu-west-1:111122223333:repository/*",
        "arn:aws:sns:eu-west-1:111122223333:*",
        "arn:aws:s3:::*",
        "arn:aws:s3:::*/AWSLogs/*",
    ],
)
def test_a_kind_of_resource_is_no_name(resource: str) -> None:
    stack = record()
    stack.change(ROLE_POLICY, f"{READ}.Resource", ["arn:aws:s3:::todo", resource], EXECUTION)
    [problem] = stack.judge(IAM_RIGHTS_NAMED)
    assert f"allows secretsmanager:GetSecretValue on {resource}." in problem


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:logs:eu-west-1:111122223333:log-group:/todo:*",
        "arn:aws:logs:*:111122223333:log-group:todo-prod-logs:*",
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:rds!db-*",
        "arn:aws:iam::111122223333:root",
        "arn:aws:s3:::todo",
        "arn:aws:s3:::todo/*",
        "arn:aws:sns:*:111122223333:todo-*",
    ],
)
def test_a_name_may_be_followed_by_anything(resource: str) -> None:
    stack = record()
    stack.change(ROLE_POLICY, f"{READ}.Resource", resource, EXECUTION)
    assert stack.judge(IAM_RIGHTS_NAMED) == []


def test_rights_that_are_not_known_yet_are_left_to_the_update() -> None:
    stack = record()
    stack.change(ROLE_POLICY, "policy", UNKNOWN, EXECUTION)
    with pytest.raises(UnknownValueError):
        stack.judge(IAM_RIGHTS_NAMED)


def test_a_denial_may_be_as_broad_as_it_likes() -> None:
    stack = record()
    denial = {"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}
    stack.change(ROLE_POLICY, READ, denial, EXECUTION)
    assert stack.judge(IAM_RIGHTS_NAMED) == []


def test_roles_may_be_passed_on_to_a_named_service() -> None:
    stack = record()
    passes = {
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": "arn:aws:iam::111122223333:role/todo",
        "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
    }
    stack.change(ROLE_POLICY, READ, passes, EXECUTION)
    assert stack.judge(IAM_RIGHTS_NAMED) == []


def test_sessions_are_decrypted_by_a_context_that_has_to_be_there() -> None:
    assert record("dev", deployment={"allowExec": True}).judge(IAM_RIGHTS_NAMED) == []


def test_a_policy_inside_a_role_is_read_too() -> None:
    stack = record()
    inline = '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
    stack.change(ROLE, "inlinePolicies", [{"policy": inline}])
    assert any("allows *" in problem for problem in stack.judge(IAM_RIGHTS_NAMED))


def test_actions_without_a_resource_are_configured() -> None:
    [problem, *_] = record().judge(IAM_RIGHTS_NAMED, withoutResource=[])
    assert "RegistryLogin allows ecr:GetAuthorizationToken on *" in problem


@pytest.mark.parametrize("arn", [ADMINISTRATOR, "arn:aws:iam::aws:policy/PowerUserAccess", GONE])
def test_broad_policies_of_awss_are_refused(arn: object) -> None:
    stack = record()
    stack.change(ROLE_ATTACHMENT, "policyArn", arn)
    [problem] = stack.judge(IAM_ATTACHMENTS_NAMED)
    value = "not set" if arn is GONE else arn
    assert f"policyArn is {value}, which is not among the allowed ones" in problem


def test_they_are_refused_in_the_role_itself() -> None:
    stack = record()
    stack.change(ROLE, "managedPolicyArns", [ADMINISTRATOR])
    [problem] = stack.judge(IAM_ATTACHMENTS_NAMED)
    assert ADMINISTRATOR in problem


def test_a_role_may_have_the_stacks_policies_and_those_for_a_service() -> None:
    stack = record()
    own = stack.add(IAM_POLICY, {"policy": "{}", "arn": "arn:aws:iam::111122223333:policy/own"})
    services = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
    stack.change(ROLE, "managedPolicyArns", [own.inputs["arn"], services])
    assert stack.judge(IAM_ATTACHMENTS_NAMED) == []


def test_a_policy_of_the_stack_may_be_attached_also_while_unknown() -> None:
    stack = record()
    policy = stack.add(IAM_POLICY, {"policy": "{}"})
    attached: dict[str, Any] = {"role": "x", "policyArn": UNKNOWN}
    stack.add(ROLE_ATTACHMENT, attached, policyArn=policy)
    assert stack.judge(IAM_ATTACHMENTS_NAMED) == []


def test_an_unknown_policy_of_nobodys_is_refused() -> None:
    stack = record()
    stack.add(ROLE_ATTACHMENT, {"role": "x", "policyArn": UNKNOWN})
    [problem] = stack.judge(IAM_ATTACHMENTS_NAMED)
    assert "policyArn is unknown before the update" in problem


def test_a_key_for_years_is_refused() -> None:
    stack = record()
    stack.add(ACCESS_KEY, {"user": "somebody"})
    [problem] = stack.judge(IAM_ATTACHMENTS_NAMED)
    assert "it is a key for years" in problem


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (f"{TRUST}.Principal", "*", "trusts *, which is no service"),
        (f"{TRUST}.Principal", {"AWS": "111122223333"}, "which is no service"),
        (f"{TRUST}.Principal", {"Service": "*"}, "names no service"),
        (f"{TRUST}.Principal", GONE, "names no service"),
        (f"{TRUST}.NotPrincipal", {"AWS": "x"}, "names no service"),
        (f"{TRUST}.Action", "sts:*", "allows sts:*"),
        (f"{TRUST}.Condition", GONE, "on behalf of any account"),
        (f"{TRUST}.Condition.StringEquals.aws:SourceAccount", "*", "on behalf of any account"),
        (f"{TRUST}.Condition", {"Null": {"aws:SourceAccount": "false"}}, "on behalf of any"),
        (
            f"{TRUST}.Condition",
            {"ArnLike": {"aws:SourceArn": "arn:aws:ecs:*:*:*"}},
            "on behalf of any account",
        ),
        ("assumeRolePolicy", GONE, "the policy is not a JSON text"),
    ],
)
def test_each_broad_trust_is_refused(path: str, value: object, message: str) -> None:
    stack = record()
    stack.change(ROLE, path, value, EXECUTION)
    problems = stack.judge(IAM_TRUST_NAMED)
    assert any(message in problem for problem in problems), problems


def test_behind_a_denial_trust_is_judged() -> None:
    stack = record()
    denial = {"Effect": "Deny", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}
    broad = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    stack.change(ROLE, "assumeRolePolicy.Statement", [denial, broad], EXECUTION)
    problems = stack.judge(IAM_TRUST_NAMED)
    assert f"{EXECUTION}: statement number 2 trusts *, which is no service." in problems
    assert not any("number 1" in problem for problem in problems)


def test_services_that_do_not_say_for_whom_they_come_are_configured() -> None:
    stack = record()
    stack.change(ROLE, f"{TRUST}.Condition", GONE, EXECUTION)
    assert stack.judge(IAM_TRUST_NAMED, withoutOrigin=["ecs-tasks.amazonaws.com"]) == []


def test_one_role_for_both_is_refused() -> None:
    stack = record()
    task = stack.of(TASK_DEFINITION)
    task.inputs["taskRoleArn"] = task.inputs["executionRoleArn"]
    [problem] = stack.judge(TASK_ROLES_APART)
    assert "its executionRoleArn and its taskRoleArn are one role" in problem


def test_one_role_of_somebodys_for_both_is_refused() -> None:
    stack = record()
    for key in ("taskRoleArn", "executionRoleArn"):
        stack.change(TASK_DEFINITION, key, "arn:aws:iam::111122223333:role/somebodys")
    [problem] = stack.judge(TASK_ROLES_APART)
    assert "its executionRoleArn and its taskRoleArn are one role" in problem


def test_one_role_for_both_is_refused_in_a_first_preview() -> None:
    stack = record()
    task = stack.of(TASK_DEFINITION)
    stack.make_unknown(task, "taskRoleArn", "executionRoleArn")
    assert stack.judge(TASK_ROLES_APART) == []
    task.sources["taskRoleArn"] = task.sources["executionRoleArn"]
    [problem] = stack.judge(TASK_ROLES_APART)
    assert "its executionRoleArn and its taskRoleArn are one role" in problem


@pytest.mark.parametrize("key", ["taskRoleArn", "executionRoleArn"])
def test_a_task_without_a_role_is_refused(key: str) -> None:
    stack = record()
    stack.change(TASK_DEFINITION, key, GONE)
    assert stack.judge(TASK_ROLES_APART) == [f"todo-prod-task: {key} is not set."]


def test_a_policy_given_to_another_role_is_refused() -> None:
    stack = record()
    stack.change(ROLE_POLICY, "role", "todo-prod-task", EXECUTION)
    assert stack.judge(ROLE_HAS_ONE_POLICY) == [
        "todo-prod-execution: 0 policies say what it may do; one should.",
        "todo-prod-task: 2 policies say what it may do; one should.",
    ]
