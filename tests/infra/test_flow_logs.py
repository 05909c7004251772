import json
from collections.abc import Callable

import pytest

from tests.infra.recorder import TERRAFORM_OUTPUTS, Deployment
from todo_infra.flow_logs import delivery_policy, trust_policy

Deploy = Callable[..., Deployment]
FLOW_LOG = "aws:ec2/flowLog:FlowLog"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
NAME = "todo-prod-flow-logs"


def test_every_connection_of_the_network_is_logged_within_a_minute(prod: Deployment) -> None:
    assert prod.one(FLOW_LOG).inputs == {
        "vpcId": TERRAFORM_OUTPUTS["vpc_id"],
        "trafficType": "ALL",
        "maxAggregationInterval": 60,
        "logDestinationType": "cloud-watch-logs",
        "logDestination": f"arn:LogGroup:{NAME}",
        "iamRoleArn": f"arn:Role:{NAME}",
    }


def test_logging_starts_when_the_role_may_write(prod: Deployment) -> None:
    policy = prod.one("aws:iam/rolePolicy:RolePolicy", NAME)
    assert policy.inputs["role"] == NAME
    assert policy.type in prod.one(FLOW_LOG).waits_for_types


def test_only_flow_logs_of_this_account_and_region_take_the_role(prod: Deployment) -> None:
    deployed = json.loads(prod.one("aws:iam/role:Role", NAME).inputs["assumeRolePolicy"])
    assert deployed == trust_policy("111122223333", "eu-west-1")
    (statement,) = deployed["Statement"]
    assert statement["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "111122223333"},
        "ArnLike": {"aws:SourceArn": "arn:aws:ec2:eu-west-1:111122223333:vpc-flow-log/*"},
    }


def test_the_role_writes_to_its_log_group_and_nowhere_else(prod: Deployment) -> None:
    policy = json.loads(prod.one("aws:iam/rolePolicy:RolePolicy", NAME).inputs["policy"])
    assert policy == delivery_policy(f"arn:LogGroup:{NAME}")
    actions = [action for one in policy["Statement"] for action in one["Action"]]
    assert sorted(actions) == [
        "logs:CreateLogStream",
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
        "logs:PutLogEvents",
    ]
    assert [one["Resource"] for one in policy["Statement"]] == [[f"arn:LogGroup:{NAME}:*"]] * 2


def test_the_log_group_is_encrypted_and_emptied(prod: Deployment, deploy: Deploy) -> None:
    group = prod.one(LOG_GROUP, NAME).inputs
    assert group["name"] == "/vpc-flow-logs/todo-prod"
    assert group["retentionInDays"] == 90
    assert group["kmsKeyId"] == "arn:Key:todo-prod-data"
    changed = deploy(network={"flowLogDays": 7}, encryption={"customerManagedKey": False})
    loosened = changed.one(LOG_GROUP, NAME).inputs
    assert loosened["retentionInDays"] == 7
    assert "kmsKeyId" not in loosened


@pytest.mark.parametrize("stack", ["dev", "local"])
def test_there_is_none_where_it_is_switched_off_by_name(deploy: Deploy, stack: str) -> None:
    deployment = deploy(stack)
    assert deployment.all(FLOW_LOG) == []
    assert [one for one in deployment.registrations if one.name.endswith("-flow-logs")] == []
