"""Between the property values of Pulumi's provider protocol and plain Python data."""

from collections.abc import Mapping
from typing import TypeAlias

from pulumi.provider.experimental.property_value import PropertyValue

__all__ = ["UNKNOWN", "Data", "contains_unknown", "from_data", "to_data"]

Data: TypeAlias = bool | float | str | list["Data"] | dict[str, "Data"] | None
"""What JSON can hold."""

_UNKNOWN_MARKER = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

UNKNOWN = PropertyValue(_UNKNOWN_MARKER)
"""A value known only after an update. The SDK's own `Computed` cannot be sent to the engine."""


def from_data(data: object, *, secret: bool = False) -> PropertyValue:
    """Convert data as `json` reads it; whole numbers become floats, as the protocol has no others.

    Raises:
        TypeError: if there is something in it that JSON cannot hold.
    """
    if isinstance(data, dict):
        return PropertyValue({str(key): from_data(item) for key, item in data.items()}, secret)
    if isinstance(data, list):
        return PropertyValue([from_data(item) for item in data], secret)
    if isinstance(data, int) and not isinstance(data, bool):
        data = float(data)
    if data is None or isinstance(data, bool | float | str):
        return PropertyValue(data, secret)
    raise TypeError(f"{type(data).__name__} is not JSON data")


def to_data(value: PropertyValue) -> Data:
    """Convert to plain data; secrets are revealed, and unknowns stay marker strings.

    Raises:
        TypeError: if there is an asset, archive or resource in it.
    """
    content = value.value
    if content is None or isinstance(content, bool | float | str):
        return content
    if isinstance(content, Mapping):
        return {key: to_data(item) for key, item in content.items()}
    if isinstance(content, list | tuple):
        return [to_data(item) for item in content]
    raise TypeError(f"{type(content).__name__} is not JSON data")


def contains_unknown(data: Data) -> bool:
    """Whether some part of the data is known only after an update."""
    if isinstance(data, dict):
        return any(contains_unknown(item) for item in data.values())
    if isinstance(data, list):
        return any(contains_unknown(item) for item in data)
    return data == _UNKNOWN_MARKER
