"""How the service is deployed, how long its logs are kept, and what is measured."""

from dataclasses import dataclass
from typing import Annotated

from .rules import OneOf, WholeNumber, YesNo

__all__ = ["RETENTION_DAYS", "Deployment", "Logs"]

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827)


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """How a deployment goes.

    Attributes:
        wait_for_steady_state: Let `pulumi up` end when the new tasks serve, and fail when
            they do not.
        spot_percent: Of the tasks above minTasks, how many run on spare capacity, which is
            cheaper and can be taken away within two minutes. minTasks run on demand always.
            A change replaces the tasks.
        allow_exec: Let people into tasks with `aws ecs execute-command`. What they type and
            see is recorded; the container's file system becomes writable, as AWS requires.
        alarm_rollback: Take a deployment back during which users get errors.
    """

    wait_for_steady_state: Annotated[bool, YesNo()] = True
    spot_percent: Annotated[int, WholeNumber(0, 100)] = 0
    allow_exec: Annotated[bool, YesNo()] = False
    alarm_rollback: Annotated[bool, YesNo()] = True


@dataclass(frozen=True, kw_only=True)
class Logs:
    """How long logs are kept, and what is measured beside them.

    Attributes:
        retention_days: Days; CloudWatch Logs knows these numbers only.
        container_insights: What ECS measures: nothing, cluster and service, or each task and
            container. AWS charges by the metric.
    """

    retention_days: Annotated[int, OneOf(RETENTION_DAYS)] = 90
    container_insights: Annotated[str, OneOf(("disabled", "enabled", "enhanced"))] = "enabled"
