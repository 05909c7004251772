"""What a task may do on its host, and how people and the internet reach it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_policy import PolicyResource, Severity

from todo_policies.parameters import parameter
from todo_policies.reading import is_set, shown
from todo_policies.resource_types import (
    CAPACITY_PROVIDERS,
    ECS_CLUSTER,
    ECS_SERVICE,
    TASK_DEFINITION,
)
from todo_policies.rule import ResourceRule, Rule, StackRule, Subject
from todo_policies.subnets import public_subnets

__all__ = [
    "CLUSTER_MEASURED",
    "RULES",
    "SERVICE_NOT_PUBLIC",
    "SERVICE_PLATFORM_CURRENT",
    "SERVICE_PRIVATE_SUBNETS",
    "SERVICE_ROLLS_BACK",
    "TASK_ISOLATED",
]

_FARGATE = {"FARGATE", "FARGATE_SPOT"}


def _shares_its_host(task: Subject) -> Iterator[str]:
    if task.props.get("networkMode") != "awsvpc":
        yield f"networkMode is {shown(task.props.get('networkMode'))}; it has to be awsvpc."
    for mode in ("pidMode", "ipcMode"):
        value = task.props.get(mode)
        # "task" shares with the other containers of the same task only.
        if value not in (None, "", "task", "none"):
            yield f"{mode} is {shown(value)}, which shares it with the host."
    compatible = task.props.get("requiresCompatibilities") or ()
    if list(compatible) != ["FARGATE"]:
        yield f"requiresCompatibilities is {', '.join(compatible) or 'not set'}, and not FARGATE."
    for volume in task.props.get("volumes") or ():
        yield from _open_volume(volume)


def _open_volume(volume: Mapping[str, Any]) -> Iterator[str]:
    name = shown(volume.get("name"))
    if is_set(volume, "hostPath"):
        yield f"volume {name} is a directory of the host."
    file_system = volume.get("efsVolumeConfiguration")
    if file_system and file_system.get("transitEncryption") != "ENABLED":
        yield f"volume {name} reaches its file system without TLS."


TASK_ISOLATED = ResourceRule(
    name="task-isolated",
    severity=Severity.HIGH,
    why="A task has a network interface of its own, and shares no processes, memory or directories "
    "with its host.",
    fix="Set network_mode='awsvpc' and requires_compatibilities=['FARGATE']; leave out pid_mode, "
    "ipc_mode and host_path.",
    controls=("ECS.3", "ECS.17"),
    resource_types=frozenset({TASK_DEFINITION}),
    check=_shares_its_host,
)


def _public(service: Subject) -> Iterator[str]:
    network = service.props.get("networkConfiguration") or {}
    public = network.get("assignPublicIp")
    if public is not False:
        yield f"networkConfiguration.assignPublicIp is {shown(public)}."
    if not network.get("securityGroups"):
        yield "it names no security group, so the network's default one applies."


SERVICE_NOT_PUBLIC = ResourceRule(
    name="service-not-public",
    severity=Severity.HIGH,
    why="Tasks have no public address: the load balancer is the only way in.",
    fix="Set assign_public_ip=False, private subnets and a security group.",
    controls=("ECS.2",),
    resource_types=frozenset({ECS_SERVICE}),
    check=_public,
)


def _in_public_subnets(service: PolicyResource, stack: Sequence[PolicyResource]) -> Iterator[str]:
    network = service.props.get("networkConfiguration") or {}
    for subnet in sorted(public_subnets(stack) & {*(network.get("subnets") or ())}):
        yield f"its subnet {subnet} is a load balancer's, and so public."


SERVICE_PRIVATE_SUBNETS = StackRule(
    name="service-private-subnets",
    severity=Severity.HIGH,
    why="Tasks are in private subnets: in others, an address is all that is between them and the "
    "internet.",
    fix="Name the private subnets of Terraform's state.",
    controls=("ECS.2",),
    resource_types=frozenset({ECS_SERVICE}),
    check=_in_public_subnets,
)


@dataclass(frozen=True, kw_only=True)
class _Platforms:
    allowed: tuple[str, ...] = parameter(("LATEST", "1.4.0"), "Versions of Fargate.")


def _old_platform(resource: Subject, parameters: _Platforms) -> Iterator[str]:
    if resource.resource_type == CAPACITY_PROVIDERS:
        others = set(resource.props.get("capacityProviders") or ()) - _FARGATE
        if others:
            yield f"the cluster's capacity is {', '.join(sorted(others))}, and not Fargate's alone."
        return
    platform = resource.props.get("platformVersion")
    if platform not in parameters.allowed:
        yield f"platformVersion is {shown(platform)}; allowed: {', '.join(parameters.allowed)}."
    shares = resource.props.get("capacityProviderStrategies") or ()
    kinds = {share.get("capacityProvider") for share in shares} or {
        resource.props.get("launchType")
    }
    if not kinds <= _FARGATE:
        yield f"it runs on {', '.join(sorted(map(shown, kinds - _FARGATE)))}, and not on Fargate."


SERVICE_PLATFORM_CURRENT = ResourceRule(
    name="service-platform-current",
    severity=Severity.MEDIUM,
    why="Tasks run on a current version of Fargate, which AWS keeps up to date.",
    fix="Set platform_version='LATEST' and a strategy of FARGATE and FARGATE_SPOT.",
    controls=("ECS.10",),
    parameters=_Platforms(),
    resource_types=frozenset({ECS_SERVICE, CAPACITY_PROVIDERS}),
    check=_old_platform,
)

_FULL = 100
"""Percent of the tasks that a deployment has to leave running."""


def _stuck(service: Subject) -> Iterator[str]:
    breaker = service.props.get("deploymentCircuitBreaker") or {}
    for key in ("enable", "rollback"):
        if breaker.get(key) is not True:
            yield f"deploymentCircuitBreaker.{key} is {shown(breaker.get(key))}."
    alarms = service.props.get("alarms")
    if alarms and not (alarms.get("enable") is True and alarms.get("rollback") is True):
        yield "its alarms stop no deployment, or do not take it back."
    healthy = service.props.get("deploymentMinimumHealthyPercent")
    if healthy is None or healthy < _FULL:
        yield f"deploymentMinimumHealthyPercent is {shown(healthy)}; it has to be at least {_FULL}."
    highest = service.props.get("deploymentMaximumPercent")
    if highest is not None and highest <= _FULL:
        yield f"deploymentMaximumPercent is {shown(highest)}, which leaves no room for new tasks."
    controller = (service.props.get("deploymentController") or {}).get("type")
    if controller not in (None, "ECS"):
        yield f"deploymentController.type is {shown(controller)}, which knows no circuit breaker."


SERVICE_ROLLS_BACK = ResourceRule(
    name="service-rolls-back",
    severity=Severity.MEDIUM,
    why="A deployment takes no task away before its successor serves, and takes itself back when "
    "that does not come to pass.",
    fix="Set deployment_circuit_breaker with enable and rollback, "
    "deployment_minimum_healthy_percent=100 and a maximum above it.",
    controls=(),
    resource_types=frozenset({ECS_SERVICE}),
    check=_stuck,
)


@dataclass(frozen=True, kw_only=True)
class _Insights:
    allowed: tuple[str, ...] = parameter(
        ("enabled", "enhanced"), "Values of the cluster's setting containerInsights."
    )


def _unmeasured(cluster: Subject, parameters: _Insights) -> Iterator[str]:
    found = [
        setting.get("value")
        for setting in cluster.props.get("settings") or ()
        if setting.get("name") == "containerInsights"
    ]
    value = found[0] if found else None
    if value not in parameters.allowed:
        yield f"containerInsights is {shown(value)}; allowed: {', '.join(parameters.allowed)}."


CLUSTER_MEASURED = ResourceRule(
    name="cluster-measured",
    severity=Severity.LOW,
    why="CloudWatch measures clusters, services and tasks: without that nobody sees what is short.",
    fix="Set todo:logs.containerInsights to enabled or enhanced.",
    controls=("ECS.12",),
    parameters=_Insights(),
    resource_types=frozenset({ECS_CLUSTER}),
    check=_unmeasured,
)

RULES: tuple[Rule, ...] = (
    TASK_ISOLATED,
    SERVICE_NOT_PUBLIC,
    SERVICE_PRIVATE_SUBNETS,
    SERVICE_PLATFORM_CURRENT,
    SERVICE_ROLLS_BACK,
    CLUSTER_MEASURED,
)
