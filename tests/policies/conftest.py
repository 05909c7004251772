"""A compliant stack to break in one place, judged as the policy SDK does."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from pulumi_policy import (
    PolicyProviderResource,
    PolicyResource,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import unknown_checking_proxy

from tests.policies.crashes import refuse_crash
from tests.policies.mutants.judge import OPTIONS, Violation
from todo_policies import RULES
from todo_policies.waivers import Ledger

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine sends in place of a value that the update will know."""

SECRET_ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:todo-AbCdEf:password::"
ABOUT_DATABASES = ("database-", "storage-", "no-plaintext-", "waivers")
"""How the names of rules begin that the stack below has something to show for."""

TODAY = dt.date(2026, 11, 25)


@dataclass(kw_only=True)
class Resource:
    """One resource, as the engine describes it to policies."""

    type: str
    props: dict[str, Any]
    sources: dict[str, list[str]] = field(default_factory=dict)
    provider: tuple[str, dict[str, Any]] | None = None
    """Name and properties of the provider, where it matters."""

    def as_sent(self) -> Mapping[str, Any]:
        """The properties behind the proxy that raises at the touch of an unknown value."""
        containers = self.props.get("containerDefinitions")
        as_json = isinstance(containers, list) and self.type.startswith("aws:")
        text = {"containerDefinitions": json.dumps(containers)} if as_json else {}
        return unknown_checking_proxy(self.props | text)

    def policy_provider(self) -> PolicyProviderResource | None:
        """The provider, as stack policies get it."""
        if self.provider is None:
            return None
        name, props = self.provider
        type_ = "pulumi:providers:aws"
        urn = f"urn:pulumi:test::todo::{type_}::{name}"
        return PolicyProviderResource(type_, unknown_checking_proxy(props), urn, name)


class Stack(dict[str, Resource]):
    """Resources by name."""

    def judge(
        self,
        *rules: str,
        config: Mapping[str, Mapping[str, Any]] | None = None,
        today: dt.date = TODAY,
    ) -> list[Violation]:
        """Run policies of the pack, or those about databases; an unknown that escapes raises."""
        found: list[Violation] = []
        ledger = Ledger(clock=lambda: today)
        for rule in RULES:
            if rule.name not in rules if rules else not rule.name.startswith(ABOUT_DATABASES):
                continue

            def report(message: str, urn: str | None, rule: str = rule.name) -> None:
                refuse_crash(message)
                found.append(Violation(rule, (urn or "").rpartition("::")[2], message))

            policy = rule.policy(ledger)
            properties = (config or {}).get(rule.name)
            if isinstance(policy, StackValidationPolicy):
                args = StackValidationArgs(self._policy_resources(), properties)
                policy.validate(args, report)
                continue
            assert isinstance(policy, ResourceValidationPolicy)
            for one in self._validation_args(properties):
                policy.validate(one, report)
        return found

    def broken_rules(self) -> list[tuple[str, str]]:
        """Each violation's rule and resource."""
        return [(violation.rule, violation.resource) for violation in self.judge()]

    def breaking(self, *rules: str) -> list[str]:
        """The resources that break these rules, whatever else they break."""
        return [violation.resource for violation in self.judge(*rules)]

    def problems(self, rule: str, **parameters: Any) -> list[str]:  # noqa: ANN401 - of any rule
        """What a rule says, without the fix that every message ends with."""
        config = {rule: parameters}
        return [one.message.partition("\nFix: ")[0] for one in self.judge(rule, config=config)]

    def _policy_resources(self) -> list[PolicyResource]:
        sent = {
            name: PolicyResource(
                item.type,
                item.as_sent(),
                _urn(name, item),
                name,
                OPTIONS,
                item.policy_provider(),
                None,
                [],
                {},
            )
            for name, item in self.items()
        }
        for name, item in self.items():
            for property_, sources in item.sources.items():
                sent[name].property_dependencies[property_] = [sent[source] for source in sources]
        return list(sent.values())

    def _validation_args(
        self, properties: Mapping[str, Any] | None
    ) -> list[ResourceValidationArgs]:
        return [
            ResourceValidationArgs(
                item.type, item.as_sent(), _urn(name, item), name, OPTIONS, None, properties
            )
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
                {"name": "DATABASE_CA_FILE", "value": "/app/certs/aws-rds-global-bundle.pem"},
            ],
            "secrets": [{"name": "DATABASE_PASSWORD", "valueFrom": SECRET_ARN}],
        }
    ]


