"""Which subnets face the internet."""

from collections.abc import Iterator, Sequence

from pulumi_policy import PolicyResource
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from todo_policies.graph import linked, of_type
from todo_policies.reading import known
from todo_policies.resource_types import LOAD_BALANCER, SUBNET

__all__ = ["public_subnets", "subnets_of"]

_OF_BALANCERS = ("subnets", "subnetMappings")
"""A load balancer names its subnets in one of the two; AWS answers with both."""


def public_subnets(stack: Sequence[PolicyResource]) -> frozenset[str]:
    """Return the subnets that an internet-facing load balancer is in, which are public ones.

    Raises:
        UnknownValueError: if one is unknown, and none of the stack's: it may be anybody's.
    """
    return frozenset(
        subnet
        for balancer in of_type(stack, LOAD_BALANCER)
        if known(balancer.props, "internal") is not True
        for key in _OF_BALANCERS
        for subnet in subnets_of(balancer, key, stack)
    )


def subnets_of(owner: PolicyResource, key: str, stack: Sequence[PolicyResource]) -> Iterator[str]:
    """Yield the subnets that a property names: ids, and while one is unknown the stack's URN of it.

    Raises:
        UnknownValueError: if one is unknown, and none of the stack's.
    """
    try:
        listed = owner.props.get(key) or ()
    except UnknownValueError:
        # What a program leaves out AWS answers, so that is unknown before the update, too.
        if key in owner.property_dependencies:
            yield from _made(owner, key, 1, stack)
        return
    unknown = 0
    for place in range(len(listed)):
        try:
            one = listed[place]
            yield one if isinstance(one, str) else one["subnetId"]
        except UnknownValueError:
            unknown += 1
    yield from _made(owner, key, unknown, stack)


def _made(
    owner: PolicyResource, key: str, unknown: int, stack: Sequence[PolicyResource]
) -> Iterator[str]:
    """Yield the stack's subnets, at least as many as are unknown, that a property is made from."""
    made = [one.urn for one in linked(owner, key, {SUBNET}, stack) if not known(one.props, "id")]
    if len(made) < unknown:
        raise UnknownValueError(UNKNOWN_STRING_VALUE, [owner.name, key])
    yield from made
