"""What a pull request changes where nothing is deployed: the target's preview beside its own.

A preview of a stack that does not exist shows creations only. Two of them, of the branch that a
pull request goes to and of the pull request, differ by what the pull request does.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ops.report.events import Preview, State, Step
from ops.report.policies import mandatory

__all__ = ["compare", "is_complete"]

# Generated anew in every preview.
_GENERATED = re.compile(r"-[0-9a-f]{7}\b")

# For which properties AWS makes a new one, of what is worth the most: only the provider knows all.
# https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/db_instance
_REPLACING: Mapping[str, frozenset[str]] = {
    "aws:rds/instance:Instance": frozenset(
        {"availabilityZone", "characterSetName", "dbName", "engine", "kmsKeyId"}
        | {"storageEncrypted", "timezone", "username"}
    ),
    "aws:rds/cluster:Cluster": frozenset(
        {"databaseName", "engine", "engineMode", "kmsKeyId", "masterUsername", "storageEncrypted"}
    ),
}


def compare(before: Preview, after: Preview) -> Preview:
    """Return the second preview with the steps that lead there from the first."""
    old = {step.urn: step for step in before.steps}
    new = {step.urn: step for step in after.steps}
    steps = (_step(old.get(urn), new.get(urn)) for urn in sorted(old.keys() | new.keys()))
    # A preview that broke off has not come to the rest, which is then not deleted.
    whole = is_complete(after)
    return replace(
        after, steps=tuple(one for one in steps if one and (whole or one.op != "delete"))
    )


def is_complete(preview: Preview) -> bool:
    """Whether a preview came to its end; a broken rule only speaks there."""
    return preview.succeeded or (bool(mandatory(preview)) and not preview.errors)


def _step(before: Step | None, after: Step | None) -> Step | None:
    if after is None or after.new is None:
        return replace(before, op="delete", old=before.new, new=None) if before else None
    if before is None or before.new is None:
        return replace(after, op="create", old=None)
    old, new = before.new, after.new
    differing = tuple(_differing(old, new))
    replacing = tuple(key for key in differing if key in _REPLACING.get(after.type, ()))
    op = "replace" if replacing else "update" if differing else "same"
    return replace(after, op=op, old=old, new=new, differing=differing, replacing=replacing)


def _differing(old: State, new: State) -> Iterator[str]:
    for key in sorted((old.inputs.keys() | new.inputs.keys()) - {"__defaults", "__internal"}):
        if _comparable(old.inputs.get(key)) != _comparable(new.inputs.get(key)):
            yield key


def _comparable(value: Any) -> str:  # noqa: ANN401 - any JSON
    return _GENERATED.sub("-*", json.dumps(value, sort_keys=True))
