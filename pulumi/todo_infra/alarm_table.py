"""What is watched, from when on it is an alarm, and what it means. No resources here.

Each row of the table is a row of docs/runbook.md, which says what to do; a test holds the two
together. A threshold that depends on the stack comes from its plan and its sizes.
"""

from collections.abc import Mapping

from . import config, database_limits
from .alarm import HOUR, Alarm, Metric
from .capacity import CapacityPlan

__all__ = [
    "balancer_alarms",
    "database_alarms",
    "replica_alarms",
    "rotation_alarms",
    "service_alarms",
]

_ALB, _ECS, _RDS, _LAMBDA = "AWS/ApplicationELB", "AWS/ECS", "AWS/RDS", "AWS/Lambda"
_BYTES_PER_GIB = 1024**3

_ERROR_PERCENT = 1
# Fewer requests in a minute say nothing: one unlucky one at night would be an alarm.
_REQUESTS_THAT_COUNT = 20
_ERRORS_OF_LOAD_BALANCER = 10
_LATENCY_SECONDS = 1.0
# Above what autoscaling aims at: that it does not keep up, or may not.
_CPU_ABOVE_TARGET_PERCENT = 25
_DATABASE_CPU_PERCENT = 80
_CONNECTIONS_PERCENT = 70
_MEMORY_PERCENT = 5
# Of the storage at the start: RDS adds some when less than a tenth of all is free, which is more.
_STORAGE_PERCENT = 5
_LAG_SECONDS = 30


def _one(namespace: str, name: str, statistic: str) -> Mapping[str, Metric]:
    return {"value": Metric(namespace=namespace, name=name, statistic=statistic)}


def balancer_alarms() -> tuple[Alarm, ...]:
    """What users notice. These need no service, which waits for those that take it back."""
    return (
        Alarm(
            name="errors",
            subject="targets",
            means=f"More than {_ERROR_PERCENT} % of the requests end in an error (5xx).",
            first="read the errors in the application's log.",
            metrics={
                "errors": Metric(namespace=_ALB, name="HTTPCode_Target_5XX_Count", statistic="Sum"),
                "requests": Metric(namespace=_ALB, name="RequestCount", statistic="Sum"),
            },
            expression=(
                f"IF(requests >= {_REQUESTS_THAT_COUNT}, 100 * FILL(errors, 0) / requests, 0)"
            ),
            threshold=_ERROR_PERCENT,
            breaching=3,
            missing="notBreaching",
            why_missing="nobody asks, so nobody gets an error",
            rolls_back=True,
        ),
        Alarm(
            name="load-balancer-errors",
            subject="load_balancer",
            means="The load balancer answers with errors (5xx) by itself: it reaches no task.",
            first="look at the service's events.",
            metrics=_one(_ALB, "HTTPCode_ELB_5XX_Count", "Sum"),
            comparison="GreaterThanOrEqualToThreshold",
            threshold=_ERRORS_OF_LOAD_BALANCER,
            breaching=3,
            missing="notBreaching",
            why_missing="a minute without such an error has no value",
            rolls_back=True,
        ),
        Alarm(
            name="latency",
            subject="targets",
            means=f"One request in a hundred takes longer than {_LATENCY_SECONDS:g} s.",
            first="compare the load of tasks and database on the dashboard.",
            metrics=_one(_ALB, "TargetResponseTime", "p99"),
            threshold=_LATENCY_SECONDS,
            missing="notBreaching",
            why_missing="nobody asks, so nobody waits",
        ),
        Alarm(
            name="unhealthy-tasks",
            subject="targets",
            means="A task has not been ready for ten minutes; the others take its requests.",
            first="read the log of that task.",
            metrics=_one(_ALB, "UnHealthyHostCount", "Maximum"),
            threshold=0,
            periods=10,
            breaching=10,
            missing="notBreaching",
            why_missing="without any task there is no value; no-task is the alarm for that",
        ),
    )


