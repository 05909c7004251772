"""T-shirt sizes, and what they mean at AWS.

Every Fargate pair is a legal one:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
Every database class runs MySQL 8.4 and newer:
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Support.html
"""

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["DATABASES_WITH_INSIGHTS", "DATABASE_CLASSES", "TASK_SIZES", "TaskSize"]


@dataclass(frozen=True, kw_only=True)
class TaskSize:
    """CPU and memory of one Fargate task.

    Attributes:
        cpu: In CPU units; 1024 are one virtual CPU.
        memory: In MiB.
    """

    cpu: int
    memory: int


TASK_SIZES: Mapping[str, TaskSize] = {
    "xsmall": TaskSize(cpu=256, memory=512),
    "small": TaskSize(cpu=512, memory=1024),
    "medium": TaskSize(cpu=1024, memory=2048),
    "large": TaskSize(cpu=2048, memory=4096),
    "xlarge": TaskSize(cpu=4096, memory=8192),
}

DATABASE_CLASSES: Mapping[str, str] = {
    "xsmall": "db.t4g.micro",
    "small": "db.t4g.small",
    "medium": "db.t4g.medium",
    "large": "db.m7g.large",
    "xlarge": "db.m7g.xlarge",
}

# AWS has no Performance Insights for MySQL on the smaller ones:
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PerfInsights.Overview.Engines.html
DATABASES_WITH_INSIGHTS = frozenset({"medium", "large", "xlarge"})
