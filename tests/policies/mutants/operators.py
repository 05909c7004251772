"""What may become of one value, by its type and form."""

import ipaddress
import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from tests.infra.cloud import TERRAFORM_OUTPUTS
from tests.policies.mutants.tables import WEAKER

__all__ = ["LARGE", "document_in", "other_values"]

LARGE = 2**31 - 1
_WORLD = {4: "0.0.0.0/0", 6: "::/0"}
_FOREIGN_ACCOUNT, _FOREIGN_REGION = "999900001111", "us-east-1"
_ARN_PARTS = 6


def other_values(path: str, value: object) -> Iterator[tuple[str, Any]]:
    """Yield what stands for the value in a mutant: the operator's name and the new value.

    Args:
        path: Where the value is, as in `tables`: `defaultActions.0.redirect.protocol`.
        value: The value as it is.
    """
    weaker = next((values for glob, values in WEAKER.items() if fnmatchcase(path, glob)), None)
    if weaker is not None:
        for other in weaker:
            if other != value:
                yield f"to {other!r}", other
    elif isinstance(value, bool):
        yield f"to {not value}", not value
    elif isinstance(value, (int, float)):
        for number in (0, LARGE):
            if number != value:
                yield f"to {number}", number
    elif isinstance(value, list) and value:
        yield "emptied", []
    elif isinstance(value, str):
        yield from _other_texts(value)


def _other_texts(text: str) -> Iterator[tuple[str, str]]:
    network = _network(text)
    if network is not None:
        if network.prefixlen:
            yield "to the world", _WORLD[network.version]
    elif text in TERRAFORM_OUTPUTS["private_subnet_ids"]:
        place = TERRAFORM_OUTPUTS["private_subnet_ids"].index(text)
        yield "to a public subnet", TERRAFORM_OUTPUTS["public_subnet_ids"][place]
    elif text.startswith("arn:"):
        parts = text.split(":", _ARN_PARTS - 1)
        for index, other in ((4, _FOREIGN_ACCOUNT), (3, _FOREIGN_REGION)):
            if len(parts) == _ARN_PARTS and parts[index] not in ("", other):
                foreign = ":".join([*parts[:index], other, *parts[index + 1 :]])
                yield f"to {other}'s", foreign
    else:
        yield "to another text", f"other-{text}"


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text) if "/" in text else None
    except ValueError:
        return None


def document_in(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """The object or list that a text holds as JSON, or None."""
    if not isinstance(value, str) or not value.startswith(("{", "[")):
        return None
    try:
        return json.loads(value)
    except ValueError:
        return None
