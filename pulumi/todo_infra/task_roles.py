"""What ECS and the application may do at AWS: start these tasks, and read one secret."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from .exec_sessions import session_statements
from .keys import decrypt_secrets
from .ordering import known_after

__all__ = ["TaskRoles", "TaskRolesArgs", "application_policy", "execution_policy", "trust_policy"]

_READ = "secretsmanager:GetSecretValue"


@dataclass(frozen=True, kw_only=True)
class TaskRolesArgs:
    """What a task touches.

    Attributes:
        repository_arn: The repository of the image.
        log_group_arn: The log group of the containers.
        injected_secret_arns: The secrets that ECS hands to a container at its start.
        app_secret_arns: The secrets that the application reads while it runs. More than one of
            each while tasks of two databases run, or may have to be started again.
        region: Where the secrets are.
        key_arn: Encrypts the secrets, and sessions; None where AWS's own key does.
        session_log_arn: Where people who enter a task are recorded; None where nobody may.
    """

    repository_arn: str
    log_group_arn: pulumi.Input[str]
    injected_secret_arns: Sequence[pulumi.Input[str]]
    app_secret_arns: Sequence[pulumi.Input[str]]
    region: str
    key_arn: pulumi.Input[str] | None
    session_log_arn: pulumi.Input[str] | None = None


def trust_policy(account: str) -> dict[str, Any]:
    """Let ECS tasks of this account take the role, and nobody else's."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Condition": {"StringEquals": {"aws:SourceAccount": account}},
            }
        ],
    }


def execution_policy(
    repository_arn: str,
    log_group_arn: str,
    secret_arns: Sequence[str],
    decrypt: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    """Let ECS pull the image, write the logs and read the secrets it injects into these tasks."""
    pull = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    log = ["logs:CreateLogStream", "logs:PutLogEvents"]
    return {
        "Version": "2012-10-17",
        "Statement": [
            # This action knows no resource; the token opens what the statement below allows.
            _allow("RegistryLogin", ["ecr:GetAuthorizationToken"], ["*"]),
            _allow("PullImage", pull, [repository_arn]),
            _allow("WriteLogs", log, [f"{log_group_arn}:*"]),
            _allow("ReadInjectedSecret", [_READ], list(secret_arns)),
            *decrypt,
        ],
    }


def application_policy(
    secret_arns: Sequence[str],
    decrypt: Sequence[dict[str, Any]] = (),
    sessions: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    """Let the application read its own account's secret, and so follow its rotation."""
    return {
        "Version": "2012-10-17",
        "Statement": [_allow("ReadOwnSecret", [_READ], list(secret_arns)), *decrypt, *sessions],
    }


def _allow(sid: str, actions: list[str], resources: list[str]) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}


class TaskRoles(pulumi.ComponentResource):
    """The two roles of a task.

    Attributes:
        execution_role_arn: Taken by ECS to start the task; known once its policy is on it.
        task_role_arn: Taken by the application; known once its policy is on it.
    """

    execution_role_arn: pulumi.Output[str]
    task_role_arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: TaskRolesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:TaskRoles", name, None, opts)
        account = aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(parent=self))
        trust = account.account_id.apply(lambda account_id: json.dumps(trust_policy(account_id)))
        decrypt = pulumi.Output.from_input(args.key_arn).apply(
            lambda arn: decrypt_secrets(args.region, arn)
        )
        execution = pulumi.Output.all(
            args.log_group_arn, pulumi.Output.all(*args.injected_secret_arns), decrypt
        ).apply(lambda known: json.dumps(execution_policy(args.repository_arn, *known)))
        sessions = pulumi.Output.all(args.session_log_arn, args.key_arn).apply(
            lambda known: session_statements(*known) if known[0] else []
        )
        application = pulumi.Output.all(
            pulumi.Output.all(*args.app_secret_arns), decrypt, sessions
        ).apply(lambda known: json.dumps(application_policy(*known)))
        self.execution_role_arn = self._role(
            f"{name}-execution", "Starts the TODO tasks", trust, execution
        )
        self.task_role_arn = self._role(
            f"{name}-task", "The TODO application itself", trust, application
        )
        self.register_outputs({})

    def _role(
        self, name: str, description: str, trust: pulumi.Output[str], policy: pulumi.Output[str]
    ) -> pulumi.Output[str]:
        """Make a role with its one policy; return its ARN, known when it may be used."""
        opts = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(name, description=description, assume_role_policy=trust, opts=opts)
        return known_after(
            role.arn, aws.iam.RolePolicy(name, role=role.name, policy=policy, opts=opts)
        )