def _database() -> dict[str, Any]:
    return {
        "address": "todo.example",
        "autoMinorVersionUpgrade": True,
        "backupRetentionPeriod": 14.0,
        "caCertIdentifier": "rds-ca-rsa2048-g1",
        "copyTagsToSnapshot": True,
        "dbSubnetGroupName": "todo-5ab2e7",
        "deleteAutomatedBackups": False,
        "deletionProtection": True,
        "enabledCloudwatchLogsExports": ["error", "slowquery"],
        "engine": "mysql",
        "engineVersion": "8.4.7",
        "finalSnapshotIdentifier": "todo-final",
        "iamDatabaseAuthenticationEnabled": True,
        "kmsKeyId": "arn:aws:kms:eu-central-1:123456789012:key/1",
        "manageMasterUserPassword": True,
        "masterUserSecretKmsKeyId": "arn:aws:kms:eu-central-1:123456789012:key/1",
        "monitoringInterval": 60.0,
        "monitoringRoleArn": UNKNOWN,
        "multiAz": True,
        "parameterGroupName": "todo-600f6df",
        "port": 3306.0,
        "publiclyAccessible": False,
        "skipFinalSnapshot": False,
        "storageEncrypted": True,
        "username": "todo_admin",
        "vpcSecurityGroupIds": ["sg-database"],
    }


def _group(name: str) -> Resource:
    return Resource(type="aws:ec2/securityGroup:SecurityGroup", props={"id": f"sg-{name}"})


def _ingress(target: str, port: float, **source: str) -> Resource:
    return Resource(
        type="aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        props={
            "securityGroupId": f"sg-{target}",
            "ipProtocol": "tcp",
            "fromPort": port,
            "toPort": port,
            **source,
        },
    )


@pytest.fixture
def stack() -> Stack:
    """A stack with one of everything the rules are about, and nothing to complain of."""
    return Stack(
        secret=Resource(
            type="aws:secretsmanager/secret:Secret",
            props={"arn": SECRET_ARN.removesuffix(":password::")},
        ),
        parameters=Resource(
            type="aws:rds/parameterGroup:ParameterGroup",
            props={
                "name": "todo-600f6df",
                "family": "mysql8.4",
                "parameters": [
                    {"name": "max_connections", "value": "100"},
                    {"name": "require_secure_transport", "value": "1"},
                    {
                        "name": "tls_version",
                        "value": "TLSv1.2,TLSv1.3",
                        "applyMethod": "pending-reboot",
                    },
                ],
            },
        ),
        subnets=Resource(
            type="aws:rds/subnetGroup:SubnetGroup",
            props={"name": "todo-5ab2e7", "subnetIds": ["subnet-private-1", "subnet-private-2"]},
        ),
        database=Resource(
            type="aws:rds/instance:Instance",
            props=_database(),
            sources={
                "parameterGroupName": ["parameters"],
                "dbSubnetGroupName": ["subnets"],
                "vpcSecurityGroupIds": ["database_group"],
            },
        ),
        balancer_group=_group("balancer"),
        service_group=_group("service"),
        database_group=_group("database"),
        public_ingress=_ingress("balancer", 443.0, cidrIpv4="0.0.0.0/0"),
        service_ingress=_ingress("service", 8080.0, referencedSecurityGroupId="sg-balancer"),
        ingress=_ingress("database", 3306.0, referencedSecurityGroupId="sg-service"),
        service=Resource(
            type="aws:ecs/service:Service",
            props={"networkConfiguration": {"securityGroups": ["sg-service"]}},
        ),
        task=Resource(
            type="aws:ecs/taskDefinition:TaskDefinition",
            props={"containerDefinitions": _containers()},
        ),
    )
