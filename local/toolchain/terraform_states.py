"""Terraform's state format, as far as outputs go."""

import json
from collections.abc import Mapping
from typing import TypeAlias

from pulumi.provider.experimental.property_value import PropertyValue

from local.toolchain.property_values import Data, from_data

__all__ = ["Arguments", "StateError", "outputs_of", "text"]

Arguments: TypeAlias = Mapping[str, Data]
"""The arguments of one reference, named as in Pulumi's SDK."""

_SUPPORTED_VERSION = 4  # of the state format, since Terraform 0.12


class StateError(Exception):
    """A state that cannot be read.

    Attributes:
        argument: the argument of the reference that has to be changed.
    """

    def __init__(self, argument: str, reason: str) -> None:
        super().__init__(reason)
        self.argument = argument


def outputs_of(state_text: str, location: str, *, argument: str) -> dict[str, PropertyValue]:
    """Take the outputs out of a state; those that Terraform calls sensitive become secrets.

    Raises:
        StateError: if the text is no Terraform state of the current format.
    """
    try:
        state = json.loads(state_text)
    except (ValueError, RecursionError) as error:
        raise StateError(
            argument, f"{location} is not a Terraform state: it is not JSON ({error})."
        ) from None
    if isinstance(state, dict) and "encrypted_data" in state:
        raise StateError(argument, f"{location} is an encrypted state, which cannot be read here.")
    version = state.get("version") if isinstance(state, dict) else None
    if version != _SUPPORTED_VERSION or not isinstance(state.get("outputs"), dict):
        raise StateError(
            argument,
            f"{location} is not a Terraform state of format {_SUPPORTED_VERSION}"
            + (f" but of format {version}." if version else ": it has no format version."),
        )
    try:
        return {
            name: from_data(output["value"], secret=output.get("sensitive", False))
            for name, output in state["outputs"].items()
        }
    except (LookupError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise StateError(
            argument, f"{location} has an output of a shape that is not known ({error!r})."
        ) from None


def text(arguments: Arguments, name: str) -> str | None:
    """Return an argument; None when it is left out or empty."""
    value = arguments.get(name)
    return None if value in (None, "") else str(value)
