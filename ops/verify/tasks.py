"""The tasks of a service, as ECS describes them."""

from collections.abc import Mapping
from typing import Any

from ops.verify.deployed import Deployed

__all__ = ["containers_of", "log_stream", "tasks_of"]

_BATCH = 100

Json = Mapping[str, Any]


def tasks_of(ecs: Any, cluster: str, service: str, status: str) -> list[Json]:  # noqa: ANN401 - boto3's
    """Return the tasks that are to run, or that have stopped.

    Args:
        ecs: Client.
        cluster: The cluster's name or ARN.
        service: The service's name.
        status: `RUNNING` or `STOPPED`.
    """
    pages = ecs.get_paginator("list_tasks").paginate(
        cluster=cluster, serviceName=service, desiredStatus=status
    )
    arns = [arn for page in pages for arn in page["taskArns"]]
    return [
        task
        for start in range(0, len(arns), _BATCH)
        for task in ecs.describe_tasks(cluster=cluster, tasks=arns[start : start + _BATCH])["tasks"]
    ]


def containers_of(task: Json, deployed: Deployed) -> list[Json]:
    """Return a task's containers that its definition has: AWS adds others, as GuardDuty's agent."""
    ours = deployed.containers()
    return [one for one in task["containers"] if one["name"] in ours]


def log_stream(task: Json, container: str, options: Json) -> str:
    """Return where a container of a task logs, as the driver `awslogs` names it by its options."""
    number = task["taskArn"].rpartition("/")[2]
    return f"{options['awslogs-stream-prefix']}/{container}/{number}"
