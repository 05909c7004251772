import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.infra.planned import CEILING
from tests.infra.recorder import OWN_MASTER, PROJECT_ROOT, Deployment
from todo_infra.alarms import topic_policy
from todo_infra.database_limits import MEMORY_GIB, max_connections
from todo_infra.sizes import DATABASE_CLASSES

Deploy = Callable[..., Deployment]
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
TOPIC = "aws:sns/topic:Topic"
TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
ROTATION = {"secrets": {"rotationDays": 30}}
TARGETS = {"LoadBalancer": "app/todo-prod-alb/1", "TargetGroup": "targetgroup/todo-prod-tg/2"}
BALANCER = {"LoadBalancer": "app/todo-prod-alb/1"}
SERVICE = {"ClusterName": "todo-prod-cluster", "ServiceName": "todo-prod-service"}
DATABASE = {"DBInstanceIdentifier": "todo-prod-database"}
GIB = 1024**3


def alarm(deployment: Deployment, name: str) -> dict[str, Any]:
    return deployment.one(ALARM, f"todo-prod-{name}").inputs


def names(deployment: Deployment) -> set[str]:
    return {one.name.removeprefix("todo-prod-") for one in deployment.all(ALARM)}


def test_these_are_the_alarms_of_prod(prod: Deployment) -> None:
    assert names(prod) == {
        "errors",
        "load-balancer-errors",
        "latency",
        "unhealthy-tasks",
        "no-task",
        "capacity-ceiling",
        "service-cpu",
        "database-cpu",
        "database-connections",
        "database-storage",
        "database-memory",
    }


