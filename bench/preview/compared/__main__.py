"""The same resources as in main.tf beside this file, written as one would in Pulumi."""

import json

import pulumi
import pulumi_aws as aws

TAGS = {"Project": "todo", "Purpose": "benchmark"}


def service(name: str) -> None:
    """One group of ten resources."""
    group = aws.ec2.SecurityGroup(
        f"{name}-service",
        name=f"{name}-service",
        description="Tasks of one service",
        tags=TAGS,
    )
    aws.vpc.SecurityGroupIngressRule(
        f"{name}-http",
        security_group_id=group.id,
        description="HTTP from the network",
        ip_protocol="tcp",
        from_port=8080,
        to_port=8080,
        cidr_ipv4="10.0.0.0/16",
        tags=TAGS,
    )
    aws.vpc.SecurityGroupEgressRule(
        f"{name}-https",
        security_group_id=group.id,
        description="HTTPS to anywhere",
        ip_protocol="tcp",
        from_port=443,
        to_port=443,
        cidr_ipv4="0.0.0.0/0",
        tags=TAGS,
    )
    logs = aws.cloudwatch.LogGroup(
        f"{name}-application",
        name=f"/ecs/{name}/application",
        retention_in_days=90,
        tags=TAGS,
    )
    aws.cloudwatch.LogGroup(
        f"{name}-migration",
        name=f"/ecs/{name}/migration",
        retention_in_days=30,
        tags=TAGS,
    )
    aws.secretsmanager.Secret(
        f"{name}-password",
        name=f"{name}-password",
        description="Password of one service",
        recovery_window_in_days=7,
        tags=TAGS,
    )
    role(name, logs)
    aws.sns.Topic(
        f"{name}-alarms",
        name=f"{name}-alarms",
        display_name="Alarms of one service",
        tags=TAGS,
    )


def role(name: str, logs: aws.cloudwatch.LogGroup) -> None:
    """What one service may do: three of the ten."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            }
        ],
    }
    task = aws.iam.Role(
        f"{name}-task",
        name=f"{name}-task",
        description="What one service may do",
        assume_role_policy=json.dumps(trust),
        tags=TAGS,
    )
    statement = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": pulumi.Output.concat(logs.arn, ":*"),
    }
    aws.iam.RolePolicy(
        f"{name}-logs",
        name="logs",
        role=task.name,
        policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    aws.iam.RolePolicyAttachment(
        f"{name}-measures",
        role=task.name,
        policy_arn="arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy",
    )


config = pulumi.Config()
for number in range(config.require_int("groups")):
    service(f"{config.require('prefix')}-{number}")
