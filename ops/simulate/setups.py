"""What is compared: a stack's plan, and a service with plain defaults."""

from datetime import datetime

from local.autoscaling_api.tracking import Tracking
from todo_infra.capacity import CapacityPlan

from .delays import Delays
from .engine import CPU, REQUESTS, Setup

__all__ = ["DEFAULT_CPU_PERCENT", "DEFAULT_MINIMUM", "plain", "planned", "tracked"]

# As `autoscaling.py` and `load_balancer.py` register them; a test holds the two together.
SCALE_OUT_COOLDOWN = 30
SCALE_IN_COOLDOWN = 300
HEALTH_CHECK_SECONDS = 5
DEREGISTRATION_SECONDS = 15

DEFAULT_CPU_PERCENT = 50
"""What guides for ECS begin with, and the CDK's examples."""

DEFAULT_MINIMUM = 2
"""One task in each of two zones."""

# Application Auto Scaling's for ECS:
# https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
_DEFAULT_COOLDOWN = 300
# A target group's: every 30 s, 5 successes (of which a new target needs the first only), 300 s:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
_DEFAULT_HEALTH_CHECK_SECONDS = 30
_DEFAULT_DEREGISTRATION_SECONDS = 300


def tracked(plan: CapacityPlan) -> dict[str, Tracking]:
    """Return a plan's policies; memory is left out, as traffic does not move it."""
    targets = {REQUESTS: plan.requests_per_task_per_minute, CPU: plan.cpu_percent}
    return {
        name: Tracking(
            target=target,
            scale_out_cooldown=SCALE_OUT_COOLDOWN,
            scale_in_cooldown=SCALE_IN_COOLDOWN,
        )
        for name, target in targets.items()
    }


def planned(plan: CapacityPlan, begins: datetime, name: str = "your plan") -> Setup:
    """Return what the program would make of a plan.

    Args:
        plan: As it is at the beginning.
        begins: When the simulation does; scheduled changes are counted from it.
        name: What people call it.
    """
    floors = [((change.at - begins).total_seconds(), change.min_tasks) for change in plan.changes]
    return Setup(
        name=name,
        rated=plan.rated_requests_per_task_per_second,
        minimum=plan.min_tasks,
        maximum=plan.max_tasks,
        policies=tracked(plan),
        delays=Delays(health_check=HEALTH_CHECK_SECONDS, deregistration=DEREGISTRATION_SECONDS),
        floors=tuple(floors),
    )


def plain(plan: CapacityPlan) -> Setup:
    """Return the same tasks, as many at most, with plain defaults for everything else."""
    policy = Tracking(
        target=DEFAULT_CPU_PERCENT,
        scale_out_cooldown=_DEFAULT_COOLDOWN,
        scale_in_cooldown=_DEFAULT_COOLDOWN,
    )
    return Setup(
        name="plain defaults",
        rated=plan.rated_requests_per_task_per_second,
        minimum=min(DEFAULT_MINIMUM, plan.max_tasks),
        maximum=plan.max_tasks,
        policies={CPU: policy},
        delays=Delays(
            health_check=_DEFAULT_HEALTH_CHECK_SECONDS,
            deregistration=_DEFAULT_DEREGISTRATION_SECONDS,
        ),
    )
