"""How long AWS takes, each figure with its source; what a stack itself sets is in `setups.py`."""

from dataclasses import dataclass

__all__ = ["METRIC_SECONDS", "PATIENCE_SECONDS", "PUBLICATION_SECONDS", "Delays"]

METRIC_SECONDS = 60
"""ECS and the load balancer report by the minute:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html"""

PUBLICATION_SECONDS = {60: 170, 20: 24}
"""From the end of a period until its alarm has decided, by the length of the period.

In no document. It is what AWS's measurement leaves over: from a step of the load to the decision
363 s with metrics of a minute and 86 s with those of 20 s ("optimized metric publishing"), of which
three datapoints and the first, broken period explain 172 to 210 s and 57 to 70 s:
https://aws.amazon.com/blogs/aws/amazon-ecs-introduces-new-high-resolution-metrics-for-faster-service-auto-scaling/
The load balancer's metrics are taken to come as late as those of ECS."""

TASK_START_SECONDS = 30
"""Of a Fargate task with a small image; AWS's measurement above has 23 s (386 - 363, 109 - 86)."""

PATIENCE_SECONDS = 2
"""So long a request waits for its turn, then it is dropped: the application's own limit
(`docs/runbook.md`, a free database session)."""


@dataclass(frozen=True, kw_only=True)
class Delays:
    """What passes between traffic and tasks that serve it, in seconds.

    Attributes:
        metric: Length of a period of the metrics.
        publication: From its end until the alarms have decided.
        task_start: From the decision until a task runs.
        health_check: From then until it gets requests. A new target needs one success, whatever
            the threshold; the first check comes within the interval:
            https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
        deregistration: From the decision until a task that is taken away costs nothing.
    """

    metric: float = METRIC_SECONDS
    publication: float = PUBLICATION_SECONDS[METRIC_SECONDS]
    task_start: float = TASK_START_SECONDS
    health_check: float
    deregistration: float
