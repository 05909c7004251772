"""A deployment that ECS takes back is a failed one, whoever waited for it.

A service that went back to its last version is as stable as one that did not. Where the provider
waits for no more than that, it reports success (pulumi-aws#4487, pulumi-awsx#1848).
"""

import pulumi
import pulumi_aws as aws

__all__ = ["RolledBackError", "deployed_task_definition"]


class RolledBackError(pulumi.RunError):
    """ECS runs the last version, and not the one that was deployed."""

    def __init__(self, wanted: str, running: str, stack: str) -> None:
        super().__init__(
            f"ECS took {_short(wanted)} back: {_short(running)} runs, and serves as before. "
            f"`make verify STACK={stack}` tells why; mend it, and deploy again."
        )


def deployed_task_definition(
    service: aws.ecs.Service, task_definition: aws.ecs.TaskDefinition
) -> pulumi.Output[str]:
    """Return the ARN of the task definition that a service runs, which has to be the given one.

    Raises:
        RolledBackError: When it is known what runs, and that is another one.
    """
    return pulumi.Output.all(service.task_definition, task_definition.arn).apply(_verified)


def _verified(arns: list[str]) -> str:
    running, wanted = arns
    if running != wanted:
        raise RolledBackError(wanted, running, pulumi.get_stack())
    return running


def _short(arn: str) -> str:
    """Return family and revision."""
    return arn.rpartition("/")[2]
