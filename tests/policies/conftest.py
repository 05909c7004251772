"""A compliant stack to break in one place, judged as the policy SDK does."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest
from pulumi_policy import (
    PolicyCustomTimeouts,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import unknown_checking_proxy

from todo_policies import RULES

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine sends in place of a value that the update will know."""

SECRET_ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:todo-AbCdEf:password::"
OPTIONS = PolicyResourceOptions(
    protect=False,
    ignore_changes=[],
    delete_before_replace=None,
    aliases=[],
    custom_timeouts=PolicyCustomTimeouts(0, 0, 0),
    additional_secret_outputs=[],
)


class Violation(NamedTuple):
    """What the engine would show, and about which resource."""

    rule: str
    resource: str
    message: str


@dataclass(kw_only=True)
class Resource:
    """One resource, as the engine describes it to policies."""

    type: str
    props: dict[str, Any]
    sources: dict[str, list[str]] = field(default_factory=dict)

    def as_sent(self) -> Mapping[str, Any]:
        """The properties behind the proxy that raises at the touch of an unknown value."""
        containers = self.props.get("containerDefinitions")
        as_json = isinstance(containers, list) and self.type.startswith("aws:")
        text = {"containerDefinitions": json.dumps(containers)} if as_json else {}
        return unknown_checking_proxy(self.props | text)


class Stack(dict[str, Resource]):
    """Resources by name."""

    def judge(self) -> list[Violation]:
        """Run every policy of the pack; an unknown value that escapes one raises."""
        found: list[Violation] = []
        for rule in RULES:

            def report(message: str, urn: str | None, rule: str = rule.name) -> None:
                assert urn is not None
                found.append(Violation(rule, urn.rpartition("::")[2], message))

            policy = rule.policy()
            if isinstance(policy, StackValidationPolicy):
                policy.validate(StackValidationArgs(self._policy_resources()), report)
                continue
            assert isinstance(policy, ResourceValidationPolicy)
            for args in self._validation_args():
                policy.validate(args, report)
        return found

    def broken_rules(self) -> list[tuple[str, str]]:
        """Each violation's rule and resource."""
        return [(violation.rule, violation.resource) for violation in self.judge()]

    def _policy_resources(self) -> list[PolicyResource]:
        sent = {
            name: PolicyResource(
                item.type, item.as_sent(), _urn(name, item), name, OPTIONS, None, None, [], {}
            )
            for name, item in self.items()
        }
        for name, item in self.items():
            for property_, sources in item.sources.items():
                sent[name].property_dependencies[property_] = [sent[source] for source in sources]
        return list(sent.values())

    def _validation_args(self) -> list[ResourceValidationArgs]:
        return [
            ResourceValidationArgs(item.type, item.as_sent(), _urn(name, item), name, OPTIONS, None)
            for name, item in self.items()
        ]


def _urn(name: str, resource: Resource) -> str:
    return f"urn:pulumi:test::todo::{resource.type}::{name}"


def _containers() -> list[dict[str, Any]]:
    return [
        {
            "name": "app",
            "command": ["serve"],
            "environment": [
                {"name": "DATABASE_HOST", "value": "todo.example"},
                {"name": "DATABASE_CA_FILE", "value": "/app/certs/ca.pem"},
            ],
            "secrets": [{"name": "DATABASE_PASSWORD", "valueFrom": SECRET_ARN}],
        }
    ]


@pytest.fixture
def stack() -> Stack:
    """A stack with one of everything the rules are about, and nothing to complain of."""
    return Stack(
        parameters=Resource(
            type="aws:rds/parameterGroup:ParameterGroup",
            props={
                "name": "todo-600f6df",
                "family": "mysql8.4",
                "parameters": [
                    {"name": "max_connections", "value": "100"},
                    {"name": "require_secure_transport", "value": "1"},
                ],
            },
        ),
        database=Resource(
            type="aws:rds/instance:Instance",
            props={
                "engine": "mysql",
                "parameterGroupName": "todo-600f6df",
                "storageEncrypted": True,
                "publiclyAccessible": False,
            },
            sources={"parameterGroupName": ["parameters"]},
        ),
        ingress=Resource(
            type="aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            props={
                "referencedSecurityGroupId": UNKNOWN,
                "ipProtocol": "tcp",
                "fromPort": 3306.0,
                "toPort": 3306.0,
            },
        ),
        task=Resource(
            type="aws:ecs/taskDefinition:TaskDefinition",
            props={"containerDefinitions": _containers()},
        ),
    )