# Name: namespace, metric, statistic, dimensions, comparison, threshold, periods, missing.
SINGLE: dict[str, tuple[Any, ...]] = {
    "load-balancer-errors": (
        *("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "Sum", BALANCER),
        *("GreaterThanOrEqualToThreshold", 10, (3, 5), "notBreaching"),
    ),
    "latency": (
        *("AWS/ApplicationELB", "TargetResponseTime", "p99", TARGETS),
        *("GreaterThanThreshold", 1, (5, 5), "notBreaching"),
    ),
    "unhealthy-tasks": (
        *("AWS/ApplicationELB", "UnHealthyHostCount", "Maximum", TARGETS),
        *("GreaterThanThreshold", 0, (10, 10), "notBreaching"),
    ),
    "no-task": (
        *("AWS/ApplicationELB", "HealthyHostCount", "Maximum", TARGETS),
        *("LessThanThreshold", 1, (2, 2), "breaching"),
    ),
    "capacity-ceiling": (
        *("AWS/ECS", "CPUUtilization", "SampleCount", SERVICE),
        *("GreaterThanOrEqualToThreshold", CEILING, (15, 15), "notBreaching"),
    ),
    "service-cpu": (
        *("AWS/ECS", "CPUUtilization", "Average", SERVICE),
        *("GreaterThanThreshold", 60 + 25, (10, 10), "notBreaching"),
    ),
    "database-cpu": (
        *("AWS/RDS", "CPUUtilization", "Average", DATABASE),
        *("GreaterThanThreshold", 80, (15, 15), "notBreaching"),
    ),
    "database-connections": (
        *("AWS/RDS", "DatabaseConnections", "Maximum", DATABASE),
        *("GreaterThanThreshold", 477, (5, 5), "notBreaching"),
    ),
    "database-storage": (
        *("AWS/RDS", "FreeStorageSpace", "Minimum", DATABASE),
        *("LessThanThreshold", 5 * GIB, (15, 15), "notBreaching"),
    ),
    "database-memory": (
        *("AWS/RDS", "FreeableMemory", "Average", DATABASE),
        *("LessThanThreshold", 8 * GIB * 5 // 100, (15, 15), "notBreaching"),
    ),
}


@pytest.mark.parametrize("name", SINGLE)
def test_what_is_measured_and_when_it_is_too_much(prod: Deployment, name: str) -> None:
    inputs = alarm(prod, name)
    percentile = "extendedStatistic" in inputs
    assert (
        inputs["namespace"],
        inputs["metricName"],
        inputs["extendedStatistic" if percentile else "statistic"],
        inputs["dimensions"],
        inputs["comparisonOperator"],
        inputs["threshold"],
        (inputs["datapointsToAlarm"], inputs["evaluationPeriods"]),
        inputs["treatMissingData"],
    ) == SINGLE[name]
    assert inputs["period"] == 60
    assert (inputs.get("evaluateLowSampleCountPercentiles") == "ignore") is percentile
    assert not (percentile and "statistic" in inputs)
    assert "metricQueries" not in inputs


def test_errors_are_a_share_of_the_requests_once_there_are_some(prod: Deployment) -> None:
    inputs = alarm(prod, "errors")
    errors, requests, compared = inputs["metricQueries"]
    for query, key, metric in (
        (errors, "errors", "HTTPCode_Target_5XX_Count"),
        (requests, "requests", "RequestCount"),
    ):
        assert query["id"] == key
        assert query["metric"] == {
            "namespace": "AWS/ApplicationELB",
            "metricName": metric,
            "stat": "Sum",
            "period": 60,
            "dimensions": TARGETS,
        }
        assert "returnData" not in query
    assert compared["expression"] == "IF(requests >= 20, 100 * FILL(errors, 0) / requests, 0)"
    assert compared["returnData"] is True
    assert inputs["threshold"] == 1
    assert (inputs["datapointsToAlarm"], inputs["evaluationPeriods"]) == (3, 5)
    assert inputs["treatMissingData"] == "notBreaching"
    assert "metricName" not in inputs


def test_a_replica_has_the_databases_alarms_and_that_of_its_lag(deploy: Deploy) -> None:
    deployment = deploy(database={"readReplicas": 2}, databaseOperations=OWN_MASTER)
    for number in (1, 2):
        server = {"DBInstanceIdentifier": f"todo-prod-database-replica-{number}"}
        cpu = alarm(deployment, f"database-cpu-{number}")
        assert cpu["dimensions"] == server
        lag = alarm(deployment, f"replica-lag-{number}")
        measured, compared = lag["metricQueries"]
        assert measured["metric"]["metricName"] == "ReplicaLag"
        assert measured["metric"]["dimensions"] == server
        assert compared["expression"] == "IF(lag < 0, 3600, lag)"
        assert (lag["threshold"], lag["treatMissingData"]) == (30, "breaching")
    assert len(names(deployment)) == 11 + 2 * 5


def test_a_failed_rotation_is_an_alarm_where_there_is_a_rotation(
    prod: Deployment, deploy: Deploy
) -> None:
    assert "failed-rotation" not in names(prod)
    inputs = alarm(deploy(**ROTATION), "failed-rotation")
    assert (inputs["namespace"], inputs["metricName"]) == ("AWS/Lambda", "Errors")
    assert inputs["dimensions"] == {"FunctionName": "todo-prod-app-rotation"}
    assert (inputs["period"], inputs["threshold"], inputs["evaluationPeriods"]) == (3600, 0, 1)


def test_a_fixed_number_of_tasks_has_no_ceiling_to_reach(deploy: Deploy) -> None:
    fixed = deploy(capacity={"minTasks": 4, "maxTasks": 4})
    assert "capacity-ceiling" not in names(fixed)
    assert "no-task" in names(fixed)


def test_thresholds_follow_the_size(deploy: Deploy) -> None:
    small = deploy(
        database={"size": "xsmall", "storageGiB": 20}, capacity={"minTasks": 1, "maxTasks": 3}
    )
    assert alarm(small, "database-connections")["threshold"] == 85 * 70 // 100
    assert alarm(small, "database-storage")["threshold"] == 1 * GIB
    assert alarm(small, "database-memory")["threshold"] == GIB * 5 // 100
    assert alarm(small, "capacity-ceiling")["threshold"] == 3


def test_every_size_has_its_limits() -> None:
    assert set(MEMORY_GIB) == set(DATABASE_CLASSES)
    assert [max_connections(size) for size in MEMORY_GIB] == [85, 170, 341, 682, 1365]


def test_alarms_and_their_end_are_told_by_the_topic_once_it_lets_them_in(
    prod: Deployment,
) -> None:
    for one in prod.all(ALARM):
        assert one.inputs["alarmActions"] == ["arn:Topic:todo-prod-alarms"]
        assert one.inputs["okActions"] == ["arn:Topic:todo-prod-alarms"]
        assert TOPIC_POLICY in one.waits_for_types
        assert "actionsEnabled" not in one.inputs


def test_the_alarms_that_take_a_deployment_back_do_not_wait_for_the_service(
    prod: Deployment,
) -> None:
    for name in ("errors", "load-balancer-errors"):
        waits = prod.one(ALARM, f"todo-prod-{name}").waits_for_types
        assert not {kind for kind in waits if kind.startswith("aws:ecs/")}


def test_the_topic_is_encrypted_with_the_stacks_key(prod: Deployment, deploy: Deploy) -> None:
    assert prod.one(TOPIC).inputs["kmsMasterKeyId"] == "arn:Key:todo-prod-data"
    without = deploy(encryption={"customerManagedKey": False})
    assert "kmsMasterKeyId" not in without.one(TOPIC).inputs


def test_alarms_and_budgets_of_this_account_send_and_nobody_else(prod: Deployment) -> None:
    inputs = prod.one(TOPIC_POLICY).inputs
    assert inputs["arn"] == "arn:Topic:todo-prod-alarms"
    policy = json.loads(inputs["policy"])
    assert policy == topic_policy("arn:Topic:todo-prod-alarms", "111122223333", "eu-west-1")
    sources = {
        "cloudwatch.amazonaws.com": "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:*",
        "budgets.amazonaws.com": "arn:aws:budgets::111122223333:*",
    }
    assert {one["Principal"]["Service"] for one in policy["Statement"]} == set(sources)
    for one in policy["Statement"]:
        assert one["Action"] == "sns:Publish"
        assert one["Resource"] == "arn:Topic:todo-prod-alarms"
        assert one["Condition"] == {
            "StringEquals": {"aws:SourceAccount": "111122223333"},
            "ArnLike": {"aws:SourceArn": sources[one["Principal"]["Service"]]},
        }


def test_every_address_is_subscribed(deploy: Deploy) -> None:
    emails = ["team@example.com", "boss@example.com"]
    deployment = deploy(observability={"alarmEmails": emails})
    assert [one.inputs for one in deployment.all(SUBSCRIPTION)] == [
        {"topic": "arn:Topic:todo-prod-alarms", "protocol": "email", "endpoint": email}
        for email in emails
    ]
    assert deploy(observability={"alarmEmails": []}).all(SUBSCRIPTION) == []


@pytest.mark.parametrize("stack", ["dev", "local"])
def test_there_is_none_where_they_are_switched_off_by_name(deploy: Deploy, stack: str) -> None:
    deployment = deploy(stack)
    assert [one for one in deployment.registrations if one.type.startswith("aws:sns/")] == []
    assert deployment.all(ALARM) == []


def test_the_runbook_and_the_alarms_know_each_other(deploy: Deploy) -> None:
    runbook = (PROJECT_ROOT / "docs" / "runbook.md").read_text()
    rows = set(re.findall(r'^\| <a id="alarm-([a-z-]+)"></a>`\1` \|', runbook, re.MULTILINE))
    everything = deploy(
        database={"readReplicas": 1},
        databaseOperations=OWN_MASTER,
        **ROTATION,
    )
    assert {re.sub(r"-\d$", "", name) for name in names(everything)} | {"budget"} == rows
    for one in everything.all(ALARM):
        anchor = re.sub(r"-\d$", "", one.name.removeprefix("todo-prod-"))
        text = one.inputs["alarmDescription"]
        assert text.endswith(f" See docs/runbook.md#alarm-{anchor}")
        assert " First: " in text
        assert len(text) <= 1024  # CloudWatch's limit
