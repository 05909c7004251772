"""All that a local system consists of, so that two of them can be compared, and what one left."""

from __future__ import annotations

import json
import re
import socket
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.containers import containers, docker
from local.workspace import Workspace
from tests.faults.interruption import processes
from tests.running_system import RunningSystem
from tests.scratch import Scratch

__all__ = ["Inventory", "inventory", "remains", "volumes"]


@dataclass(frozen=True, kw_only=True)
class _Listing:
    """How resources of one kind are listed at an AWS endpoint."""

    service: str
    operation: str
    members: str
    name: str = ""
    arguments: Mapping[str, Any] | None = None

    def names(self, system: RunningSystem) -> Iterator[str]:
        answer = getattr(system.aws(self.service), self.operation)(**(self.arguments or {}))
        for member in answer[self.members]:
            yield str(member[self.name] if self.name else member)


_LISTINGS: Final = (
    _Listing(service="rds", operation="describe_db_instances",
             members="DBInstances", name="DBInstanceIdentifier"),
    _Listing(service="rds", operation="describe_db_subnet_groups",
             members="DBSubnetGroups", name="DBSubnetGroupName"),
    _Listing(service="rds", operation="describe_db_parameter_groups",
             members="DBParameterGroups", name="DBParameterGroupName"),
    _Listing(service="elbv2", operation="describe_load_balancers",
             members="LoadBalancers", name="LoadBalancerName"),
    _Listing(service="elbv2", operation="describe_target_groups",
             members="TargetGroups", name="TargetGroupName"),
    _Listing(service="ecs", operation="list_clusters", members="clusterArns"),
    _Listing(service="ecs", operation="list_task_definitions", members="taskDefinitionArns"),
    _Listing(service="secretsmanager", operation="list_secrets", members="SecretList", name="Name"),
    _Listing(service="kms", operation="list_keys", members="Keys", name="KeyId"),
    _Listing(service="kms", operation="list_aliases", members="Aliases", name="AliasName"),
    _Listing(service="logs", operation="describe_log_groups",
             members="logGroups", name="logGroupName"),
    _Listing(service="iam", operation="list_roles", members="Roles", name="RoleName"),
    _Listing(service="iam", operation="list_policies", members="Policies", name="PolicyName",
             arguments={"Scope": "Local"}),
    _Listing(service="ecr", operation="describe_repositories",
             members="repositories", name="repositoryName"),
    _Listing(service="sns", operation="list_topics", members="Topics", name="TopicArn"),
    _Listing(service="s3", operation="list_buckets", members="Buckets", name="Name"),
    _Listing(service="lambda", operation="list_functions",
             members="Functions", name="FunctionName"),
    _Listing(service="ec2", operation="describe_vpcs", members="Vpcs", name="CidrBlock"),
    _Listing(service="ec2", operation="describe_subnets", members="Subnets", name="CidrBlock"),
    _Listing(service="ec2", operation="describe_security_groups",
             members="SecurityGroups", name="GroupName"),
    _Listing(service="ec2", operation="describe_internet_gateways",
             members="InternetGateways", name="InternetGatewayId"),
    _Listing(service="ec2", operation="describe_route_tables",
             members="RouteTables", name="RouteTableId"),
    _Listing(service="ec2", operation="describe_vpc_endpoints",
             members="VpcEndpoints", name="ServiceName"),
)  # fmt: skip


_TASK: Final = "task"
_SINGLE: Final = (
    "db_instances: todo-local-database",
    "load_balancers: todo-local-alb",
    "services: todo-local-service",
)


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """What there is, how often, and under which names, without what chance put into these.

    Attributes:
        stack: URNs in the stack's state.
        terraform: addresses in Terraform's.
        resources: at the emulator.
        containers: on the system's network; tasks, which autoscaling adds and removes, but once.
        pending: operations that the stack's state has begun and not ended.
    """

    stack: Mapping[str, int]
    terraform: Mapping[str, int]
    resources: Mapping[str, int]
    containers: Mapping[str, int]
    pending: tuple[str, ...]

    @property
    def doubled(self) -> list[str]:
        """Resources of which there is one, that are there more than once."""
        return [name for name in _SINGLE if self.resources[name] != 1]


