"""Places in a resource's inputs, and copies that differ in one of them.

A step of a place is a key, an index, or `JSON`, into the document that a text holds.
"""

import json
from collections.abc import Iterator
from typing import Any

from tests.policies.mutants.operators import document_in

__all__ = ["GONE", "JSON", "Place", "replaced", "spelled", "walk"]

JSON = None
"""The step into a JSON text."""

GONE = object()
"""In place of a value: nothing at all."""

Place = tuple[str | int | None, ...]
_NAMING_KEYS = ("name", "Sid", "containerName", "capacityProvider")


def walk(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:  # noqa: ANN401
    """Yield every place below a value, and what is there; a JSON text as what it holds."""
    document = document_in(value)
    if document is not None:
        yield from walk(document, (*place, JSON))
        return
    if place and place[-1] is not JSON:
        yield place, value
    steps = value.items() if isinstance(value, dict) else ()
    for step, item in enumerate(value) if isinstance(value, list) else steps:
        yield from walk(item, (*place, step))


def replaced(value: Any, place: Place, other: Any) -> Any:  # noqa: ANN401
    """A copy of a value with another one, or `GONE`, at a place."""
    if not place:
        return other
    step, *rest = place
    if step is JSON:
        return json.dumps(replaced(json.loads(value), tuple(rest), other))
    copy = value.copy()
    old = copy[step] if isinstance(step, int) else copy.get(step, {})
    item = replaced(old, tuple(rest), other)
    if item is GONE:
        del copy[step]
    else:
        copy[step] = item
    return copy


def spelled(value: Any, place: Place) -> str:  # noqa: ANN401
    """A place in words: entries of lists by their name, if they have one."""
    words = []
    for step in place:
        if step is JSON:
            value = json.loads(value)
            continue
        value = value[step] if isinstance(step, int) else value.get(step)
        words.append(_name_of(value) or str(step) if isinstance(step, int) else step)
    return ".".join(map(str, words))


def _name_of(entry: object) -> str | None:
    if not isinstance(entry, dict):
        return None
    return next((str(entry[key]) for key in _NAMING_KEYS if key in entry), None)
