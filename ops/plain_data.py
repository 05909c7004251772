"""JSON and YAML of others, read into plain values: within bounds, and with one kind of refusal.

Python's own readers fail in a dozen ways over what they are given, from a number of 5 000 digits to
a thousand brackets; and what ten lines of YAML stand for can be more than any memory holds.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

__all__ = ["DataError", "json_value", "yaml_events", "yaml_value"]

# What engines, clouds and teams write is a tenth of each.
_DEEPEST: Final = 100
_MOST_VALUES: Final = 2_000_000
_LONGEST_YAML: Final = 1_000_000
_LONGEST_NUMBER: Final = 1_024  # bits; Python reads some in YAML that it then refuses to write


class DataError(ValueError):
    """A text that cannot be read; the message says why."""


def json_value(text: str) -> Any:  # noqa: ANN401 - any JSON
    """Return what a JSON text says.

    Raises:
        DataError: It is none, or beyond what is read.
    """
    try:
        value = json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except RecursionError:
        raise DataError(_too_deep()) from None
    except ValueError as error:
        raise DataError(f"it is not JSON ({error})") from None
    _require_bounds(value)
    return value


def yaml_value(text: str) -> Any:  # noqa: ANN401 - any YAML
    """Return what a YAML text says.

    Raises:
        DataError: It is none, or beyond what is read.
    """
    if len(text) > _LONGEST_YAML:
        raise DataError(f"it has more than {_LONGEST_YAML} characters")
    import yaml  # noqa: PLC0415 - a job that only posts has no packages

    try:
        for _ in yaml_events(text):
            pass
        value = yaml.safe_load(text)
    except DataError:
        raise
    except RecursionError:
        raise DataError(_too_deep()) from None
    # The others are what constructors of dates, numbers and tags stumble over.
    except (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, OverflowError) as e:
        raise DataError(f"it is not YAML ({e})") from None
    _require_bounds(value)
    return value


def yaml_events(text: str, deepest: int = _DEEPEST) -> Iterator[Any]:
    """Yield a YAML text's events, as PyYAML names them.

    Raises:
        DataError: It is too deep. The time to read on would grow with the square of the depth.
        yaml.YAMLError: It is no YAML.
    """
    import yaml  # noqa: PLC0415 - as above

    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > deepest:
            raise DataError(_too_deep(deepest))
        yield event


def _too_deep(deepest: int = _DEEPEST) -> str:
    return f"it is more than {deepest} levels deep"


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number in JSON")


def _finite(text: str) -> float:
    number = float(text)
    if abs(number) == float("inf"):
        raise ValueError(f"{text[:20]} is too large a number")
    return number


def _require_bounds(value: object) -> None:
    """Refuse what is too deep or too much, each place counted: YAML can name one value often."""
    level, count = [value], 1
    for _ in range(_DEEPEST):
        below: list[object] = []
        for one in level:
            if isinstance(one, int) and one.bit_length() > _LONGEST_NUMBER:
                raise DataError("it holds a number that is too large")
            if isinstance(one, Mapping):
                below.extend(one.values())
            elif isinstance(one, list):
                below.extend(one)
            if count + len(below) > _MOST_VALUES:
                raise DataError(f"it holds more than {_MOST_VALUES} values")
        if not below:
            return
        level, count = below, count + len(below)
    raise DataError(_too_deep())
