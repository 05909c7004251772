"""What ECS and its load balancer do with a task, and MiniStack does not.

A container gets no more CPU and memory than its task, and no more rights than its definition says.
A task serves, and counts as started, from its first passed health check on; one that fails them is
replaced, and a deployment of such tasks is taken back. A task that has to go is deregistered first,
keeps its requests for the deregistration delay, and then has its own time to stop.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol
from xml.sax.saxutils import escape

from docker.errors import DockerException, NotFound

from local.load_balancer.health import Health, Judgement
from local.load_balancer.model import Target

__all__ = ["Tasks", "limited", "target_health"]

_CPU_UNITS = 1024
_MIB = 2**20
_STOP_SECONDS = 30
"""ECS's default of stopTimeout."""

_BY_ITSELF = "EssentialContainerExited"
_STOP_LABEL = "todo.local.stop-seconds"
_POLL_SECONDS = 0.2
_LOG_SECONDS = 5

Record = dict[str, Any]


class Judges(Protocol):
    """Knows how targets are."""

    def judgement(self, group_arn: str, target: Target) -> Judgement | None:
        """What is known of a target; None if it is not registered."""

    def forget(self, group_arn: str, target: Target) -> None:
        """Give up a target that is gone."""


def limited(arguments: Record, container: Mapping[str, Any], task: Mapping[str, Any]) -> Record:
    """Add to Docker's arguments what ECS takes from the definitions of a container and its task.

    Args:
        arguments: of Docker's `run`.
        container: the container's definition.
        task: the task's definition, whose CPU is in units of 1/1024 and whose memory is in MiB.
    """
    drop = ((container.get("linuxParameters") or {}).get("capabilities") or {}).get("drop")
    cpu = int(container.get("cpu") or task.get("cpu") or 0)
    memory = int(container.get("memory") or task.get("memory") or 0)
    wanted = {
        # No container can have more than the machine.
        "nano_cpus": min(cpu * 10**9 // _CPU_UNITS, (os.cpu_count() or 1) * 10**9) or None,
        "mem_limit": memory * _MIB or None,
        "user": container.get("user"),
        "read_only": container.get("readonlyRootFilesystem"),
        "cap_drop": drop,
        "init": (container.get("linuxParameters") or {}).get("initProcessEnabled"),
    }
    stop = str(container.get("stopTimeout") or _STOP_SECONDS)
    return {
        **arguments,
        **{name: value for name, value in wanted.items() if value},
        "labels": {**arguments["labels"], _STOP_LABEL: stop},
    }


def target_health(
    elbv2: Any,  # noqa: ANN401 - a module
    judges: Judges,
    request: Mapping[str, Any],
) -> str:
    """The members of `DescribeTargetHealth`'s answer, as XML."""
    group = str(request.get("TargetGroupArn", [""])[0])
    port = elbv2._tgs[group].get("Port", 80)
    described = []
    for record in elbv2._targets.get(group, []):
        target = Target(record["Id"], int(record.get("Port") or port))
        judgement = judges.judgement(group, target)
        health = judgement.health if judgement else Health.INITIAL
        words = f"<State>{health.value}</State>"
        if not health.is_served:
            reason = judgement.reason if judgement else ""
            code = "Target.FailedHealthChecks" if reason else "Elb.InitialHealthChecking"
            words += f"<Reason>{code}</Reason><Description>{escape(reason)}</Description>"
        described.append(
            f"<member><Target><Id>{target.host}</Id><Port>{target.port}</Port></Target>"
            f"<HealthCheckPort>{target.port}</HealthCheckPort>"
            f"<TargetHealth>{words}</TargetHealth></member>"
        )
    return f"<TargetHealthDescriptions>{''.join(described)}</TargetHealthDescriptions>"


class Tasks:
    """The tasks of services that stand behind the load balancer.

    Args:
        ecs: MiniStack's ECS.
        elbv2: MiniStack's ELBv2.
        judges: knows how targets are.
    """

    def __init__(self, ecs: Any, elbv2: Any, judges: Judges) -> None:  # noqa: ANN401 - modules
        self._ecs, self._elbv2, self._judges = ecs, elbv2, judges

    def extend(self) -> None:
        """Change MiniStack's ECS and ELBv2; its exact version is pinned."""
        ecs, elbv2 = self._ecs, self._elbv2
        arguments = ecs._build_run_kwargs
        ecs._build_run_kwargs = lambda container, task, *others: limited(
            arguments(container, task, *others), container, task
        )
        ecs._remove_docker_container = _remove
        ecs._cleanup_task_resources = self._after_draining(ecs._cleanup_task_resources)
        ecs._record_service_task_healthy = self._once_healthy(ecs._record_service_task_healthy)
        describe = elbv2._describe_target_health

        def describing(request: Mapping[str, Any]) -> Any:  # noqa: ANN401 - MiniStack's answer
            if elbv2._p(request, "TargetGroupArn") not in elbv2._tgs:
                return describe(request)
            answer = target_health(elbv2, self._judges, request)
            return elbv2._xml(200, "DescribeTargetHealth", answer)

        elbv2._ACTION_MAP["DescribeTargetHealth"] = describing

    def replace_unhealthy(self) -> None:
        """Stop the tasks that fail their checks after the service's time of grace."""
        ecs = self._ecs
        for task in list(ecs._tasks.values()):
            if task.get("lastStatus") != "RUNNING" or not self._is_unhealthy(task):
                continue
            reason = f"Task failed ELB health checks in {self._groups(task)}"
            code = "ServiceSchedulerInitiated"
            self._tell_unhealthy(task)
            if ecs._mark_task_stopped(task["taskArn"], task, reason, code):
                ecs._record_service_task_failure(task)
                ecs._cleanup_task_resources(task, ecs._get_docker())

    def _tell_unhealthy(self, task: Record) -> None:
        """Add to the service's events what the load balancer found."""
        service, number = self._service(task), str(task["taskArn"]).rpartition("/")[2]
        for group, target in self._targets(task):
            judgement = self._judges.judgement(group, target)
            if service is None or judgement is None or judgement.health is not Health.UNHEALTHY:
                continue
            message = (
                f"(service {service['serviceName']}) (task {number}) (port {target.port}) is "
                f"unhealthy in (target-group {group}) due to (reason {judgement.reason})"
            )
            event = {"id": self._ecs.new_uuid(), "createdAt": self._ecs._iso(), "message": message}
            service["events"].insert(0, event)

    def _is_unhealthy(self, task: Record) -> bool:
        service = self._service(task)
        if service is None or self._health(task) is not Health.UNHEALTHY:
            return False
        grace = int(service.get("healthCheckGracePeriodSeconds") or 0)
        return time.time() > float(self._ecs._ts_to_epoch(task["startedAt"])) + grace

    def _after_draining(self, clean: Callable[..., None]) -> Callable[..., None]:
        """Wrap what stops a task's containers: those that serve have their requests to finish."""

        def cleaning(task: Record, docker: Any, extra_container: Any = None) -> None:  # noqa: ANN401
            if task.get("stopCode") == _BY_ITSELF:
                for group, target in self._targets(task):
                    self._judges.forget(group, target)
            seconds = 0 if extra_container is not None else self._drain_seconds(task)
            if not seconds:
                clean(task, docker, extra_container)
                return
            account, region = self._ecs.get_account_id(), self._ecs.get_region()

            def later() -> None:
                time.sleep(seconds)
                with self._ecs.request_scope(account, region):
                    clean(task, docker)

            self._ecs.spawn_background(later, thread_name=f"drain-{task['taskArn'][-8:]}")

        return cleaning

    def _once_healthy(self, record: Callable[[str, Record], None]) -> Callable[[str, Record], None]:
        """Wrap what counts a task as started: it waits until the task is well, or gone."""

        def recording(service: str, task: Record) -> None:
            while task.get("lastStatus") == "RUNNING" and not self._serves(task):
                time.sleep(_POLL_SECONDS)
            record(service, task)

        return recording

    def _serves(self, task: Record) -> bool:
        health = self._health(task)
        return health is None or health.is_served

    def _health(self, task: Record) -> Health | None:
        """The worst of a task's target groups; None if it is in none."""
        found = [
            judgement.health if judgement else Health.INITIAL
            for group, target in self._targets(task)
            for judgement in [self._judges.judgement(group, target)]
        ]
        order = [Health.UNHEALTHY, Health.INITIAL, Health.HEALTHY, Health.UNAVAILABLE]
        return min(found, key=order.index, default=None)

    def _drain_seconds(self, task: Record) -> int:
        """How long its requests may take; none are under way in a task that has ended itself."""
        if task.get("stopCode") == _BY_ITSELF or not task.get("startedAt"):
            return 0
        attributes = [
            attribute
            for group, _ in self._targets(task)
            for attribute in self._elbv2._tg_attrs.get(group, [])
        ]
        key = "deregistration_delay.timeout_seconds"
        return max((int(a["Value"]) for a in attributes if a["Key"] == key), default=0)

    def _groups(self, task: Record) -> str:
        return ", ".join(f"(target-group {group})" for group, _ in self._targets(task))

    def _targets(self, task: Record) -> Iterator[tuple[str, Target]]:
        service, host = self._service(task), self._ecs._task_ip(task)
        for balancer in (service or {}).get("loadBalancers") or []:
            if host and balancer.get("targetGroupArn"):
                yield balancer["targetGroupArn"], Target(host, int(balancer["containerPort"]))

    def _service(self, task: Record) -> Record | None:
        kind, _, name = str(task.get("group", "")).partition(":")
        cluster = self._ecs._cluster_name_from_arn(task.get("clusterArn", ""))
        found: Record | None = self._ecs._services.get(f"{cluster}/{name}")
        return found if kind == "service" else None


def _remove(docker: Any, container_or_id: Any) -> None:  # noqa: ANN401 - of Docker's library
    """Stop a container as its definition says, and remove it; one that is gone is fine."""
    if not docker or container_or_id is None:
        return
    try:
        container = container_or_id
        if isinstance(container_or_id, str):
            container = docker.containers.get(container_or_id)
        container.stop(timeout=int(container.labels.get(_STOP_LABEL, _STOP_SECONDS)))
    except NotFound:
        return
    except DockerException:
        pass  # it is removed all the same
    _forward_last_lines(container)
    try:
        container.remove(v=True, force=True)
    except DockerException:
        return


def _forward_last_lines(container: Any) -> None:  # noqa: ANN401 - of Docker's library
    """Wait until the log service has all that a container said: Docker forgets it with it."""
    name = str(container.name).replace("ministack-ecs-", "ministack-ecs-awslogs-", 1)
    for thread in threading.enumerate():
        if thread.name == name:
            thread.join(_LOG_SECONDS)
