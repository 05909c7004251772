"""How the service is deployed, and how long its logs are kept."""

from dataclasses import dataclass
from typing import Annotated

from .rules import OneOf, YesNo

__all__ = ["RETENTION_DAYS", "Deployment", "Logs"]

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827)


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """How a deployment goes.

    Attributes:
        wait_for_steady_state: Let `pulumi up` end when the new tasks serve, and fail when
            they do not.
    """

    wait_for_steady_state: Annotated[bool, YesNo()] = True


@dataclass(frozen=True, kw_only=True)
class Logs:
    """How long logs are kept.

    Attributes:
        retention_days: Days; CloudWatch Logs knows these numbers only.
    """

    retention_days: Annotated[int, OneOf(RETENTION_DAYS)] = 90
