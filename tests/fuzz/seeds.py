"""Good input for each parser, small: what is changed in it is then soon something that matters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import yaml

__all__ = [
    "CERTIFICATE",
    "CONTAINERS",
    "DEPLOYED",
    "ENVIRONMENT",
    "EVENTS",
    "IAM_POLICY",
    "KNOWN",
    "OUTPUTS",
    "PASSWORD",
    "POLICY_CONFIGS",
    "REFRESH",
    "SCALING_REQUESTS",
    "SCALING_STATE",
    "STACK_CONFIG",
    "STACK_FILES",
    "TERRAFORM_PLAN",
    "TERRAFORM_STATE",
]

Json = dict[str, Any]

_ROOT: Final = Path(__file__).parents[2]
_DATABASE: Final = "aws:rds/instance:Instance"
_URN: Final = f"urn:pulumi:prod::todo::{_DATABASE}::todo-prod"

STACK_CONFIG: Final[Json] = yaml.safe_load((_ROOT / "Pulumi.prod.yaml").read_text())["config"]
STACK_FILES: Final = (
    "config:\n  aws:region: eu-west-1\n  todo:capacity: {maxTasks: 20}\n",
    (
        "# Why.\nconfig:\n  aws:region: eu-west-1\n  todo:capacity:\n    events:\n"
        "      - {name: sale, from: 2027-01-02T06:00Z, until: 2027-01-02T18:00Z,"
        " peakRequestsPerSecond: 3000}\n  todo:x: {secure: v1:abc}\nencryptionsalt: v1:abc=\n"
    ),
)

_SUBNETS: Final = [f"subnet-0123456789abcdef{n}" for n in range(4)]
OUTPUTS: Final[Json] = {
    "vpc": [{"id": "vpc-0123456789abcdef0"}],
    "public_subnet_ids": _SUBNETS[:2],
    "private_subnet_ids": _SUBNETS[2:],
    "availability_zones": ["eu-west-1a", "eu-west-1b"],
    "repository_url": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/todo",
    "secret": "x",
}
TERRAFORM_STATE: Final[Json] = {
    "version": 4,
    "outputs": {
        "vpc_id": {"value": "vpc-1", "type": "string"},
        "ids": {"value": ["a", 1, None, {"b": True}], "sensitive": True},
    },
}

_POLICY_TEXT: Final = '{"Statement":[{"Sid":"a","Effect":"Allow","Action":"s3:*"}]}'
EVENTS: Final[list[Json]] = [
    {"sequence": 0, "preludeEvent": {"config": {"aws:region": "eu-west-1"}}},
    {
        "sequence": 1,
        "resourcePreEvent": {
            "metadata": {
                "op": "update",
                "urn": _URN,
                "type": _DATABASE,
                "old": {"inputs": {"policy": _POLICY_TEXT, "list": [{"name": "a", "value": 1}]}},
                "new": {"inputs": {"policy": "{}", "list": [{"name": "a", "value": 2}]}},
                "diffs": ["policy", "list"],
                "keys": ["policy"],
                "detailedDiff": {"list[0].value": {"diffKind": "update-replace"}},
            }
        },
    },
    {
        "sequence": 2,
        "policyEvent": {
            "policyName": "tls",
            "enforcementLevel": "mandatory",
            "message": "Why.\nit: is wrong.\nFix: Mend it.",
            "severity": "high",
            "resourceUrn": _URN,
        },
    },
    {"sequence": 3, "diagnosticEvent": {"severity": "error", "message": "no such key\n"}},
    {"sequence": 4, "policyAnalyzeSummaryEvent": {"policyPackName": "todo"}},
    {"sequence": 5, "summaryEvent": {"result": "succeeded", "PolicyPacks": {"todo|x": "0.0.1"}}},
]


def _refreshed(type_: str, old: Json, new: Json) -> Json:
    urn = f"urn:pulumi:prod::todo::{type_}::todo-prod"
    states = {"old": {"outputs": old}, "new": {"outputs": new}}
    return {"resOutputsEvent": {"metadata": {"op": "refresh", "urn": urn, "type": type_, **states}}}


_GROUP: Final[Json] = {
    "id": "sg-1",
    "ingress": [{"protocol": "tcp", "fromPort": 1, "toPort": 2, "cidrBlocks": ["10.0.0.0/8"]}],
}
REFRESH: Final[list[Json]] = [
    {"sequence": number, **event}
    for number, event in enumerate(
        [
            _refreshed("aws:lb/targetGroup:TargetGroup", {"port": 1}, {"port": 2, "tags": {}}),
            _refreshed("aws:ec2/securityGroup:SecurityGroup", _GROUP, _GROUP),
            _refreshed("aws:iam/role:Role", {}, {"name": "r", "inlinePolicies": [{"name": "p"}]}),
            {"summaryEvent": {"result": "succeeded"}},
        ]
    )
]
TERRAFORM_PLAN: Final[Json] = {
    "resource_drift": [
        {
            "address": "aws_vpc.this",
            "type": "aws_vpc",
            "change": {
                "actions": ["update"],
                "before": {"tags": {}, "token": "x"},
                "after": {"tags": {"a": "b"}, "token": "y"},
                "before_sensitive": {"token": True},
                "after_sensitive": {"token": True},
            },
        }
    ],
    "resource_changes": [
        {"address": "aws_subnet.a", "type": "aws_subnet", "change": {"actions": ["create"]}},
    ],
}
KNOWN: Final = ('[[known]]\ntype = "aws:*"\nproperty = "tags"\nwhy = "x"\nafter = "*"\n',)

DEPLOYED: Final[Json] = {
    "deployment": {
        "resources": [
            {
                "type": "pulumi:pulumi:Stack",
                "urn": "urn:pulumi:prod::todo::pulumi:pulumi:Stack::todo-prod",
                "outputs": {"image": "x@sha256:1", "url": "https://x"},
            },
            {"type": _DATABASE, "urn": _URN, "id": "todo", "outputs": {"port": 3306}},
        ]
    }
}

POLICY_CONFIGS: Final[list[Json]] = [
    {
        rule: {key: value for key, value in said.items() if key != "enforcementLevel"}
        for rule, said in json.loads((_ROOT / f"policies/config/{name}.json").read_text()).items()
        if isinstance(said, dict)
    }
    | {
        "database-backups": {
            "waivers": [
                {"resource": "*", "owner": "us", "reason": "tried", "until": "2027-03-31"},
            ]
        }
    }
    for name in ("dev", "prod")
]
IAM_POLICY: Final[Json] = {
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["s3:Get*"],
            "Resource": "*",
            "Principal": {"AWS": ["*"]},
            "Condition": {"StringEquals": {"aws:SourceAccount": ["1"]}},
        }
    ]
}
CONTAINERS: Final[list[Json]] = [
    {
        "name": "app",
        "environment": [{"name": "A", "value": "b"}],
        "secrets": [{"name": "A", "valueFrom": "arn"}],
        "command": ["serve"],
    }
]

_SCOPE: Final[Json] = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/a/b",
    "ScalableDimension": "ecs:service:DesiredCount",
}
_ASKED: Final[dict[str, Json]] = {
    "RegisterScalableTarget": {"MinCapacity": 1, "MaxCapacity": 4},
    "PutScheduledAction": {
        "ScheduledActionName": "x",
        "Schedule": "at(2027-01-10T08:00:00)",
        "ScalableTargetAction": {"MinCapacity": 2},
    },
    "PutScalingPolicy": {
        "PolicyName": "x",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": 60.0,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "ECSServiceAverageCPUUtilization"
            },
        },
    },
    "DescribeScalingActivities": {"NextToken": "7", "MaxResults": 3},
}
SCALING_REQUESTS: Final = tuple(
    f"{operation}\n{json.dumps({**_SCOPE, **members})}" for operation, members in _ASKED.items()
)
SCALING_STATE: Final[Json] = {
    "ScalableTargets": [{**_SCOPE, "MinCapacity": 1}],
    "ScalingPolicies": [{**_SCOPE, "PolicyName": "x"}],
    "ScheduledActions": [],
}

PASSWORD: Final = "never to be shown"
CERTIFICATE: Final = (
    "-----BEGIN CERTIFICATE-----"
    + (_ROOT / "app/certs/aws-rds-global-bundle.pem")
    .read_text()
    .split("-----BEGIN CERTIFICATE-----")[1]
)
ENVIRONMENT: Final[Json] = {
    "DATABASE_HOST": "127.0.0.1",
    "DATABASE_PORT": "3306",
    "DATABASE_READER_HOST": "a,b",
    "DATABASE_CA_PEM": CERTIFICATE,
    "DATABASE_USER": "todo_app",
    "DATABASE_PASSWORD": PASSWORD,
    "DATABASE_ADMIN_USER": "admin",
    "DATABASE_ADMIN_PASSWORD": PASSWORD,
    "HTTP_PORT": "8080",
    "LOG_LEVEL": "info",
}
