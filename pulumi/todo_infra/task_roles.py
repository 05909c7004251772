"""What ECS and the application may do at AWS: no more than starting these tasks takes."""

import json
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from .ordering import known_after

__all__ = ["TaskRoles", "TaskRolesArgs", "execution_policy", "trust_policy"]


@dataclass(frozen=True, kw_only=True)
class TaskRolesArgs:
    """What starting a task touches.

    Attributes:
        repository_arn: The repository of the image.
        log_group_arn: The log group of the containers.
        secret_arns: The secrets that are injected.
    """

    repository_arn: str
    log_group_arn: pulumi.Input[str]
    secret_arns: tuple[pulumi.Input[str], ...]


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
    repository_arn: str, log_group_arn: str, secret_arns: list[str]
) -> dict[str, Any]:
    """Let ECS pull the image, write the logs and read the secrets of these tasks."""
    pull = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    log = ["logs:CreateLogStream", "logs:PutLogEvents"]
    return {
        "Version": "2012-10-17",
        "Statement": [
            # This action knows no resource; the token opens what the statement below allows.
            _allow("RegistryLogin", ["ecr:GetAuthorizationToken"], ["*"]),
            _allow("PullImage", pull, [repository_arn]),
            _allow("WriteLogs", log, [f"{log_group_arn}:*"]),
            _allow("ReadSecrets", ["secretsmanager:GetSecretValue"], secret_arns),
        ],
    }


def _allow(sid: str, actions: list[str], resources: list[str]) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}


class TaskRoles(pulumi.ComponentResource):
    """The two roles of a task.

    Attributes:
        execution_role_arn: Taken by ECS to start the task; known once its policy is on it.
        task_role_arn: Taken by the application, which needs nothing of AWS: no policy.
    """

    execution_role_arn: pulumi.Output[str]
    task_role_arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: TaskRolesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:TaskRoles", name, None, opts)
        account = aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(parent=self))
        trust = account.account_id.apply(lambda account_id: json.dumps(trust_policy(account_id)))
        execution = self._role(f"{name}-execution", "Starts the TODO tasks", trust)
        policy = aws.iam.RolePolicy(
            f"{name}-execution",
            role=execution.name,
            policy=pulumi.Output.all(args.log_group_arn, *args.secret_arns).apply(
                lambda arns: json.dumps(execution_policy(args.repository_arn, arns[0], arns[1:]))
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.execution_role_arn = known_after(execution.arn, policy)
        self.task_role_arn = self._role(f"{name}-task", "The TODO application itself", trust).arn
        self.register_outputs({})

    def _role(self, name: str, description: str, trust: pulumi.Output[str]) -> aws.iam.Role:
        return aws.iam.Role(
            name,
            description=description,
            assume_role_policy=trust,
            opts=pulumi.ResourceOptions(parent=self),
        )
