"""IAM policies made wider, in any of the places where AWS takes one.

Taking something away from an Allow, or adding to a Deny, gives nobody more: that is no mutant.
"""

from collections.abc import Iterator
from typing import Any

from tests.policies.mutants.places import GONE, Place

__all__ = ["is_policy", "wider_policies"]

_FOREIGN_ROOT = {"AWS": "arn:aws:iam::999900001111:root"}


def is_policy(document: object) -> bool:
    """Whether a document is a policy of IAM's language."""
    return isinstance(document, dict) and isinstance(document.get("Statement"), list)


def wider_policies(document: Any) -> Iterator[tuple[Place, str, Any]]:  # noqa: ANN401
    """Yield the place in a policy, the operator's name and the new value."""
    for index, statement in enumerate(document["Statement"]):
        at: Place = ("Statement", index)
        mutants = _wider_allow if statement["Effect"] == "Allow" else _weaker_deny
        for place, operator, value in mutants(statement):
            yield (*at, *place), operator, value
    principal = {"Principal": "*"} if "Principal" in document["Statement"][0] else {}
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*", **principal}
    yield ("Statement",), "with all allowed", [*document["Statement"], everything]


def _wider_allow(statement: Any) -> Iterator[tuple[Place, str, Any]]:  # noqa: ANN401
    actions = statement["Action"]
    service = (actions if isinstance(actions, str) else actions[0]).partition(":")[0]
    for wide in ("*", f"{service}:*"):
        if actions not in (wide, [wide]):
            yield ("Action",), f"to {wide!r}", wide
    if statement.get("Resource", "*") not in ("*", ["*"]):
        yield ("Resource",), "to '*'", "*"
    if statement.get("Principal", "*") != "*":
        yield ("Principal",), "to '*'", "*"
        yield ("Principal",), "to another account", _FOREIGN_ROOT
    yield from _without_conditions(statement)


def _without_conditions(statement: Any) -> Iterator[tuple[Place, str, Any]]:  # noqa: ANN401
    conditions = statement.get("Condition", {})
    keys = [(operator, key) for operator in conditions for key in conditions[operator]]
    if keys:
        yield ("Condition",), "removed", GONE
    for operator, key in keys:
        if len(keys) > 1:
            yield ("Condition", operator, key), "removed", GONE
        like = {"StringEquals": "StringLike", "Bool": "Bool", "Null": "Null"}.get(
            operator, operator
        )
        if like not in ("Bool", "Null"):
            others = {name: terms for name, terms in conditions[operator].items() if name != key}
            wide = {**conditions, operator: others, like: {**conditions.get(like, {}), key: "*"}}
            if like == operator:
                wide = {**conditions, operator: {**others, key: "*"}}
            yield ("Condition",), f"{key} to '*'", {k: v for k, v in wide.items() if v}


def _weaker_deny(statement: Any) -> Iterator[tuple[Place, str, Any]]:  # noqa: ANN401
    yield (), "removed", GONE
    yield ("Effect",), "to 'Allow'", "Allow"
    yield ("Principal",), "to another account", _FOREIGN_ROOT
    yield ("Action",), "to 's3:GetBucketLocation'", "s3:GetBucketLocation"
    yield ("Resource",), "to one object", f"{statement['Resource'][0]}/one"
    for operator, terms in statement.get("Condition", {}).items():
        for key in terms:
            yield ("Condition", operator, key), "to another text", "other"
