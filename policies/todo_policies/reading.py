"""How rules read properties: what is set, and what references what."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pulumi_policy import PolicyResource
from pulumi_policy.proxy import UnknownValueError

__all__ = ["is_set", "known", "linked", "shown", "users"]

_IDENTITIES = ("arn", "id", "name", "bucket")


def is_set(props: Mapping[str, Any], key: str) -> bool:
    """Whether a property has a value, or will have one: another resource's, not known yet.

    An update judges it again, before it uses it.
    """
    try:
        return props.get(key) not in (None, "", False)
    except UnknownValueError:
        return True


def known(props: Mapping[str, Any], key: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value, or None while it is unknown; for rules that follow references instead."""
    try:
        return props.get(key)
    except UnknownValueError:
        return None


def shown(value: object) -> str:
    """Return a value as messages have it."""
    if value is None:
        return "not set"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def linked(
    resource: PolicyResource, key: str, types: Iterable[str], stack: Sequence[PolicyResource]
) -> list[PolicyResource]:
    """Return the resources of these types that a property references.

    Known values are looked up among what identifies the resources. While one is unknown, what it
    is made from is in the stack's graph.
    """
    wanted = frozenset(types)
    values = list(_values(resource.props, key))
    found = [
        one
        for one in (stack if any(values) else ())
        if one.resource_type in wanted and not _identities(one).isdisjoint(values)
    ]
    if None in values:
        sources = resource.property_dependencies.get(key, [])
        found += [one for one in sources if one.resource_type in wanted and one not in found]
    return found


def users(
    resource: PolicyResource, key: str, types: Iterable[str], stack: Sequence[PolicyResource]
) -> list[PolicyResource]:
    """Return the resources of these types whose property references the resource."""
    wanted = frozenset(types)
    return [
        one
        for one in stack
        if one.resource_type in wanted
        and resource in linked(one, key, {resource.resource_type}, stack)
    ]


def _values(props: Mapping[str, Any], key: str) -> Iterator[str | None]:
    """Yield the texts in a property; None for each that is unknown."""
    try:
        value = props.get(key)
    except UnknownValueError:
        yield None
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, Sequence):
        for index in range(len(value)):
            try:
                yield str(value[index])
            except UnknownValueError:
                yield None


def _identities(resource: PolicyResource) -> frozenset[str]:
    values = (known(resource.props, key) for key in _IDENTITIES)
    return frozenset(value for value in values if isinstance(value, str) and value)
