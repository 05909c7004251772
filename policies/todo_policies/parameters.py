"""Parameters of rules: a frozen dataclass with defaults, set in a policy configuration."""

import dataclasses
import typing
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["PolicyConfigError", "parameter", "parameter_key", "read_parameters", "schema_of"]

_JSON_TYPES: Mapping[Any, dict[str, Any]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    str: {"type": "string"},
    tuple[str, ...]: {"type": "array", "items": {"type": "string"}},
}


class PolicyConfigError(ValueError):
    """A policy configuration that cannot be used; the message lists every problem."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


def parameter(default: Any, description: str, **limits: Any) -> Any:  # noqa: ANN401 - as dataclasses.field
    """Declare a field of a parameters class.

    Args:
        default: What applies without configuration, which is the strict value.
        description: What it means, for the schema and the README.
        **limits: Further words of JSON Schema: minimum, maximum or enum.
    """
    return dataclasses.field(default=default, metadata={"description": description, **limits})


def parameter_key(name: str) -> str:
    """Return a field's name as a configuration writes it: max_days is maxDays."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def schema_of(parameters: Any) -> dict[str, dict[str, Any]]:  # noqa: ANN401 - any dataclass instance
    """Return the JSON Schema of each parameter by its key; the defaults are the instance's values.

    Raises:
        TypeError: if a field is of a type that no configuration can hold.
    """
    if parameters is None:
        return {}
    types = typing.get_type_hints(type(parameters))
    schema = {}
    for field in dataclasses.fields(parameters):
        if types[field.name] not in _JSON_TYPES:
            raise TypeError(f"{field.name} is {types[field.name]}, which cannot be configured.")
        value = getattr(parameters, field.name)
        default = list(value) if isinstance(value, tuple) else value
        schema[parameter_key(field.name)] = {
            **_JSON_TYPES[types[field.name]],
            **field.metadata,
            "default": default,
        }
    return schema


def read_parameters(parameters: Any, config: Mapping[str, Any]) -> Any:  # noqa: ANN401 - see above
    """Return the parameters with what the configuration sets, and their own values for the rest.

    Raises:
        PolicyConfigError: naming every value that is of the wrong type or beyond its limits.
    """
    if parameters is None:
        return None
    schema = schema_of(parameters)
    changes: dict[str, Any] = {}
    problems: list[str] = []
    for field in dataclasses.fields(parameters):
        key = parameter_key(field.name)
        if key not in config:
            continue
        value = _plain(config[key])
        if complaints := list(_complaints(value, schema[key])):
            problems.extend(f"{key} is {value!r}: {complaint}." for complaint in complaints)
        changes[field.name] = tuple(value) if isinstance(value, list) else value
    if problems:
        raise PolicyConfigError(problems)
    return dataclasses.replace(parameters, **changes)


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Take whole numbers out of their floats, which is how they cross the engine's protocol."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _complaints(value: object, schema: Mapping[str, Any]) -> Iterator[str]:
    if not _is_of(value, schema["type"]):
        yield f"a value of type {schema['type']} is allowed"
        return
    if isinstance(value, list) and not all(isinstance(item, str) for item in value):
        yield "a list of texts is allowed"
    if isinstance(value, int) and not isinstance(value, bool):
        if value < schema.get("minimum", value):
            yield f"at least {schema['minimum']} is allowed"
        if value > schema.get("maximum", value):
            yield f"at most {schema['maximum']} is allowed"
    if "enum" in schema and value not in schema["enum"]:
        yield f"allowed are {', '.join(map(str, schema['enum']))}"


def _is_of(value: object, json_type: str) -> bool:
    if json_type == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, {"boolean": bool, "string": str, "array": list}[json_type])
