"""What the loop asks AWS for, and what it has AWS do, through the SDK as anyone would."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from local.autoscaling_api.state import Record

__all__ = ["Aws", "Metric", "Service", "metric_of"]

_ECS_METRICS: Final = {
    "ECSServiceAverageCPUUtilization": "CPUUtilization",
    "ECSServiceAverageMemoryUtilization": "MemoryUtilization",
}


@dataclass(frozen=True, kw_only=True)
class Metric:
    """Where CloudWatch has what a policy is about."""

    namespace: str
    name: str
    statistic: str
    dimensions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Service:
    """How many tasks a service should have, and how many run."""

    desired: int
    running: int


def metric_of(policy: Record) -> Metric | None:
    """The metric of a target-tracking policy; None for one that this loop cannot read."""
    tracking = policy["TargetTrackingScalingPolicyConfiguration"]
    custom = tracking.get("CustomizedMetricSpecification")
    if custom is not None:
        if "Metrics" in custom:
            return None  # metric math
        return Metric(
            namespace=custom["Namespace"],
            name=custom["MetricName"],
            statistic=custom["Statistic"],
            dimensions=tuple((d["Name"], d["Value"]) for d in custom.get("Dimensions", ())),
        )
    predefined = tracking["PredefinedMetricSpecification"]
    kind = predefined["PredefinedMetricType"]
    if kind == "ALBRequestCountPerTarget":
        balancer, _, group = predefined["ResourceLabel"].partition("/targetgroup/")
        return Metric(
            namespace="AWS/ApplicationELB",
            name="RequestCountPerTarget",
            statistic="Sum",
            dimensions=(("LoadBalancer", balancer), ("TargetGroup", f"targetgroup/{group}")),
        )
    if kind not in _ECS_METRICS:
        return None
    _, cluster, service = policy["ResourceId"].split("/")
    return Metric(
        namespace="AWS/ECS",
        name=_ECS_METRICS[kind],
        statistic="Average",
        dimensions=(("ClusterName", cluster), ("ServiceName", service)),
    )


class Aws:
    """Clients of the services; `AWS_ENDPOINT_URL` says where they are."""

    def __init__(self, region: str) -> None:
        session = botocore.session.get_session()
        config = Config(retries={"total_max_attempts": 2}, connect_timeout=5, read_timeout=20)

        def client(service: str) -> Any:  # noqa: ANN401 - made at run time
            return session.create_client(service, region_name=region, config=config)

        self._cloudwatch, self._ecs, self._ssm = map(client, ("cloudwatch", "ecs", "ssm"))

    def value(self, metric: Metric, start: float, seconds: float) -> float | None:
        """A metric's value in the period that begins at `start`, if it has one."""
        since = datetime.fromtimestamp(start - seconds / 4, UTC)
        answer = self._cloudwatch.get_metric_statistics(
            Namespace=metric.namespace,
            MetricName=metric.name,
            Dimensions=[{"Name": name, "Value": value} for name, value in metric.dimensions],
            StartTime=since,
            EndTime=since + timedelta(seconds=seconds),
            # All there is since then: the one value that is under the time of the beginning, or
            # what others have put in under times of their own.
            Period=60,
            Statistics=[metric.statistic],
        )
        points = answer["Datapoints"]
        return float(points[0][metric.statistic]) if points else None

    def service(self, cluster: str, name: str) -> Service | None:
        """A service's counts; None if it does not run."""
        try:
            answer = self._ecs.describe_services(cluster=cluster, services=[name])
        except ClientError:
            return None  # no such cluster
        for found in answer["services"]:
            if found["status"] == "ACTIVE":
                return Service(desired=found["desiredCount"], running=found["runningCount"])
        return None

    def set_desired(self, cluster: str, name: str, count: int) -> None:
        """Change a service's desired count."""
        self._ecs.update_service(cluster=cluster, service=name, desiredCount=count)

    def parameter(self, name: str) -> str | None:
        """A parameter's value, if there is one."""
        try:
            return str(self._ssm.get_parameter(Name=name)["Parameter"]["Value"])
        except ClientError:
            return None
