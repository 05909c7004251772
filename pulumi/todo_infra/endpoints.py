"""How tasks reach AWS's own services: by entrances inside the network, or over its way out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from .endpoint_policies import CHANNELS, interface_policy, storage_policy
from .errors import InfrastructureError
from .ordering import known_after
from .terraform_outputs import Repository

__all__ = ["Endpoints", "EndpointsArgs", "route_tables"]

_HTTPS = 443
_ANYWHERE = "0.0.0.0/0"
# What Fargate and the application call. Not KMS: the services that hold the data call that.
_INTERFACES = ("ecr.api", "ecr.dkr", "logs", "secretsmanager")
# Only for `ecs execute-command`: its channels, and the key of the conversation.
_EXEC = (CHANNELS, "kms")


@dataclass(frozen=True, kw_only=True)
class EndpointsArgs:
    """Where the entrances are, and to what.

    Attributes:
        enabled: Make them.
        vpc_id: The network.
        subnet_ids: Private subnets, each with a route table of its own or a shared one.
        region: The stack's region.
        repository: The repository of the image.
        exec_allowed: Make those for `ecs execute-command` too.
    """

    enabled: bool
    vpc_id: str
    subnet_ids: tuple[str, ...]
    region: str
    repository: Repository
    exec_allowed: bool = False


@dataclass(frozen=True, kw_only=True)
class _Entrances:
    group_id: pulumi.Output[str]
    storage_prefix_list_id: pulumi.Output[str]


class Endpoints(pulumi.ComponentResource):
    """VPC endpoints with a group of their own, or none."""

    def __init__(
        self, name: str, args: EndpointsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:Endpoints", name, None, opts)
        self._entrances = self._make(name, args) if args.enabled else None
        self.register_outputs({})

    def reach(
        self, name: str, group_id: pulumi.Input[str], *, pulls_images: bool = False
    ) -> list[pulumi.CustomResource]:
        """Let a security group connect to AWS's services, and return the rules for that.

        Args:
            name: The prefix of the rules' names.
            group_id: The group.
            pulls_images: Let it have the layers of images, which are in S3, too.
        """
        if self._entrances is None:
            return [self._way_out(name, group_id)]
        entrances = self._entrances
        out = self._https(group_id)
        rules: list[pulumi.CustomResource] = [
            aws.vpc.SecurityGroupEgressRule(
                f"{name}-to-endpoints-egress",
                description="Out to AWS services",
                referenced_security_group_id=entrances.group_id,
                **out,
            ),
            aws.vpc.SecurityGroupIngressRule(
                f"{name}-to-endpoints-ingress",
                description="In from the group before",
                referenced_security_group_id=group_id,
                **self._https(entrances.group_id),
            ),
        ]
        if pulls_images:
            storage = aws.vpc.SecurityGroupEgressRule(
                f"{name}-to-storage",
                description="Layers of images in S3",
                prefix_list_id=entrances.storage_prefix_list_id,
                **out,
            )
            rules.append(storage)
        return rules

    def _way_out(self, name: str, group_id: pulumi.Input[str]) -> pulumi.CustomResource:
        return aws.vpc.SecurityGroupEgressRule(
            f"{name}-to-aws",
            description="AWS services over HTTPS, which have no group",
            cidr_ipv4=_ANYWHERE,
            **self._https(group_id),
        )

    def _https(self, group_id: pulumi.Input[str]) -> dict[str, Any]:
        """What every rule has: HTTPS, of a group."""
        return {
            "security_group_id": group_id,
            "ip_protocol": "tcp",
            "from_port": _HTTPS,
            "to_port": _HTTPS,
            "opts": pulumi.ResourceOptions(parent=self),
        }

    def _make(self, name: str, args: EndpointsArgs) -> _Entrances:
        tables, subnets = route_tables(args.subnet_ids), _one_of_each_zone(args.subnet_ids)
        account = aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(parent=self))
        group = aws.ec2.SecurityGroup(
            f"{name}-endpoints",
            vpc_id=args.vpc_id,
            description="Entrances to AWS services",
            revoke_rules_on_delete=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        services = (*_INTERFACES, *_EXEC) if args.exec_allowed else _INTERFACES
        interfaces = [
            self._interface(name, args, service, subnets, group, account.account_id)
            for service in services
        ]
        storage = aws.ec2.VpcEndpoint(
            f"{name}-s3",
            vpc_id=args.vpc_id,
            service_name=f"com.amazonaws.{args.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=tables,
            policy=account.account_id.apply(lambda known: storage_policy(known, args.region)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return _Entrances(
            group_id=known_after(group.id, *interfaces),
            storage_prefix_list_id=storage.prefix_list_id,
        )

    def _interface(
        self,
        name: str,
        args: EndpointsArgs,
        service: str,
        subnet_ids: list[str],
        group: aws.ec2.SecurityGroup,
        account: pulumi.Output[str],
    ) -> aws.ec2.VpcEndpoint:
        return aws.ec2.VpcEndpoint(
            f"{name}-{service.replace('.', '-')}",
            vpc_id=args.vpc_id,
            service_name=f"com.amazonaws.{args.region}.{service}",
            vpc_endpoint_type="Interface",
            subnet_ids=subnet_ids,
            security_group_ids=[group.id],
            # The service's usual name leads here, so nobody has to be told.
            private_dns_enabled=True,
            policy=account.apply(
                lambda known: interface_policy(service, known, args.region, args.repository)
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _one_of_each_zone(subnet_ids: Sequence[str]) -> list[str]:
    """Return a subnet of each zone; an entrance takes no second one."""
    zones: dict[str, str] = {}
    for subnet in subnet_ids:
        zones.setdefault(aws.ec2.get_subnet(id=subnet).availability_zone, subnet)
    return list(zones.values())


def route_tables(subnet_ids: Sequence[str]) -> list[str]:
    """Return the route tables of the subnets; Terraform's state does not export them.

    Raises:
        InfrastructureError: A subnet has none but the network's main one.
    """
    return sorted({_route_table(subnet) for subnet in subnet_ids})


def _route_table(subnet: str) -> str:
    try:
        return aws.ec2.get_route_table(subnet_id=subnet).route_table_id
    except Exception as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise InfrastructureError(
            f"the route table of subnet {subnet} cannot be looked up: {reason}. The way to S3 "
            "goes into it, so the subnet has to be associated with one; or set "
            "todo:network.vpcEndpoints to false."
        ) from error
