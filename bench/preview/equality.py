"""Whether both tools really have the same resources, as both of them say themselves."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from local.errors import LocalError

__all__ = ["require_equal"]

_ASSIGNED = re.compile(r"\b(sgr?)-[0-9a-f]+\b")  # ids that the emulator chose


def require_equal(
    terraform: Mapping[str, Any],
    pulumi: Mapping[str, Any],
    *,
    prefixes: tuple[str, str],
    types: Mapping[str, str],
) -> int:
    """Compare resource by resource what was asked for; return how many there are.

    Args:
        terraform: `terraform show -json`.
        pulumi: `pulumi stack export`.
        prefixes: what names begin with in either.
        types: Pulumi's type of each of Terraform's.

    Raises:
        LocalError: if one has what the other has not.
    """
    ours = list(_pulumi(pulumi, prefixes[1]))
    keys = {kind: values.keys() for kind, values in ours}
    theirs = list(_terraform(terraform, prefixes[0], types, keys))
    difference = _count(ours) - _count(theirs), _count(theirs) - _count(ours)
    if any(difference) or not ours:
        only = [next(iter(side), "nothing") for side in difference]
        raise LocalError(
            f"The sets differ. Only Pulumi has {only[0]}; only Terraform has {only[1]}.",
            fix="Mend bench/preview/compared: only equal sets are worth comparing.",
        )
    return len(ours)


def _pulumi(export: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for one in export["deployment"]["resources"]:
        if one["type"].startswith("aws:"):
            inputs = {key: value for key, value in one["inputs"].items() if key != "__defaults"}
            yield one["type"], {_snake(key): _plain(inputs[key], prefix) for key in inputs}


def _terraform(
    shown: Mapping[str, Any], prefix: str, types: Mapping[str, str], keys: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of each resource what the other tool was given; the rest is what AWS made of it."""
    for one in shown["values"]["root_module"]["resources"]:
        kind = types[one["type"]]
        values = one["values"]
        yield kind, {key: _plain(values.get(key), prefix) for key in keys.get(kind, ())}


def _plain(value: Any, prefix: str) -> Any:  # noqa: ANN401 - JSON
    """A value without what differs by necessity: the prefix, ids, and how JSON is laid out."""
    if not isinstance(value, str):
        return value
    if value.startswith("{"):
        value = json.dumps(json.loads(value), sort_keys=True)
    return _ASSIGNED.sub(r"\1", value.replace(prefix, "PREFIX"))


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _count(resources: list[tuple[str, dict[str, Any]]]) -> Counter[str]:
    return Counter(f"{kind} {json.dumps(values, sort_keys=True)}" for kind, values in resources)
