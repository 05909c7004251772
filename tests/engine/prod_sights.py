"""What is to be seen of a deployed stack in the emulator: what AWS says, and what users get."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3.session
import httpx2

from local.workspace import Workspace
from tests.running_system import aws_client

__all__ = ["Aws", "Sights"]

ACCOUNT = "000000000000"

# By kind: the service, what lists them, where the list is, and their name in it.
_LISTS: Mapping[str, tuple[str, str, dict[str, Any], str, str | None]] = {
    "alarm": ("cloudwatch", "describe_alarms", {}, "MetricAlarms", "AlarmName"),
    "autoscaling target": (
        *("application-autoscaling", "describe_scalable_targets"),
        *({"ServiceNamespace": "ecs"}, "ScalableTargets", "ResourceId"),
    ),
    "bucket": ("s3", "list_buckets", {}, "Buckets", "Name"),
    "budget": ("budgets", "describe_budgets", {"AccountId": ACCOUNT}, "Budgets", "BudgetName"),
    "cluster": ("ecs", "list_clusters", {}, "clusterArns", None),
    "dashboard": ("cloudwatch", "list_dashboards", {}, "DashboardEntries", "DashboardName"),
    "database": ("rds", "describe_db_instances", {}, "DBInstances", "DBInstanceIdentifier"),
    "endpoint": ("ec2", "describe_vpc_endpoints", {}, "VpcEndpoints", "ServiceName"),
    "flow log": ("ec2", "describe_flow_logs", {}, "FlowLogs", "FlowLogId"),
    "key": ("kms", "list_aliases", {}, "Aliases", "AliasName"),
    "load balancer": ("elbv2", "describe_load_balancers", {}, "LoadBalancers", "LoadBalancerName"),
    "log": ("logs", "describe_log_groups", {}, "logGroups", "logGroupName"),
    "parameter group": (
        *("rds", "describe_db_parameter_groups", {}),
        *("DBParameterGroups", "DBParameterGroupName"),
    ),
    "role": ("iam", "list_roles", {}, "Roles", "RoleName"),
    "secret": ("secretsmanager", "list_secrets", {}, "SecretList", "Name"),
    "security group": ("ec2", "describe_security_groups", {}, "SecurityGroups", "GroupName"),
    "snapshot": ("rds", "describe_db_snapshots", {}, "DBSnapshots", "DBSnapshotIdentifier"),
    "subnet group": ("rds", "describe_db_subnet_groups", {}, "DBSubnetGroups", "DBSubnetGroupName"),
    "target group": ("elbv2", "describe_target_groups", {}, "TargetGroups", "TargetGroupName"),
    "task": ("ecs", "list_task_definitions", {}, "taskDefinitionArns", None),
    "topic": ("sns", "list_topics", {}, "Topics", "TopicArn"),
    "web ACL": ("wafv2", "list_web_acls", {"Scope": "REGIONAL"}, "WebACLs", "Name"),
}


@dataclass(frozen=True, kw_only=True)
class Sights:
    """A deployed stack from outside.

    Attributes:
        names: what there is, by kind.
        outputs: the stack's.
        database: the instance that takes writes.
        replicas: those that read.
        parameters: of the database's parameter group.
        listeners: by port.
        balancer: the load balancer's attributes.
        web_acl: the name of that before the load balancer.
        task: the service's task definition.
        page: what a browser gets.
        moved_to: where HTTP leads.
        titles: the to-dos of a list; each look adds one.
    """

    names: Mapping[str, frozenset[str]]
    outputs: Mapping[str, str]
    database: dict[str, Any]
    replicas: list[dict[str, Any]]
    parameters: Mapping[str, str]
    listeners: Mapping[int, dict[str, Any]]
    balancer: Mapping[str, str]
    web_acl: str
    task: dict[str, Any]
    page: str
    moved_to: str
    titles: list[str]


class Aws:
    """The emulator. Its clients come from a session of its own: threads cannot share one."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._session = boto3.session.Session()
        self._todos: str | None = None

    def certificate(self, domain: str) -> str:
        """Make a certificate; return its ARN."""
        made = self._client("acm").request_certificate(DomainName=domain, ValidationMethod="DNS")
        return str(made["CertificateArn"])

    def names(self) -> Mapping[str, frozenset[str]]:
        """Return what there is, by kind."""
        return {kind: self._names(*each) for kind, each in _LISTS.items()}

    def look(self, outputs: Mapping[str, str]) -> Sights:
        """Look at the stack with these outputs."""
        rds, elbv2, ecs = (self._client(name) for name in ("rds", "elbv2", "ecs"))
        instances = rds.describe_db_instances()["DBInstances"]
        (database,) = (
            each for each in instances if each["DBInstanceIdentifier"] == outputs["database"]
        )
        (group,) = database["DBParameterGroups"]
        parameters = rds.get_paginator("describe_db_parameters").paginate(
            DBParameterGroupName=group["DBParameterGroupName"], Source="user"
        )
        (balancer,) = elbv2.describe_load_balancers(Names=[outputs["load_balancer"]])[
            "LoadBalancers"
        ]
        arn = {"LoadBalancerArn": balancer["LoadBalancerArn"]}
        attributes = elbv2.describe_load_balancer_attributes(**arn)["Attributes"]
        (service,) = ecs.describe_services(
            cluster=outputs["cluster"], services=[outputs["service"]]
        )["services"]
        definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])
        acl = self._client("wafv2").get_web_acl_for_resource(ResourceArn=arn["LoadBalancerArn"])
        with self._browser(outputs["load_balancer"]) as browser:
            return Sights(
                names=self.names(),
                outputs=outputs,
                database=database,
                replicas=[
                    each
                    for each in instances
                    if each.get("ReadReplicaSourceDBInstanceIdentifier") == outputs["database"]
                ],
                parameters={
                    each["ParameterName"]: each["ParameterValue"]
                    for page in parameters
                    for each in page["Parameters"]
                    if "ParameterValue" in each
                },
                listeners={
                    each["Port"]: each for each in elbv2.describe_listeners(**arn)["Listeners"]
                },
                balancer={each["Key"]: each["Value"] for each in attributes},
                web_acl=acl["WebACL"]["Name"],
                task=definition["taskDefinition"],
                page=browser.get("/", follow_redirects=True).text,
                moved_to=self._moved_to(outputs["load_balancer"]),
                titles=self._add(browser),
            )

    def _names(
        self, service: str, operation: str, arguments: dict[str, Any], place: str, name: str | None
    ) -> frozenset[str]:
        client = self._client(service)
        if client.can_paginate(operation):
            pages = client.get_paginator(operation).paginate(**arguments)
        else:
            pages = [getattr(client, operation)(**arguments)]
        found = [each for page in pages for each in page.get(place) or ()]
        return frozenset(str(each if name is None else each[name]) for each in found)

    def _client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its classes at run time
        return aws_client(self._session, self._workspace, service)

    def _browser(self, balancer: str, scheme: str = "https") -> httpx2.Client:
        """A client of the load balancer, which believes no certificate but the local ones."""
        workspace = self._workspace
        port = workspace.https_port if scheme == "https" else workspace.http_port
        authority = workspace.tls / "load-balancer-ca.pem"
        return httpx2.Client(
            base_url=f"{scheme}://localhost:{port}",
            headers={"Host": f"{balancer}.alb.localhost:{port}"},
            verify=ssl.create_default_context(cafile=authority),
            timeout=30,
        )

    def _moved_to(self, balancer: str) -> str:
        with self._browser(balancer, "http") as browser:
            return str(browser.get("/readyz").headers.get("location", ""))

    def _add(self, browser: httpx2.Client) -> list[str]:
        """Add a to-do to the list of the first look; return the titles of all of it."""
        if self._todos is None:
            todos = browser.post("/api/lists").raise_for_status().json()["todos"]
            self._todos = todos[todos.index("/api/") :]
        titled = {"title": f"look {len(browser.get(self._todos).json()) + 1}"}
        browser.post(self._todos, json=titled).raise_for_status()
        return [todo["title"] for todo in browser.get(self._todos).raise_for_status().json()]
