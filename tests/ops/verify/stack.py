"""A stack as `pulumi stack export` prints it, and AWS clients with answers recorded before."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Iterator
from typing import Any

import boto3
from botocore.stub import Stubber

from ops.verify.deployed import Deployed, parse
from ops.verify.lines import Line

Json = dict[str, Any]

REGION = "eu-west-1"
ACCOUNT = f"{REGION}:111122223333"
DIGEST = f"sha256:{'a' * 64}"
CLUSTER = "todo-prod-cluster"
SERVICE = "todo-prod-service"
SERVICE_ARN = f"arn:aws:ecs:{ACCOUNT}:service/{CLUSTER}/{SERVICE}"
CLUSTER_ARN = f"arn:aws:ecs:{ACCOUNT}:cluster/{CLUSTER}"
WANTED = f"arn:aws:ecs:{ACCOUNT}:task-definition/todo-prod-app:7"
BEFORE = f"arn:aws:ecs:{ACCOUNT}:task-definition/todo-prod-app:6"
GROUP = f"arn:aws:elasticloadbalancing:{ACCOUNT}:targetgroup/todo/1"
SECRET = f"arn:aws:secretsmanager:{ACCOUNT}:secret:todo-prod-app-x"
RESOURCE_ID = f"service/{CLUSTER}/{SERVICE}"

ENVIRONMENT = {
    "DATABASE_HOST": "db.example",
    "DATABASE_PORT": "3306",
    "DATABASE_NAME": "todo",
    "DATABASE_CA_FILE": "/app/certs/aws-rds-global-bundle.pem",
    "DATABASE_SECRET_ARN": SECRET,
}
_LOGS = {"awslogs-group": "/ecs/todo-prod", "awslogs-stream-prefix": "app"}
CONTAINERS = [
    {
        "name": "app",
        "environment": [{"name": key, "value": value} for key, value in ENVIRONMENT.items()],
        "logConfiguration": {"options": _LOGS},
    },
    {"name": "migrate"},
]


def _resource(type_: str, title: str, id_: str, /, **outputs: Any) -> Json:  # noqa: ANN401
    return {
        "type": type_,
        "urn": f"urn:pulumi:prod::todo::{type_}::{title}",
        "id": id_,
        "outputs": outputs,
    }


BASE = [
    _resource(
        "pulumi:pulumi:Stack",
        "todo-prod",
        "",
        image=f"111122223333.dkr.ecr.{REGION}.amazonaws.com/todo@{DIGEST}",
        url="https://todo.example",
        cluster=CLUSTER,
        service=SERVICE,
    ),
    _resource("aws:ecs/service:Service", "todo-prod-service", SERVICE_ARN),
    _resource(
        "aws:ecs/taskDefinition:TaskDefinition",
        "todo-prod-task",
        "todo-prod-app",
        arn=WANTED,
        containerDefinitions=json.dumps(CONTAINERS),
    ),
    _resource(
        "aws:rds/instance:Instance",
        "todo-prod-database",
        "db-1",
        identifier="todo-prod-database-1",
        masterUserSecrets=[{"secretArn": "arn:master"}],
    ),
    _resource("aws:rds/parameterGroup:ParameterGroup", "todo-prod-database", "pg", name="pg"),
    _resource("aws:secretsmanager/secret:Secret", "todo-prod-app-secret", SECRET, arn=SECRET),
    _resource(
        "aws:secretsmanager/secretRotation:SecretRotation", "rotation", SECRET, secretId=SECRET
    ),
    _resource(
        "aws:appautoscaling/target:Target",
        "todo-prod-tasks",
        RESOURCE_ID,
        resourceId=RESOURCE_ID,
        minCapacity=2,
        maxCapacity=20,
    ),
    _resource(
        "aws:appautoscaling/policy:Policy",
        "todo-prod-cpu",
        "todo-prod-cpu-1",
        name="todo-prod-cpu-1",
        targetTrackingScalingPolicyConfiguration={"targetValue": 60},
    ),
    _resource("aws:cloudwatch/metricAlarm:MetricAlarm", "errors", "errors-1", name="errors-1"),
]


def deployed(*more: Json, without: tuple[str, ...] = ()) -> Deployed:
    """The stack, with more resources or without those of some types."""
    kept = [copy.deepcopy(one) for one in BASE if one["type"] not in without]
    return parse("prod", json.dumps({"deployment": {"resources": [*kept, *more]}}))


def resource(type_: str, title: str, /, **outputs: Any) -> Json:  # noqa: ANN401
    """One more resource."""
    return _resource(type_, title, title, **outputs)


@contextlib.contextmanager
def answering(service: str, *answers: tuple[str, Json] | tuple[str, Json, Json]) -> Iterator[Any]:
    """A client with answers, in the order in which they are asked for; all of them are.

    A third value is what has to be asked, where that matters.
    """
    client = boto3.client(
        service,  # type: ignore[call-overload]
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    with Stubber(client) as stub:
        for action, answer, *asked in answers:
            if code := answer.get("error"):
                stub.add_client_error(action, code, answer.get("message", "as AWS says"))
            else:
                stub.add_response(action, answer, *asked)
        yield client
        stub.assert_no_pending_responses()
    client.close()


def said(lines: Iterator[Line]) -> dict[str, tuple[str, str]]:
    """Lines by name: verdict and reason."""
    return {line.name: (str(line.verdict), line.reason) for line in lines}
