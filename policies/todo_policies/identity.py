"""Who may do what at AWS: roles for named services, with rights to named things."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pulumi_policy import PolicyResource, Severity

from todo_policies.graph import linked, of_type, users
from todo_policies.parameters import parameter
from todo_policies.policy_documents import (
    Statement,
    is_any_resource,
    is_whole_service,
    statements,
)
from todo_policies.reading import is_set, known, shown
from todo_policies.resource_types import (
    ACCESS_KEY,
    ATTACHMENT,
    GROUP_ATTACHMENT,
    GROUP_POLICY,
    IAM_POLICY,
    ROLE,
    ROLE_ATTACHMENT,
    ROLE_POLICY,
    TASK_DEFINITION,
    USER_ATTACHMENT,
    USER_POLICY,
)
from todo_policies.rule import ResourceRule, Rule, StackRule, Subject

__all__ = [
    "IAM_ATTACHMENTS_NAMED",
    "IAM_RIGHTS_NAMED",
    "IAM_TRUST_NAMED",
    "ROLE_HAS_ONE_POLICY",
    "RULES",
    "TASK_ROLES_APART",
]

_POLICIES = {ROLE_POLICY, IAM_POLICY, GROUP_POLICY, USER_POLICY}
_WITHOUT_RESOURCE = (
    "ecr:GetAuthorizationToken",  # its token opens what other statements allow
    "logs:DescribeLogGroups",  # finds the one group of sessions
    "secretsmanager:GetRandomPassword",  # reads nothing
    "ssmmessages:CreateControlChannel",  # channels of `ecs execute-command` are no resources
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
)
_WAYS_OF_KEYS = ("kms:viaservice", "kms:encryptioncontext:")


@dataclass(frozen=True, kw_only=True)
class _Rights:
    without_resource: tuple[str, ...] = parameter(
        _WITHOUT_RESOURCE, "Actions that know no resource, and so may be allowed on any."
    )


def _broad_rights(policy: Subject, parameters: _Rights) -> Iterator[str]:
    if policy.resource_type != ROLE:
        for statement in statements(policy.props.get("policy")):
            yield from _breadth(statement, parameters)
        return
    for inline in policy.props.get("inlinePolicies") or ():
        for statement in statements(inline.get("policy")):
            yield from _breadth(statement, parameters)


def _breadth(statement: Statement, parameters: _Rights) -> Iterator[str]:
    if not statement.allows:
        return
    if statement.everything_but:
        yield f"statement {statement.name} allows everything but what it names."
    for action in filter(is_whole_service, statement.actions):
        yield f"statement {statement.name} allows {action}."
    passes = statement.about("iam:PassRole")
    if passes and "iam:passedtoservice" not in statement.conditions:
        yield f"statement {statement.name} passes roles on to any service ({passes[0]})."
    decrypts = statement.about("kms:Decrypt")
    ways = statement.conditions.keys() | statement.contexts
    if decrypts and not any(key.startswith(_WAYS_OF_KEYS) for key in ways):
        yield (
            f"statement {statement.name} decrypts whatever is under its key, by any way "
            f"({decrypts[0]})."
        )
    named = {action.lower() for action in parameters.without_resource}
    without = [action for action in statement.actions if action.lower() not in named]
    everything = [one for one in statement.resources if is_any_resource(one)]
    if without and everything:
        yield f"statement {statement.name} allows {', '.join(without)} on {everything[0]}."


IAM_RIGHTS_NAMED = ResourceRule(
    name="iam-rights-named",
    severity=Severity.HIGH,
    why="Rights name their actions and what they are for: a * is more than anyone meant, and "
    "includes keys and roles.",
    fix="Name each action and the ARN of each resource. An action that knows no resource belongs "
    "into the parameter withoutResource, with its reason.",
    controls=("IAM.1", "IAM.21", "KMS.1", "KMS.2"),
    parameters=_Rights(),
    resource_types=frozenset({*_POLICIES, ROLE}),
    check=_broad_rights,
    deferred_input="policy",
)


@dataclass(frozen=True, kw_only=True)
class _Attachments:
    allowed: tuple[str, ...] = parameter(
        ("arn:*:iam::aws:policy/service-role/*",),
        "Globs of the ARNs of AWS's own policies that may be attached.",
    )


def _broad_attachments(
    attachment: PolicyResource, stack: Sequence[PolicyResource], parameters: _Attachments
) -> Iterator[str]:
    if attachment.resource_type == ACCESS_KEY:
        yield "it is a key for years; roles get theirs for hours."
        return
    if attachment.resource_type == ROLE:
        own = {known(policy.props, "arn") for policy in of_type(stack, IAM_POLICY)}
        for arn in known(attachment.props, "managedPolicyArns") or ():
            if arn not in own and not _is_allowed(arn, parameters):
                yield f"{arn} is attached, which is not among the allowed ones."
        return
    if linked(attachment, "policyArn", {IAM_POLICY}, stack):
        return  # of this stack, and judged by itself
    arn = attachment.props.get("policyArn")
    if not _is_allowed(str(arn), parameters):
        yield f"policyArn is {shown(arn)}, which is not among the allowed ones."


def _is_allowed(arn: str, parameters: _Attachments) -> bool:
    return any(fnmatchcase(arn, pattern) for pattern in parameters.allowed)


IAM_ATTACHMENTS_NAMED = StackRule(
    name="iam-attachments-named",
    severity=Severity.HIGH,
    why="No one gets AWS's broad policies, such as AdministratorAccess, and no one gets a key that "
    "stays.",
    fix="Attach a policy of the stack's own, or one that AWS made for one service's role.",
    controls=("IAM.1",),
    parameters=_Attachments(),
    resource_types=frozenset(
        {ROLE, ROLE_ATTACHMENT, GROUP_ATTACHMENT, USER_ATTACHMENT, ATTACHMENT, ACCESS_KEY}
    ),
    check=_broad_attachments,
)

_ORIGINS = {"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid"}


@dataclass(frozen=True, kw_only=True)
class _Trust:
    without_origin: tuple[str, ...] = parameter(
        (), "Services that do not say for whom they take a role."
    )


def _broad_trust(role: Subject, parameters: _Trust) -> Iterator[str]:
    for statement in statements(role.props.get("assumeRolePolicy")):
        if not statement.allows:
            continue
        if statement.actions != ("sts:AssumeRole",):
            yield f"statement {statement.name} allows {', '.join(statement.actions)}."
        for kind, names in statement.principals.items():
            if kind != "Service":
                yield f"statement {statement.name} trusts {', '.join(names)}, which is no service."
        services = set(statement.principals.get("Service", ()))
        if not services or "*" in services or statement.everything_but:
            yield f"statement {statement.name} names no service."
        elif services - {*parameters.without_origin} and _ORIGINS.isdisjoint(statement.conditions):
            yield f"statement {statement.name} trusts its service on behalf of any account."


IAM_TRUST_NAMED = ResourceRule(
    name="iam-trust-named",
    severity=Severity.HIGH,
    why="Roles are for named services of AWS, acting for this account and no other.",
    fix="Name the service as Principal, with aws:SourceAccount or aws:SourceArn in Condition.",
    controls=(),
    parameters=_Trust(),
    resource_types=frozenset({ROLE}),
    check=_broad_trust,
    deferred_input="assumeRolePolicy",
)


def _one_role(task: PolicyResource, stack: Sequence[PolicyResource]) -> Iterator[str]:
    for key in ("executionRoleArn", "taskRoleArn"):
        if not is_set(task.props, key):
            yield f"{key} is not set."
    execution, own = (
        {one.urn for one in linked(task, key, {ROLE}, stack)}
        | ({value} if (value := known(task.props, key)) else set())
        for key in ("executionRoleArn", "taskRoleArn")
    )
    if execution & own:
        yield "its executionRoleArn and its taskRoleArn are one role."


TASK_ROLES_APART = StackRule(
    name="task-roles-apart",
    severity=Severity.HIGH,
    why="The role that starts a task reads the master's password; the application has another, "
    "which does not.",
    fix="Give the task definition an execution role and a task role of their own.",
    controls=(),
    resource_types=frozenset({TASK_DEFINITION}),
    check=_one_role,
)

_INLINE_OR_ATTACHED = (ROLE_POLICY, ROLE_ATTACHMENT)


def _scattered(role: PolicyResource, stack: Sequence[PolicyResource]) -> Iterator[str]:
    found = [one for type_ in _INLINE_OR_ATTACHED for one in users(role, "role", type_, stack)]
    if len(found) != 1:
        yield f"{len(found)} policies say what it may do; one should."


ROLE_HAS_ONE_POLICY = StackRule(
    name="role-has-one-policy",
    severity=Severity.MEDIUM,
    why="What a role may do stands in one policy, made for that role: given to another, rights are "
    "missing here and too many there.",
    fix="Write all statements into one aws.iam.RolePolicy, or attach one policy.",
    controls=(),
    resource_types=frozenset({ROLE}),
    check=_scattered,
)

RULES: tuple[Rule, ...] = (
    IAM_RIGHTS_NAMED,
    IAM_ATTACHMENTS_NAMED,
    IAM_TRUST_NAMED,
    TASK_ROLES_APART,
    ROLE_HAS_ONE_POLICY,
)
