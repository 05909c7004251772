"""What AWS says about the subnets that Terraform's state names."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pulumi_aws as aws

from .errors import InfrastructureError, one_line, one_or_list
from .terraform_outputs import ExistingInfrastructure

__all__ = ["verify_subnets"]

_FEWEST_ZONES = 2
_OFF = "todo:terraformState.verifySubnets"


def verify_subnets(existing: ExistingInfrastructure) -> ExistingInfrastructure:
    """Look every subnet up, and return the infrastructure with the zones that AWS names.

    A state may be older than the network. What is wrong here would otherwise show up in the
    middle of a deployment, or in no task ever becoming healthy.

    Raises:
        InfrastructureError: A subnet is not to be found, is in another VPC, or their zones do
            not do for a load balancer, tasks and a database.
    """
    subnets = (*existing.public_subnet_ids, *existing.private_subnet_ids)
    zones = {subnet: _zone(subnet, existing.vpc_id) for subnet in subnets}
    if problems := list(_misplaced(existing, zones)):
        raise InfrastructureError(one_or_list(problems))
    found = tuple(sorted(set(zones.values())))
    return replace(existing, availability_zones=existing.availability_zones or found)


def _zone(subnet: str, vpc_id: str) -> str:
    try:
        found = aws.ec2.get_subnet(id=subnet)
    except Exception as error:
        raise InfrastructureError(
            f"subnet {subnet} cannot be looked up: {one_line(error)}. Read the state of the "
            "account and the region that this stack is deployed to; where the credentials may not "
            f"call ec2:DescribeSubnets, set {_OFF} to false."
        ) from error
    if found.vpc_id != vpc_id:
        raise InfrastructureError(
            f"subnet {subnet} is in {found.vpc_id}, and output vpc_id is {vpc_id}. Both have to "
            "be of one network."
        )
    return found.availability_zone


def _misplaced(existing: ExistingInfrastructure, zones: dict[str, str]) -> Iterator[str]:
    public = Counter(zones[subnet] for subnet in existing.public_subnet_ids)
    private = Counter(zones[subnet] for subnet in existing.private_subnet_ids)
    for name, counted in (("public_subnet_ids", public), ("private_subnet_ids", private)):
        if len(counted) < _FEWEST_ZONES:
            yield (
                f"the subnets of output {name} are all in {next(iter(counted))}; load balancer "
                "and database need two zones at least."
            )
    for zone, count in public.items():
        if count > 1:
            yield (
                f"output public_subnet_ids has {count} subnets in {zone}; a load balancer takes "
                "one for each zone."
            )
    if unreachable := sorted(set(private) - set(public)):
        yield (
            f"{', '.join(unreachable)} has private subnets and no public one; a load balancer "
            "does not reach tasks in a zone that it is not in itself."
        )
    stated = set(existing.availability_zones)
    if stated and stated != set(zones.values()):
        yield (
            f"output availability_zones is {', '.join(sorted(stated))}, and the subnets are in "
            f"{', '.join(sorted(set(zones.values())))}. Run `terraform apply`, or leave the "
            "output out: the zones are looked up."
        )
