"""How the network that Terraform made is watched, and how tasks reach AWS from it."""

from dataclasses import dataclass
from typing import Annotated

from .rules import OneOf, YesNo
from .service import RETENTION_DAYS

__all__ = ["Network"]


@dataclass(frozen=True, kw_only=True)
class Network:
    """How the network is watched, and how tasks reach AWS from it.

    Attributes:
        vpc_endpoints: Make entrances to ECR, S3, CloudWatch Logs and Secrets Manager inside the
            network; tasks then reach nothing outside of it. They answer for the whole network:
            only one stack of a network can have them, and none where Terraform made some.
        flow_logs: Log every connection of the network, refused ones included.
        flow_log_days: Days until such a line is deleted; CloudWatch Logs knows these only.
    """

    vpc_endpoints: Annotated[bool, YesNo()] = False
    flow_logs: Annotated[bool, YesNo()] = True
    flow_log_days: Annotated[int, OneOf(RETENTION_DAYS)] = 90
