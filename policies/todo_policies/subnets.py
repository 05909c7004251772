"""Which subnets face the internet."""

from collections.abc import Sequence

from pulumi_policy import PolicyResource

from todo_policies.graph import of_type
from todo_policies.reading import known
from todo_policies.resource_types import LOAD_BALANCER

__all__ = ["public_subnets"]


def public_subnets(stack: Sequence[PolicyResource]) -> frozenset[str]:
    """Subnets that an internet-facing load balancer is in, which are public ones."""
    return frozenset(
        subnet
        for balancer in of_type(stack, LOAD_BALANCER)
        if known(balancer.props, "internal") is not True
        for subnet in known(balancer.props, "subnets") or ()
    )