def inventory(scratch: Scratch) -> Inventory:
    """List a system that is up."""
    workspace = scratch.workspace
    system = RunningSystem(workspace=workspace, first_up="")
    exported = scratch.pulumi("stack", "export", "--stack", "local")
    assert exported.code == 0, exported.output
    deployment = json.loads(exported.output)["deployment"]
    terraform = json.loads(workspace.terraform_state.read_text())["resources"]
    found = [_plain(one.name) for one in containers(workspace)]
    return Inventory(
        stack=Counter(one["urn"] for one in deployment["resources"]),
        terraform=Counter(f"{one['type']}.{one['name']}" for one in terraform),
        resources=Counter(_resources(system)),
        containers=Counter(
            [one for one in found if not one.startswith(_TASK)]
            + [one for one in set(found) if one.startswith(_TASK)]
        ),
        pending=tuple(one["resource"]["urn"] for one in deployment.get("pending_operations") or ()),
    )


def _resources(system: RunningSystem) -> Iterator[str]:
    for listing in _LISTINGS:
        for name in listing.names(system):
            yield f"{listing.operation.partition('_')[2]}: {_plain(name)}"
    clusters = system.aws("ecs")
    for cluster in clusters.list_clusters()["clusterArns"]:
        for service in clusters.list_services(cluster=cluster)["serviceArns"]:
            yield f"services: {_plain(service.rpartition('/')[2])}"
    balancers = system.aws("elbv2")
    for balancer in balancers.describe_load_balancers()["LoadBalancers"]:
        found = balancers.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])
        for listener in found["Listeners"]:
            yield f"listeners: {listener['Port']}"
    for rule in system.aws("ec2").describe_security_group_rules()["SecurityGroupRules"]:
        yield f"rules: {rule['IpProtocol']} {rule.get('FromPort')} egress {rule['IsEgress']}"


def _plain(name: str) -> str:
    """A name without numbers by chance and the port of the system."""
    name = re.sub(r"todo-local-\d+", "todo-local", name)
    name = re.sub(r"ministack-ecs-[0-9a-f]+", _TASK, name)
    name = re.sub(r"-[0-9a-f]{7,}\b", "", name)
    return re.sub(r"\b([a-z]+-)?[0-9a-f]{8}[0-9a-f-]*\b", r"\1", name)


def volumes(workspace: Workspace) -> set[str]:
    """Volumes of the system's containers."""
    names = "{{range .Mounts}}{{if .Name}}{{.Name}} {{end}}{{end}}"
    found = [one.id for one in containers(workspace)]
    return set(docker("inspect", "--format", names, *found).split()) if found else set()


def remains(workspace: Workspace, volumes: set[str]) -> list[str]:
    """What is left of a system after `down`: nothing of it should be.

    Args:
        workspace: the system's.
        volumes: those that it had.
    """
    ports = range(workspace.port, workspace.https_port + 1)
    networks = docker("network", "ls", "--format", "{{.Name}}").split()
    state = workspace.terraform_state
    files = [*state.parent.glob(f"{state.name}*"), workspace.terraform_applied]
    return [
        *(f"container {one.name}" for one in containers(workspace)),
        *(f"network {one}" for one in networks if one == workspace.name),
        *(f"volume {one}" for one in volumes & set(docker("volume", "ls", "--quiet").split())),
        *(f"process {number} {command}" for number, command in processes(workspace.root).items()),
        *(f"port {port}" for port in ports if _is_open(port)),
        *(f"file {file}" for file in [*files, workspace.pulumi_state] if file.exists()),
    ]


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