def service_alarms(plan: CapacityPlan) -> tuple[Alarm, ...]:
    """What tells that there are too few tasks, or none."""
    ceiling = Alarm(
        name="capacity-ceiling",
        subject="service",
        means=f"All {plan.max_tasks} tasks that are allowed have been running for 15 minutes.",
        first="raise todo:capacity.peakRequestsPerSecond if more traffic is expected.",
        # Each task reports its use once a minute: as many values, as many tasks. Unlike the
        # counts of Container Insights, these cost nothing.
        metrics=_one(_ECS, "CPUUtilization", "SampleCount"),
        comparison="GreaterThanOrEqualToThreshold",
        threshold=plan.max_tasks,
        periods=15,
        breaching=15,
        missing="notBreaching",
        why_missing="without any task there is no value; no-task is the alarm for that",
    )
    # Where the team wants a fixed number, reaching it is no news.
    scales = plan.max_tasks > plan.floor_tasks
    return (
        Alarm(
            name="no-task",
            subject="targets",
            means="No task is ready: nobody is served.",
            first="look at the service's events.",
            metrics=_one(_ALB, "HealthyHostCount", "Maximum"),
            comparison="LessThanThreshold",
            threshold=1,
            periods=2,
            breaching=2,
            missing="breaching",
            why_missing="a target group without any task reports nothing",
        ),
        *((ceiling,) if scales else ()),
        Alarm(
            name="service-cpu",
            subject="service",
            means="The tasks are busier than autoscaling lets them be, for ten minutes.",
            first="look whether more tasks start; if not, see capacity-ceiling.",
            metrics=_one(_ECS, "CPUUtilization", "Average"),
            threshold=plan.cpu_percent + _CPU_ABOVE_TARGET_PERCENT,
            periods=10,
            breaching=10,
            missing="notBreaching",
            why_missing="without any task there is no value; no-task is the alarm for that",
        ),
    )


def database_alarms(settings: config.Settings) -> tuple[Alarm, ...]:
    """What tells that the database gets too small; of each of its servers, replicas included."""
    size, storage = settings.database.size, settings.database.storage_gib
    connections = database_limits.max_connections(size)
    memory = database_limits.MEMORY_GIB[size]
    silent = "a server that restarts has no value for a while; no-task and errors tell what of it"
    return (
        Alarm(
            name="database-cpu",
            subject="database",
            means=f"The database has been busier than {_DATABASE_CPU_PERCENT} % for 15 minutes.",
            first="look for slow queries.",
            metrics=_one(_RDS, "CPUUtilization", "Average"),
            threshold=_DATABASE_CPU_PERCENT,
            periods=15,
            breaching=15,
            missing="notBreaching",
            why_missing=silent,
        ),
        Alarm(
            name="database-connections",
            subject="database",
            means=f"{_CONNECTIONS_PERCENT} % of the {connections} connections are in use.",
            first="count the tasks: each holds up to todo:database.connectionsPerTask.",
            metrics=_one(_RDS, "DatabaseConnections", "Maximum"),
            threshold=connections * _CONNECTIONS_PERCENT // 100,
            missing="notBreaching",
            why_missing=silent,
        ),
        Alarm(
            name="database-storage",
            subject="database",
            means=(
                f"Less than {storage * _STORAGE_PERCENT / 100:g} GiB of the storage are free: it "
                "does not grow."
            ),
            first="compare the storage with its limit, four times todo:database.storageGiB.",
            metrics=_one(_RDS, "FreeStorageSpace", "Minimum"),
            comparison="LessThanThreshold",
            threshold=storage * _BYTES_PER_GIB * _STORAGE_PERCENT // 100,
            periods=15,
            breaching=15,
            missing="notBreaching",
            why_missing=silent,
        ),
        Alarm(
            name="database-memory",
            subject="database",
            means=f"Less than {_MEMORY_PERCENT} % of the database's memory is left.",
            first="take a larger todo:database.size.",
            metrics=_one(_RDS, "FreeableMemory", "Average"),
            comparison="LessThanThreshold",
            threshold=memory * _BYTES_PER_GIB * _MEMORY_PERCENT // 100,
            periods=15,
            breaching=15,
            missing="notBreaching",
            why_missing=silent,
        ),
    )


def replica_alarms() -> tuple[Alarm, ...]:
    """What only replicas have."""
    return (
        Alarm(
            name="replica-lag",
            subject="replica",
            means=f"A replica is {_LAG_SECONDS} s behind, or replicates no more.",
            first="look at the replica's state; reads go to the database meanwhile.",
            metrics={"lag": Metric(namespace=_RDS, name="ReplicaLag", statistic="Maximum")},
            # RDS says -1 where replication has stopped.
            expression=f"IF(lag < 0, {HOUR}, lag)",
            threshold=_LAG_SECONDS,
            periods=10,
            breaching=10,
            missing="breaching",
            why_missing="what reports no lag does not replicate",
        ),
    )


def rotation_alarms() -> tuple[Alarm, ...]:
    """What tells that the application's password was not changed."""
    return (
        Alarm(
            name="failed-rotation",
            subject="rotation",
            means="The application's password could not be changed; the old one still works.",
            first="read the log of the rotation's function.",
            metrics=_one(_LAMBDA, "Errors", "Sum"),
            threshold=0,
            periods=1,
            breaching=1,
            period=HOUR,
            missing="notBreaching",
            why_missing="the function runs once in todo:secrets.rotationDays",
        ),
    )
