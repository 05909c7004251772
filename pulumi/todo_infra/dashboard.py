"""One page of CloudWatch: how much room there is, what users get, what the database does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from . import config, database_limits
from .budget import budget_usd
from .capacity import CapacityPlan

__all__ = ["Dashboard", "DashboardArgs", "dashboard_body"]

_COLUMNS = 24  # of every dashboard
_HEIGHT, _TEXT_HEIGHT = 6, 3
_MINUTE = 60

Widget = dict[str, Any]
_ALB, _ECS, _RDS = "AWS/ApplicationELB", "AWS/ECS", "AWS/RDS"


@dataclass(frozen=True, kw_only=True)
class DashboardArgs:
    """What is shown, and against which limits.

    Attributes:
        settings: The stack's config; without `todo:observability.dashboard` nothing is made.
        plan: How far the service scales, and what it aims at.
        cluster_name: The cluster of the service.
        service_name: The service.
        load_balancer_suffix: The last part of the load balancer's ARN, as metrics name it.
        target_group_suffix: The last part of the target group's ARN.
        database_identifier: Of the database.
        replica_identifiers: Of its replicas.
    """

    settings: config.Settings
    plan: CapacityPlan
    cluster_name: pulumi.Input[str]
    service_name: pulumi.Input[str]
    load_balancer_suffix: pulumi.Input[str]
    target_group_suffix: pulumi.Input[str]
    database_identifier: pulumi.Input[str]
    replica_identifiers: tuple[pulumi.Input[str], ...]


class Dashboard(pulumi.ComponentResource):
    """The page, or none."""

    def __init__(
        self, name: str, args: DashboardArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:Dashboard", name, None, opts)
        settings = args.settings
        if settings.observability.dashboard:
            aws.cloudwatch.Dashboard(
                f"{name}-dashboard",
                # An account has one list of dashboards, for all of its regions.
                dashboard_name=f"{name}-{settings.region}",
                dashboard_body=pulumi.Output.json_dumps(dashboard_body(args)),
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})


def dashboard_body(args: DashboardArgs) -> dict[str, Any]:
    """Return the page: rows of widgets, with what is asked first on top."""
    rows = [_capacity(args), _users(args), _database(args), [_costs(args)]]
    widgets, top = [], 0
    for row in rows:
        width = _COLUMNS // len(row)
        height = _TEXT_HEIGHT if row[0]["type"] == "text" else _HEIGHT
        for column, widget in enumerate(row):
            place = {"x": column * width, "y": top, "width": width, "height": height}
            widgets.append({**widget, **place})
        top += height
    return {"start": "-PT6H", "periodOverride": "inherit", "widgets": widgets}


def _capacity(args: DashboardArgs) -> list[Widget]:
    region, plan = args.settings.region, args.plan
    service = ["ClusterName", args.cluster_name, "ServiceName", args.service_name]
    targets = _targets(args)
    cpu = [_ECS, "CPUUtilization", *service]
    return [
        _graph(
            region,
            "Room to grow: tasks running, and allowed",
            # Each task reports its use once a minute: as many values, as many tasks.
            [[*cpu, {"stat": "SampleCount", "label": "running"}]],
            {"allowed": plan.max_tasks, "at least": plan.min_tasks},
        ),
        _graph(
            region,
            "Requests of one task in a minute, and the number aimed at",
            [[_ALB, "RequestCountPerTarget", *targets, {"stat": "Sum", "label": "requests"}]],
            {"more tasks above": plan.requests_per_task_per_minute},
        ),
        _graph(
            region,
            "Use of the tasks in percent",
            [
                [*cpu, {"stat": "Average", "label": "CPU"}],
                [_ECS, "MemoryUtilization", *service, {"stat": "Average", "label": "memory"}],
            ],
            {"more tasks above (CPU)": plan.cpu_percent, "(memory)": plan.memory_percent},
        ),
    ]


def _users(args: DashboardArgs) -> list[Widget]:
    region, targets = args.settings.region, _targets(args)
    balancer = ["LoadBalancer", args.load_balancer_suffix]
    ours = [_ALB, "HTTPCode_Target_5XX_Count", *targets]
    its = [_ALB, "HTTPCode_ELB_5XX_Count", *balancer]
    latency = [_ALB, "TargetResponseTime", *targets]
    return [
        _graph(
            region,
            "Requests in a minute",
            [[_ALB, "RequestCount", *balancer, {"stat": "Sum", "label": "requests"}]],
        ),
        _graph(
            region,
            "Errors in a minute",
            [
                [*ours, {"stat": "Sum", "label": "of the application"}],
                [*its, {"stat": "Sum", "label": "of the load balancer"}],
            ],
        ),
        _graph(
            region,
            "Seconds until the answer",
            [
                [*latency, {"stat": "p50", "label": "half of the requests"}],
                [*latency, {"stat": "p99", "label": "99 in 100"}],
            ],
        ),
    ]


def _database(args: DashboardArgs) -> list[Widget]:
    region, size = args.settings.region, args.settings.database.size
    replicas = {
        f"replica {number}": identifier
        for number, identifier in enumerate(args.replica_identifiers, start=1)
    }
    servers = {"database": args.database_identifier, **replicas}

    def metric(name: str, stat: str, of: dict[str, pulumi.Input[str]]) -> list[list[Any]]:
        return [
            [_RDS, name, "DBInstanceIdentifier", identifier, {"stat": stat, "label": label}]
            for label, identifier in of.items()
        ]

    connections = {"at most": database_limits.max_connections(size)}
    graphs = [
        _graph(region, "Database: CPU in percent", metric("CPUUtilization", "Average", servers)),
        _graph(
            region,
            "Database: connections",
            metric("DatabaseConnections", "Maximum", servers),
            connections,
        ),
        _graph(region, "Database: bytes free", metric("FreeStorageSpace", "Minimum", servers)),
    ]
    if replicas:
        lag = metric("ReplicaLag", "Maximum", replicas)
        graphs.append(_graph(region, "Replicas: seconds behind", lag))
    return graphs


def _costs(args: DashboardArgs) -> Widget:
    amount, tag = budget_usd(args.settings, args.plan), args.settings.observability.budget_tag
    if amount:
        budget = f"The budget is **{amount} USD** a month, for {tag or 'the whole account'}."
    else:
        budget = (
            "Without `todo:observability.monthlyBudgetUsd` or `budgetTag` nobody is told of high "
            "costs."
        )
    cost, ceiling = args.plan.cost, args.plan.ceiling_cost
    if cost and ceiling:
        budget += (
            f" About **{cost.usd:.0f} USD** a month are expected; with all {args.plan.max_tasks} "
            f"tasks and the highest traffic, day and night, it were {ceiling.usd:.0f}."
        )
    links = "[Cost Explorer](https://console.aws.amazon.com/costmanagement/home#/cost-explorer)"
    return {
        "type": "text",
        "properties": {"markdown": f"### Costs\n{budget} {links}\n\nAlarms: `docs/runbook.md`"},
    }


def _targets(args: DashboardArgs) -> list[pulumi.Input[str]]:
    return ["TargetGroup", args.target_group_suffix, "LoadBalancer", args.load_balancer_suffix]


def _graph(
    region: str,
    title: str,
    metrics: Sequence[Sequence[Any]],
    limits: dict[str, int] | None = None,
) -> Widget:
    lines = [{"label": label, "value": value} for label, value in (limits or {}).items()]
    return {
        "type": "metric",
        "properties": {
            "title": title,
            "region": region,
            "view": "timeSeries",
            "period": _MINUTE,
            "metrics": [list(metric) for metric in metrics],
            "yAxis": {"left": {"min": 0}},
            **({"annotations": {"horizontal": lines}} if lines else {}),
        },
    }
