"""What AWS's load balancers tell CloudWatch, from HAProxy's statistics.

Names, dimensions and when there is no value: "CloudWatch metrics for your Application Load
Balancer" (docs.aws.amazon.com/elasticloadbalancing/latest/application). A request counts once it
was given to a target. In a shorter minute as many are told as a whole one would have had, so that
what a policy asks of a task stays the same. HAProxy knows the mean of the last 1024 response times
and no percentiles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from local.load_balancer.haproxy import HAProxy
from local.load_balancer.haproxy_config import backend
from local.load_balancer.model import Forward, LoadBalancer, TargetGroup
from local.metrics import Datum
from local.time_lapse import MINUTE

__all__ = ["Counts", "Meter", "balancer_data", "measured"]

_NAMESPACE: Final = "AWS/ApplicationELB"
_NOT_SERVERS: Final = ("FRONTEND", "BACKEND")
_COUNTED: Final = ("stot", "hrsp_5xx")

Row = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What a target group did in a period; `seconds` is the mean time to an answer."""

    requests: float
    errors: float
    seconds: float


class Meter:
    """Turns counters that only rise, and begin anew in each worker, into counts of a period."""

    def __init__(self) -> None:
        self._before: dict[tuple[str, str], int] | None = None
        self._worker: str | None = None

    def read(
        self, rows: Sequence[Row], worker: str | None, seconds: float = MINUTE
    ) -> dict[str, Counts]:
        """Count since the last reading, by backend; the first time there is nothing to count.

        Args:
            rows: HAProxy's `show stat`.
            worker: which of its processes that was; a reload starts a new one.
            seconds: how long ago the last reading was.
        """
        now = _totals(rows)
        first = self._before is None
        before = {} if first or worker != self._worker else self._before or {}
        self._before, self._worker = now, worker
        if first:
            return {}
        times = {row["pxname"]: row for row in rows if row["svname"] == "BACKEND"}
        whole = MINUTE / seconds
        return {
            name: Counts(
                requests=(now[name, "stot"] - before.get((name, "stot"), 0)) * whole,
                errors=(now[name, "hrsp_5xx"] - before.get((name, "hrsp_5xx"), 0)) * whole,
                seconds=int(row.get("rtime") or 0) / 1000,
            )
            for name, row in times.items()
            if (name, "stot") in now
        }


def _totals(rows: Sequence[Row]) -> dict[tuple[str, str], int]:
    """Sum the servers of each backend; a backend's own row has answers of HAProxy in it too."""
    totals: dict[tuple[str, str], int] = {}
    for row in rows:
        if row["svname"] in _NOT_SERVERS:
            continue
        for name in _COUNTED:
            key = (row["pxname"], name)
            totals[key] = totals.get(key, 0) + int(row.get(name) or 0)
    return totals


def balancer_data(
    balancers: Sequence[LoadBalancer],
    groups: Sequence[TargetGroup],
    counts: Mapping[str, Counts],
    healthy: Callable[[TargetGroup], int],
) -> Iterator[Datum]:
    """The data of a period.

    Args:
        balancers: all there are.
        groups: all there are.
        counts: by backend.
        healthy: how many targets of a group are well.
    """
    for balancer in balancers:
        dimension = {"LoadBalancer": balancer.suffix}
        used = [group for group in groups if group.arn in _groups(balancer)]
        total = 0.0
        for group in used:
            both = {"TargetGroup": group.name, **dimension}
            well = healthy(group)
            if group.targets:
                yield _datum("HealthyHostCount", both, well)
            count = counts.get(backend(group))
            if count is None or not count.requests:
                continue
            total += count.requests
            yield _datum("RequestCount", both, count.requests)
            share = count.requests / (well or len(group.targets) or 1)
            for dimensions in (both, {"TargetGroup": group.name}):
                yield _datum("RequestCountPerTarget", dimensions, share)
            for dimensions in (both, dimension):
                yield _datum("TargetResponseTime", dimensions, count.seconds, unit="Seconds")
                if count.errors:
                    yield _datum("HTTPCode_Target_5XX_Count", dimensions, count.errors)
        if total:
            yield _datum("RequestCount", dimension, total)


def _groups(balancer: LoadBalancer) -> set[str]:
    return {
        rule.action.group_arn
        for listener in balancer.listeners
        for rule in listener.rules
        if isinstance(rule.action, Forward)
    }


def _datum(name: str, dimensions: Mapping[str, str], value: float, *, unit: str = "Count") -> Datum:
    return Datum(
        namespace=_NAMESPACE, name=name, dimensions=dimensions, values=(float(value),), unit=unit
    )


def measured(
    proxy: HAProxy,
    read: Callable[[], tuple[Sequence[LoadBalancer], Sequence[TargetGroup]]],
    healthy: Callable[[TargetGroup], int],
) -> Callable[[float], list[Datum]]:
    """A source of metrics: measures a HAProxy since it was last asked."""
    meter = Meter()

    def source(seconds: float) -> list[Datum]:
        worker = proxy.worker()
        if worker is None:
            return []  # it runs as soon as there is a load balancer
        balancers, groups = read()
        counts = meter.read(proxy.counters(), worker, seconds)
        return list(balancer_data(balancers, groups, counts, healthy))

    return source
