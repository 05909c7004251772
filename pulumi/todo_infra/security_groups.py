"""Who may connect to whom: internet, load balancer, service, database, each to the next.

Inside the network every rule names a group and never an address range, so that a resource
is reachable for what it is and not for where it happens to be.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from . import config
from .containers import SERVICE_PORT
from .endpoints import Endpoints
from .ordering import known_after
from .ports import DATABASE_PORT, listener_ports

__all__ = ["SecurityGroups", "SecurityGroupsArgs"]


@dataclass(frozen=True, kw_only=True)
class SecurityGroupsArgs:
    """What connects where.

    Attributes:
        vpc_id: The network.
        load_balancer: Who may connect to the load balancer, from the stack's config.
        endpoints: How tasks reach AWS's own services.
    """

    vpc_id: str
    load_balancer: config.LoadBalancer
    endpoints: Endpoints


class SecurityGroups(pulumi.ComponentResource):
    """Three chained groups.

    Attributes:
        load_balancer_id: Accepts the allowed networks on the listener's ports. Like the other
            two it is known once the group's rules are there.
        service_id: Accepts the load balancer.
        database_id: Accepts the service, and opens no connection itself.
        endpoints: How any other group reaches AWS's own services.
    """

    load_balancer_id: pulumi.Output[str]
    service_id: pulumi.Output[str]
    database_id: pulumi.Output[str]
    endpoints: Endpoints

    def __init__(
        self, name: str, args: SecurityGroupsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:SecurityGroups", name, None, opts)
        balancer = self._group(f"{name}-alb", args.vpc_id, "Load balancer")
        service = self._group(f"{name}-service", args.vpc_id, "Application tasks")
        database = self._group(f"{name}-database", args.vpc_id, "Database")
        listeners = self._public_listeners(name, balancer, args.load_balancer)
        to_service = self._connection(f"{name}-alb-to-service", balancer, service, SERVICE_PORT)
        to_database = self._connection(
            f"{name}-service-to-database", service, database, DATABASE_PORT
        )
        self.endpoints = args.endpoints
        to_aws = args.endpoints.reach(f"{name}-service", service.id, pulls_images=True)
        self.load_balancer_id = known_after(balancer.id, *listeners)
        self.service_id = known_after(service.id, *to_service, *to_database, *to_aws)
        self.database_id = known_after(database.id, *to_database)
        self.register_outputs({})

    def _group(self, name: str, vpc_id: str, description: str) -> aws.ec2.SecurityGroup:
        """Make a group without rules; inline ones would fight with the rules below."""
        return aws.ec2.SecurityGroup(
            name,
            vpc_id=vpc_id,
            description=description,
            revoke_rules_on_delete=True,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _public_listeners(
        self, name: str, group: aws.ec2.SecurityGroup, settings: config.LoadBalancer
    ) -> list[pulumi.CustomResource]:
        return [
            aws.vpc.SecurityGroupIngressRule(
                f"{name}-alb-{port}-from-{cidr.replace('/', '_')}",
                security_group_id=group.id,
                description="Allowed network to listener",
                cidr_ipv4=cidr,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for port in listener_ports(settings)
            for cidr in settings.ingress_cidrs
        ]

    def _connection(
        self, name: str, source: aws.ec2.SecurityGroup, target: aws.ec2.SecurityGroup, port: int
    ) -> tuple[pulumi.CustomResource, pulumi.CustomResource]:
        """Let one group connect to a port of another: out of the one, into the other."""
        egress = aws.vpc.SecurityGroupEgressRule(
            f"{name}-egress",
            security_group_id=source.id,
            description="Out to the next group",
            referenced_security_group_id=target.id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            opts=pulumi.ResourceOptions(parent=self),
        )
        ingress = aws.vpc.SecurityGroupIngressRule(
            f"{name}-ingress",
            security_group_id=target.id,
            description="In from the group before",
            referenced_security_group_id=source.id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return egress, ingress
