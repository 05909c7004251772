"""Every mutant of a stack, one difference each, made from what the program registered."""

import functools
import importlib
import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.policies.mutants.additions import inputs_added, resources_added
from tests.policies.mutants.documents import is_policy, wider_policies
from tests.policies.mutants.operators import document_in, other_values
from tests.policies.mutants.places import GONE, JSON, Place, replaced, spelled, walk
from tests.policies.mutants.references import other_references, reference_at
from tests.policies.mutants.stack import Change, Key, Resource, Stack
from tests.policies.mutants.tables import Reasons

__all__ = ["Mutant", "mutants_of"]


@dataclass(frozen=True)
class _Difference:
    """Another value at a place of a resource's inputs, and how its sources differ with it."""

    place: Place
    operator: str
    value: Any
    lost: Key | None = None
    gained: Key | None = None


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One change of a stack that someone could make.

    Attributes:
        resource: the resource that differs.
        place: where in its inputs; empty if the resource itself is gone or new.
        operator: what happened there.
        change: the change.
    """

    resource: Key
    place: str
    operator: str
    change: Change

    @property
    def name(self) -> str:
        """What the tables' globs are matched with."""
        return " ".join(filter(None, (*self.resource, self.place, self.operator)))

    @property
    def kind(self) -> str:
        """The name without the resource's own."""
        return " ".join(filter(None, (self.resource[0], self.place, self.operator)))


def mutants_of(stack: Stack, irrelevant: Reasons, safest: Stack | None = None) -> Iterator[Mutant]:
    """Yield all mutants that are not declared irrelevant.

    Args:
        stack: the stack to change.
        irrelevant: reasons by glob over type and place.
        safest: a stricter stack, if there is one. What is already looser in `stack` is no place
            for mutants, since any change of it is for the better.
    """
    for resource in stack.values():
        if irrelevant.reason(resource.type) is not None:
            continue
        stricter = _counterpart(resource, safest) if safest is not None else None
        for difference in _differences(resource, stack):
            mutant = _mutant(resource, difference)
            if _declared(irrelevant, mutant):
                continue
            if stricter is None or not _is_looser(resource, stricter, difference.place):
                yield mutant
        if irrelevant.reason(f"{resource.type} removed") is None:
            change = stack.without(resource.key)
            yield Mutant(resource=resource.key, place="", operator="removed", change=change)
        for added in resources_added(resource):
            change = Change(resources={added.key: added})
            yield Mutant(resource=added.key, place="", operator="added", change=change)


def _declared(irrelevant: Reasons, mutant: Mutant) -> bool:
    """Whether a place, or one that it is in, is declared irrelevant; or there, the operator."""
    type_ = mutant.resource[0]
    steps = mutant.place.split(".")
    places = [".".join(steps[: count + 1]) for count in range(len(steps))]
    names = [f"{type_} {place}" for place in places] + [mutant.kind]
    return any(irrelevant.reason(name) is not None for name in names)


def _mutant(resource: Resource, difference: _Difference) -> Mutant:
    place = difference.place
    top = str(place[0])
    sources = resource.sources.get(top, frozenset())
    if difference.lost:
        sources = sources - {difference.lost}
    if difference.gained:
        sources = sources | {difference.gained}
    changed = resource.with_inputs(
        replaced(resource.inputs, place, difference.value), {top: sources}
    )
    return Mutant(
        resource=resource.key,
        place=spelled(resource.inputs, place),
        operator=difference.operator,
        change=Change(resources={resource.key: changed}),
    )


def _differences(resource: Resource, stack: Stack) -> Iterator[_Difference]:
    required = _required(resource.type)
    for name, whole in resource.inputs.items():
        document = document_in(whole)
        if is_policy(document):
            for place, operator, value in wider_policies(document):
                yield _Difference((name, JSON, *place), operator, value)
            continue
        for below, value in walk(whole, (name,)):
            if below != (name,) or name not in required:
                yield _Difference(below, "removed", GONE)
            yield from _other(below, value, resource, stack)
    yield from (_Difference(*added) for added in inputs_added(resource))


def _other(
    place: Place,
    value: Any,  # noqa: ANN401 - any JSON value
    resource: Resource,
    stack: Stack,
) -> Iterator[_Difference]:
    reference = reference_at(resource, place, value, stack)
    if reference is None:
        path = f"{resource.type} {spelled(resource.inputs, place)}"
        yield from (_Difference(place, *other) for other in other_values(path, value))
        return
    for operator, other, gained in other_references(reference, value, stack):
        yield _Difference(place, operator, other, reference.target.key, gained)


def _counterpart(resource: Resource, safest: Stack) -> Resource | None:
    """The resource of another stack that has the same part, by its name without the stack's."""
    return next(
        (one for one in safest.of_type(resource.type) if _part(one) == _part(resource)), None
    )


def _part(resource: Resource) -> str:
    return re.sub(r"todo-[a-z]+", "todo", resource.name)


def _is_looser(resource: Resource, stricter: Resource, place: Place) -> bool:
    """Whether an input already differs from the stricter stack's, other than by names."""
    name = str(place[0])
    ours, theirs = (
        re.sub(r"todo-[a-z]+", "todo", json.dumps(one.inputs.get(name), sort_keys=True))
        for one in (resource, stricter)
    )
    return (
        ours != theirs and JSON not in place and isinstance(resource.inputs.get(name), (bool, int))
    )


@functools.cache
def _required(type_: str) -> frozenset[str]:
    """Inputs that the provider's own SDK asks for: without them no change is ever planned."""
    if not type_.startswith("aws:"):
        return frozenset()
    _, module, name = type_.split(":")
    service, leaf = module.split("/")
    leaf = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", leaf).lower()
    args = getattr(importlib.import_module(f"pulumi_aws.{service}.{leaf}"), f"{name}Args")
    parameters = inspect.signature(args.__init__).parameters.values()
    asked = (one.name for one in parameters if one.name != "__self__" and one.default is one.empty)
    return frozenset(re.sub(r"_([a-z])", lambda found: found[1].upper(), one) for one in asked)
