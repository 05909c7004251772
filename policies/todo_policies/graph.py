"""What references what in a stack: by value where it is known, else by the engine's own graph."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar, cast

from pulumi_policy import PolicyResource
from pulumi_policy.proxy import UnknownValueError

from todo_policies.reading import known

__all__ = ["is_given", "linked", "of_type", "once", "users"]

_Answer = TypeVar("_Answer")

_IDENTITIES = ("arn", "id", "name", "bucket")


class _Graph:
    """One stack, looked through once for whatever is asked of it."""

    def __init__(self, stack: Sequence[PolicyResource]) -> None:
        self.stack = stack
        self.answers: dict[Callable[..., object], object] = {}
        self._users: dict[tuple[str, str | None], dict[str, list[PolicyResource]]] = {}

    @cached_property
    def by_type(self) -> Mapping[str, list[PolicyResource]]:
        found: dict[str, list[PolicyResource]] = defaultdict(list)
        for resource in self.stack:
            found[resource.resource_type].append(resource)
        return found

    @cached_property
    def by_identity(self) -> Mapping[str, list[PolicyResource]]:
        found: dict[str, list[PolicyResource]] = defaultdict(list)
        for resource in self.stack:
            for identity in {known(resource.props, key) for key in _IDENTITIES}:
                if isinstance(identity, str) and identity:
                    found[identity].append(resource)
        return found

    def linked(self, resource: PolicyResource, key: str) -> Iterator[PolicyResource]:
        values = list(_values(resource.props, key))
        for value in values:
            if value is not None:
                yield from self.by_identity.get(value, ())
        if None in values:
            yield from resource.property_dependencies.get(key, [])

    def users(self, key: str, type_: str | None) -> Mapping[str, list[PolicyResource]]:
        """Return those of a type whose property references a resource, by its URN."""
        if (key, type_) not in self._users:
            found: dict[str, list[PolicyResource]] = defaultdict(list)
            for user in self.stack if type_ is None else self.by_type.get(type_, ()):
                for urn in {one.urn for one in self.linked(user, key)}:
                    found[urn].append(user)
            self._users[key, type_] = found
        return self._users[key, type_]


_latest = _Graph(())


def _graph(stack: Sequence[PolicyResource]) -> _Graph:
    """Keep the latest graph: a rule asks about one stack many times."""
    global _latest  # noqa: PLW0603 - rules are functions, and have no other place for it
    if _latest.stack is not stack:
        _latest = _Graph(stack)
    return _latest


def once(
    find: Callable[[Sequence[PolicyResource]], _Answer], stack: Sequence[PolicyResource]
) -> _Answer:
    """Return what a function finds in a stack, which it is asked once."""
    answers = _graph(stack).answers
    if find not in answers:
        answers[find] = find(stack)
    return cast("_Answer", answers[find])


def is_given(resource: PolicyResource, key: str) -> bool:
    """Whether the program set an input.

    One that it left out is unknown before the update, too, if AWS answers it; but the engine then
    does not even say that it is made from nothing.
    """
    try:
        return resource.props.get(key) not in (None, "", False)
    except UnknownValueError:
        return key in resource.property_dependencies


def of_type(stack: Sequence[PolicyResource], type_: str) -> Sequence[PolicyResource]:
    """Return the resources of a type."""
    return _graph(stack).by_type.get(type_, ())


def linked(
    resource: PolicyResource, key: str, types: Iterable[str], stack: Sequence[PolicyResource]
) -> list[PolicyResource]:
    """Return the resources of these types that a property references.

    Known values are looked up among what identifies the resources. While one is unknown, what it
    is made from is in the engine's graph.
    """
    wanted = frozenset(types)
    found = {
        one.urn: one for one in _graph(stack).linked(resource, key) if one.resource_type in wanted
    }
    return list(found.values())


def users(
    resource: PolicyResource, key: str, type_: str | None, stack: Sequence[PolicyResource]
) -> Sequence[PolicyResource]:
    """Return the resources of a type, or of any, whose property references the resource."""
    return _graph(stack).users(key, type_).get(resource.urn, ())


def _values(props: Mapping[str, Any], key: str) -> Iterator[str | None]:
    """Yield the texts in a property, however deep; None for each that is unknown."""
    try:
        value = props.get(key)
    except UnknownValueError:
        yield None
        return
    yield from _texts(value)


def _texts(value: object) -> Iterator[str | None]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key in value:
            yield from _values(value, key)
    elif isinstance(value, Sequence):
        for index in range(len(value)):
            try:
                item = value[index]
            except UnknownValueError:
                yield None
                continue
            yield from _texts(item)
