"""References between resources, and other ones in their place."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.policies.mutants.operators import other_values
from tests.policies.mutants.places import Place
from tests.policies.mutants.stack import Key, Resource, Stack

__all__ = ["Reference", "other_references", "reference_at"]

_ELSEWHERE = {
    "aws:ec2/securityGroup:SecurityGroup": "sg-0feed0feed0feed00",
    "aws:rds/parameterGroup:ParameterGroup": "default.mysql8.4",
    "aws:rds/subnetGroup:SubnetGroup": "default",
}


@dataclass(frozen=True)
class Reference:
    """A value that is an attribute of another resource."""

    target: Resource
    attribute: str


def reference_at(resource: Resource, place: Place, value: object, stack: Stack) -> Reference | None:
    """What a value in a resource's inputs refers to, if it does."""
    if not isinstance(value, str):
        return None
    for key in sorted(resource.sources.get(str(place[0]), ())):
        target = stack[key]
        for attribute, known in target.computed.items():
            if known == value:
                return Reference(target, attribute)
    return None


def other_references(
    reference: Reference, value: str, stack: Stack
) -> Iterator[tuple[str, Any, Key | None]]:
    """Yield the operator's name, the new value, and the resource that it is now made from."""
    for other in stack.of_type(reference.target.type):
        if other.key != reference.target.key and other.computed[reference.attribute] != value:
            yield f"to {other.name}'s", other.computed[reference.attribute], other.key
    elsewhere = _ELSEWHERE.get(reference.target.type)
    if elsewhere is not None:
        yield f"to {elsewhere}", elsewhere, None
    else:
        yield from ((*other, None) for other in other_values("", value))
