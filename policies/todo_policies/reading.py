"""How rules read properties."""

from collections.abc import Mapping
from typing import Any

from pulumi_policy.proxy import UnknownValueError

__all__ = ["is_set", "known", "shown"]


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
