"""A security group for something else than the tasks that connects to the database."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from .endpoints import Endpoints
from .ordering import known_after
from .ports import DATABASE_PORT

__all__ = ["DatabaseClient", "DatabaseClientArgs"]


@dataclass(frozen=True, kw_only=True)
class DatabaseClientArgs:
    """Who connects.

    Attributes:
        vpc_id: The network.
        description: Shown beside the group.
        database_security_group_id: The group of the database.
        accepts_security_group_id: The group of the client's own clients; None for none. They
            use the same port.
        reaches_aws: The way to AWS's own services; None lets it reach none.
    """

    vpc_id: str
    description: str
    database_security_group_id: pulumi.Input[str]
    accepts_security_group_id: pulumi.Input[str] | None = None
    reaches_aws: Endpoints | None = None


class DatabaseClient(pulumi.ComponentResource):
    """A group and its rules, chained by id.

    Attributes:
        security_group_id: Known once the rules are there.
    """

    security_group_id: pulumi.Output[str]

    def __init__(
        self, name: str, args: DatabaseClientArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:DatabaseClient", name, None, opts)
        group = aws.ec2.SecurityGroup(
            name,
            vpc_id=args.vpc_id,
            description=args.description,
            revoke_rules_on_delete=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        rules = self._connection(f"{name}-to-database", group.id, args.database_security_group_id)
        if args.accepts_security_group_id is not None:
            source = args.accepts_security_group_id
            rules += self._connection(f"{name}-from-clients", source, group.id)
        if args.reaches_aws is not None:
            rules += args.reaches_aws.reach(name, group.id)
        self.security_group_id = known_after(group.id, *rules)
        self.register_outputs({})

    def _connection(
        self,
        name: str,
        source: pulumi.Input[str],
        target: pulumi.Input[str],
    ) -> list[pulumi.CustomResource]:
        """Let one group connect to another: out of the one, into the other."""
        egress = aws.vpc.SecurityGroupEgressRule(
            f"{name}-egress",
            security_group_id=source,
            description="Out to the next group",
            referenced_security_group_id=target,
            ip_protocol="tcp",
            from_port=DATABASE_PORT,
            to_port=DATABASE_PORT,
            opts=pulumi.ResourceOptions(parent=self),
        )
        ingress = aws.vpc.SecurityGroupIngressRule(
            f"{name}-ingress",
            security_group_id=target,
            description="In from the group before",
            referenced_security_group_id=source,
            ip_protocol="tcp",
            from_port=DATABASE_PORT,
            to_port=DATABASE_PORT,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return [egress, ingress]
