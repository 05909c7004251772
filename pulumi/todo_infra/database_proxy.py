"""RDS Proxy: it keeps the tasks' connections over a failover of the database."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from .database_client import DatabaseClient, DatabaseClientArgs
from .keys import decrypt_secrets
from .ordering import known_after
from .security_groups import SecurityGroups
from .terraform_state import ExistingInfrastructure

__all__ = ["DatabaseProxy", "DatabaseProxyArgs", "proxy_policy", "proxy_trust"]

# Longer than any request of the application holds a connection.
_IDLE_SECONDS = 1800
_LOGIN = "MYSQL_CACHING_SHA2_PASSWORD"  # MySQL's own default, of method and of accounts


@dataclass(frozen=True, kw_only=True)
class DatabaseProxyArgs:
    """What the proxy stands before, and who connects through it.

    Attributes:
        region: The stack's region.
        network: Its private subnets are where the proxy is.
        groups: Of the tasks and of the database.
        database_identifier: The database.
        secret_arns: The accounts that may log in through the proxy, which reads their
            passwords itself.
        key_arn: Encrypts the secrets; None where AWS's own key does.
    """

    region: str
    network: ExistingInfrastructure
    groups: SecurityGroups
    database_identifier: pulumi.Input[str]
    secret_arns: Sequence[pulumi.Output[str]]
    key_arn: pulumi.Input[str] | None


def proxy_trust(account: str) -> dict[str, Any]:
    """Let RDS take the role for a proxy of this account, and nobody else's."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "rds.amazonaws.com"},
                "Condition": {"StringEquals": {"aws:SourceAccount": account}},
            }
        ],
    }


def proxy_policy(region: str, secret_arns: Sequence[str], key_arn: str | None) -> dict[str, Any]:
    """Let the proxy read the passwords of the accounts that it knows."""
    read = {
        "Sid": "ReadAccounts",
        "Effect": "Allow",
        "Action": ["secretsmanager:GetSecretValue"],
        "Resource": list(secret_arns),
    }
    return {"Version": "2012-10-17", "Statement": [read, *decrypt_secrets(region, key_arn)]}


class DatabaseProxy(pulumi.ComponentResource):
    """The proxy, its group and its role.

    Attributes:
        endpoint: The host to connect to, known once the proxy has its database.
    """

    endpoint: pulumi.Output[str]

    def __init__(
        self, name: str, args: DatabaseProxyArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:DatabaseProxy", name, None, opts)
        group_args = DatabaseClientArgs(
            vpc_id=args.network.vpc_id,
            description="Proxy before the database",
            database_security_group_id=args.groups.database_id,
            accepts_security_group_id=args.groups.service_id,
        )
        group = DatabaseClient(f"{name}-proxy", group_args, pulumi.ResourceOptions(parent=self))
        proxy = self._proxy(f"{name}-proxy", args, group)
        self.endpoint = known_after(proxy.endpoint, self._target(f"{name}-proxy", args, proxy))
        self.register_outputs({})

    def _proxy(self, name: str, args: DatabaseProxyArgs, group: DatabaseClient) -> aws.rds.Proxy:
        return aws.rds.Proxy(
            name,
            engine_family="MYSQL",
            require_tls=True,
            auths=[
                aws.rds.ProxyAuthArgs(
                    auth_scheme="SECRETS",
                    secret_arn=arn,
                    iam_auth="DISABLED",
                    client_password_auth_type=_LOGIN,
                )
                for arn in args.secret_arns
            ],
            role_arn=self._role(name, args),
            idle_client_timeout=_IDLE_SECONDS,
            debug_logging=False,  # it would log statements
            vpc_subnet_ids=list(args.network.private_subnet_ids),
            vpc_security_group_ids=[group.security_group_id],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _target(
        self, name: str, args: DatabaseProxyArgs, proxy: aws.rds.Proxy
    ) -> aws.rds.ProxyTarget:
        targets = aws.rds.ProxyDefaultTargetGroup(
            name,
            db_proxy_name=proxy.name,
            connection_pool_config=aws.rds.ProxyDefaultTargetGroupConnectionPoolConfigArgs(
                max_connections_percent=90,  # the rest is for people
                max_idle_connections_percent=50,
                connection_borrow_timeout=10,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return aws.rds.ProxyTarget(
            name,
            db_proxy_name=proxy.name,
            target_group_name=targets.name,
            db_instance_identifier=args.database_identifier,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _role(self, name: str, args: DatabaseProxyArgs) -> pulumi.Output[str]:
        account = aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(parent=self))
        role = aws.iam.Role(
            name,
            description="Proxy before the TODO database",
            assume_role_policy=account.account_id.apply(
                lambda account_id: json.dumps(proxy_trust(account_id))
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        policy = pulumi.Output.all(args.key_arn, *args.secret_arns).apply(
            lambda arns: json.dumps(proxy_policy(args.region, arns[1:], arns[0]))
        )
        attached = aws.iam.RolePolicy(
            name, role=role.name, policy=policy, opts=pulumi.ResourceOptions(parent=self)
        )
        return known_after(role.arn, attached)
