"""Mutants that add something to a resource, or a resource beside it: openings by type."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.policies.mutants.places import JSON, Place
from tests.policies.mutants.stack import Key, Resource

__all__ = ["inputs_added", "resources_added"]

_WORLD = "0.0.0.0/0"
_ANYONE = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
    }
)
_ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
_INPUTS: dict[str, dict[str, Any]] = {
    "aws:ec2/securityGroup:SecurityGroup": {
        "ingress": [{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": [_WORLD]}],
    },
    "aws:ecs/taskDefinition:TaskDefinition": {
        "pidMode": "host",
        "volumes": [{"name": "host", "hostPath": "/"}],
    },
    "aws:iam/role:Role": {
        "managedPolicyArns": [_ADMINISTRATOR],
        "inlinePolicies": [{"name": "all", "policy": _ANYONE.replace('"Principal": "*", ', "")}],
    },
    "aws:kms/key:Key": {"isEnabled": False, "bypassPolicyLockoutSafetyCheck": True},
    "aws:rds/instance:Instance": {"password": "hunter2hunter2"},
    "aws:s3/bucket:Bucket": {"acl": "public-read", "policy": _ANYONE},
    "aws:secretsmanager/secret:Secret": {"policy": _ANYONE},
}
_OF_CONTAINERS: dict[str, Any] = {
    "privileged": True,
    "pseudoTerminal": True,
    "interactive": True,
    "mountPoints": [{"sourceVolume": "host", "containerPath": "/host"}],
}
_VARIABLES = {
    "DATABASE_PASSWORD": "hunter2",
    "DATABASE_URL": "mysql://todo:hunter2@db.example/todo",
}


def inputs_added(resource: Resource) -> Iterator[tuple[Place, str, Any]]:
    """Yield place, operator's name and value of what a resource may have besides."""
    for name, value in _INPUTS.get(resource.type, {}).items():
        if name not in resource.inputs:
            yield (name,), "added", value
    if resource.type == "aws:ecs/taskDefinition:TaskDefinition":
        containers = json.loads(resource.inputs["containerDefinitions"])
        for index, container in enumerate(containers):
            at: Place = ("containerDefinitions", JSON, index)
            for place, operator, value in _of_container(container):
                yield (*at, *place), operator, value


def _of_container(container: dict[str, Any]) -> Iterator[tuple[Place, str, Any]]:
    for name, value in _OF_CONTAINERS.items():
        yield (name,), "added", value
    yield ("linuxParameters", "capabilities", "add"), "added", ["SYS_ADMIN"]
    variables = container["environment"]
    for name, value in _VARIABLES.items():
        yield ("environment",), f"with {name}", [*variables, {"name": name, "value": value}]
    for secret in container.get("secrets", []):
        plain = {"name": secret["name"], "value": "hunter2"}
        yield (
            (),
            f"secret {secret['name']} in plain",
            {
                **container,
                "environment": [*variables, plain],
                "secrets": [one for one in container["secrets"] if one != secret],
            },
        )


_Beside = Callable[[Resource], Iterator[tuple[str, str, dict[str, Any], str]]]
"""Type, suffix of the name, inputs, and the input that is made from the resource."""


def _beside_group(group: Resource) -> Iterator[tuple[str, str, dict[str, Any], str]]:
    ports = {"fromPort": 3306, "toPort": 3306}
    modern = {"securityGroupId": group.computed["id"], "ipProtocol": "tcp", **ports}
    classic = {"securityGroupId": group.computed["id"], "protocol": "tcp", **ports}
    ingress = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    yield ingress, "world", {**modern, "cidrIpv4": _WORLD}, "securityGroupId"
    yield ingress, "world-6", {**modern, "cidrIpv6": "::/0"}, "securityGroupId"
    yield (
        ingress,
        "other-group",
        {**modern, "referencedSecurityGroupId": "sg-0feed"},
        "securityGroupId",
    )
    rule = {**classic, "type": "ingress", "cidrBlocks": [_WORLD]}
    yield "aws:ec2/securityGroupRule:SecurityGroupRule", "world", rule, "securityGroupId"
    egress = {"securityGroupId": group.computed["id"], "ipProtocol": "-1", "cidrIpv4": _WORLD}
    yield (
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        "world",
        egress,
        "securityGroupId",
    )


def _beside_role(role: Resource) -> Iterator[tuple[str, str, dict[str, Any], str]]:
    attached = {"role": role.computed["name"], "policyArn": _ADMINISTRATOR}
    yield "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "admin", attached, "role"
    allowed = {"role": role.computed["name"], "policy": _ANYONE.replace('"Principal": "*", ', "")}
    yield "aws:iam/rolePolicy:RolePolicy", "all", allowed, "role"


def _beside_bucket(bucket: Resource) -> Iterator[tuple[str, str, dict[str, Any], str]]:
    policy = {"bucket": bucket.computed["bucket"], "policy": _ANYONE}
    yield "aws:s3/bucketPolicy:BucketPolicy", "anyone", policy, "bucket"
    acl = {"bucket": bucket.computed["bucket"], "acl": "public-read"}
    yield "aws:s3/bucketAcl:BucketAcl", "anyone", acl, "bucket"


def _beside_database(database: Resource) -> Iterator[tuple[str, str, dict[str, Any], str]]:
    inputs = {"dbInstanceIdentifier": database.computed["name"], "dbSnapshotIdentifier": "copy"}
    shared = {**inputs, "sharedAccounts": ["all"]}
    yield "aws:rds/snapshot:Snapshot", "public", shared, "dbInstanceIdentifier"
    other = {**inputs, "sharedAccounts": ["999900001111"]}
    yield "aws:rds/snapshot:Snapshot", "shared", other, "dbInstanceIdentifier"


def _beside_secret(secret: Resource) -> Iterator[tuple[str, str, dict[str, Any], str]]:
    policy = {"secretArn": secret.computed["arn"], "policy": _ANYONE}
    yield "aws:secretsmanager/secretPolicy:SecretPolicy", "anyone", policy, "secretArn"


def _beside_balancer(balancer: Resource) -> Iterator[tuple[str, str, dict[str, Any], str]]:
    plain = {
        "loadBalancerArn": balancer.computed["arn"],
        "port": 8080,
        "protocol": "HTTP",
        "defaultActions": [{"type": "forward", "targetGroupArn": "arn:aws:elasticloadbalancing:x"}],
    }
    yield "aws:lb/listener:Listener", "plain", plain, "loadBalancerArn"


_BESIDE: dict[str, _Beside] = {
    "aws:ec2/securityGroup:SecurityGroup": _beside_group,
    "aws:iam/role:Role": _beside_role,
    "aws:lb/loadBalancer:LoadBalancer": _beside_balancer,
    "aws:rds/instance:Instance": _beside_database,
    "aws:s3/bucket:Bucket": _beside_bucket,
    "aws:secretsmanager/secret:Secret": _beside_secret,
}


def resources_added(resource: Resource) -> Iterator[Resource]:
    """Yield what may stand beside a resource and open it."""
    beside = _BESIDE.get(resource.type)
    for type_, suffix, inputs, reference in beside(resource) if beside else ():
        name = f"{resource.name}-{suffix}"
        sources: dict[str, frozenset[Key]] = {reference: frozenset({resource.key})}
        computed = {"id": f"{name}-id", "name": name}
        yield Resource(type=type_, name=name, inputs=inputs, computed=computed, sources=sources)
