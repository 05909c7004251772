"""What ECS tells CloudWatch of a service: use of CPU and memory in percent of what is reserved.

A value for each task that runs, from the engine's own figures for its containers, as in "Amazon ECS
CloudWatch metrics" (docs.aws.amazon.com/AmazonECS/latest/developerguide). All tasks of a service
are of one size but while it is deployed, so that the mean of the values is the service's use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from docker.errors import DockerException

from local.metrics import Datum

__all__ = ["Sample", "TaskMetrics", "sample"]

_NAMESPACE: Final = "AWS/ECS"
_CPU_UNITS: Final = 1024
_MIB: Final = 2**20
_ASKED_AT_ONCE: Final = 16

Record = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What a container had used at a moment: seconds of CPU in all, bytes of memory then."""

    at: float
    cpu_seconds: float
    memory: int


def sample(stats: Record) -> Sample | None:
    """Read the engine's answer; None if the container has ended."""
    memory = stats.get("memory_stats") or {}
    if "usage" not in memory:
        return None
    details = memory.get("stats") or {}
    # The page cache is given back when it is needed; `docker stats` leaves it out as well.
    cache = details.get("inactive_file", details.get("total_inactive_file", 0))
    return Sample(
        at=datetime.fromisoformat(f"{stats['read'][:19]}+00:00").timestamp()
        + float(f"0.{stats['read'][20:-1] or 0}"),
        cpu_seconds=stats["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9,
        memory=max(memory["usage"] - cache, 0),
    )


class TaskMetrics:
    """Measures the tasks of services since it was last asked.

    Args:
        ecs: MiniStack's ECS.
    """

    def __init__(self, ecs: Any) -> None:  # noqa: ANN401 - a module
        self._ecs = ecs
        self._before: dict[str, Sample] = {}
        self._latest: dict[str, Sample] = {}
        # The engine takes a second for each, since it measures then.
        self._askers = ThreadPoolExecutor(_ASKED_AT_ONCE, thread_name_prefix="task-metrics")

    def look(self) -> None:
        """Measure; what takes its time here is ready when a period ends."""
        ids = [c for _, task in self._running() for c in task.get("_docker_ids") or []]
        samples = zip(ids, self._askers.map(self._sample, ids), strict=True)
        self._latest = {container: read for container, read in samples if read}

    def data(self, _: float = 0) -> list[Datum]:
        """The data of the period that ends now."""
        now = self._latest
        cpu: dict[tuple[str, str], list[float]] = {}
        memory: dict[tuple[str, str], list[float]] = {}
        for service, task in self._running():
            own = [container for container in task.get("_docker_ids") or [] if container in now]
            if not own or any(container not in self._before for container in own):
                continue  # it has not run for a whole period
            pairs = [(self._before[container], now[container]) for container in own]
            if any(latest.at <= before.at for before, latest in pairs):
                continue  # it was not measured since
            cpu.setdefault(service, []).append(_cpu_percent(task, pairs))
            memory.setdefault(service, []).append(_memory_percent(task, pairs))
        self._before = now
        return [
            Datum(
                namespace=_NAMESPACE,
                name=name,
                dimensions={"ClusterName": cluster, "ServiceName": service},
                values=tuple(values),
                unit="Percent",
            )
            for name, found in (("CPUUtilization", cpu), ("MemoryUtilization", memory))
            for (cluster, service), values in found.items()
        ]

    def _running(self) -> Iterator[tuple[tuple[str, str], Record]]:
        for task in list(self._ecs._tasks.values()):  # noqa: SLF001
            kind, _, name = str(task.get("group", "")).partition(":")
            if kind == "service" and task.get("lastStatus") == "RUNNING":
                cluster = self._ecs._cluster_name_from_arn(task["clusterArn"])  # noqa: SLF001
                yield (cluster, name), task

    def _sample(self, container: str) -> Sample | None:
        try:
            api = self._ecs._get_docker().api  # noqa: SLF001
            return sample(api.stats(container, stream=False, one_shot=True))
        except (DockerException, OSError):
            return None  # it ends at this moment


def _cpu_percent(task: Record, pairs: Sequence[tuple[Sample, Sample]]) -> float:
    used = sum(
        (now.cpu_seconds - before.cpu_seconds) / max(now.at - before.at, 1e-3)
        for before, now in pairs
    )
    return 100 * used / (int(task["cpu"]) / _CPU_UNITS)


def _memory_percent(task: Record, pairs: Sequence[tuple[Sample, Sample]]) -> float:
    return 100 * sum(now.memory for _, now in pairs) / (int(task["memory"]) * _MIB)
