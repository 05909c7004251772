"""IAM policies: roles', keys', buckets', endpoints'. All are one JSON text of statements."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from todo_policies.policy_conditions import as_list, conditions

__all__ = ["EVERYBODY", "Statement", "is_any_resource", "is_whole_service", "statements"]

EVERYBODY = "*"
_WITHOUT_KINDS = {"s3", "sns", "sqs"}
"""Services whose ARNs begin with a name; those of all others with a kind: secret:x, key/x."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement; each of its lists may be empty.

    Attributes:
        name: its Sid, or its place.
        allows: whether its effect is Allow.
        actions: what is allowed, or denied.
        resources: on what.
        everything_but: whether it says so by what it is not about: NotAction, NotResource or
            NotPrincipal.
        principals: to whom, by kind; everybody is "*" of the kind AWS.
        conditions: the keys of its conditions in small letters, and the values of each. An Allow
            is without those that let anything through. A Deny has them under operator and key:
            what hardly limits the one takes much from the other.
        contexts: keys of encryption contexts that have to be there, whatever is in them.
    """

    name: str
    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    everything_but: bool
    principals: Mapping[str, tuple[str, ...]]
    conditions: Mapping[str, tuple[str, ...]]
    contexts: frozenset[str]

    def is_for_everybody(self) -> bool:
        """Whether it names no one in particular."""
        return any(EVERYBODY in names for names in self.principals.values())

    def about(self, *actions: str) -> list[str]:
        """Return those of its actions, as written, that are or include one of these.

        To AWS an action is a glob, and its letters may be of any size: kms:De* is kms:Decrypt, too.
        """
        return [one for one in self.actions if any(_includes(one, action) for action in actions)]


def is_whole_service(action: str) -> bool:
    """Whether an action names no more than its service: s3:*, s3:** or s3."""
    return not action.partition(":")[2].strip("*?")


def is_any_resource(resource: str) -> bool:
    """Whether no more of a resource than its kind is named: *, secret:*, key/*, log-group:*:*.

    What follows the name, such as the streams of a log group, may be anything.
    """
    *fields, place = resource.split(":", 5)
    if len(fields) < len(("arn", "partition", "service", "region", "account")):
        return _has_wildcard(resource)
    parts = [part for part in re.split("[:/]", place) if part]
    if fields[2] not in _WITHOUT_KINDS:
        parts = parts[1:]
    if not parts:
        return _has_wildcard(place)
    return not any(map(str.isalnum, parts[0]))


def _has_wildcard(text: str) -> bool:
    return not {"*", "?"}.isdisjoint(text)


def _includes(written: str, action: str) -> bool:
    # A bracket is none of IAM's wildcards.
    return fnmatchcase(action.lower(), written.lower().replace("[", "[[]"))


def statements(text: object) -> tuple[Statement, ...]:
    """Read a policy.

    Raises:
        ValueError: if it is none.
    """
    if not isinstance(text, str):
        raise ValueError("the policy is not a JSON text.")  # noqa: TRY004 - as malformed JSON is
    return _read(text)


@lru_cache(maxsize=256)
def _read(text: str) -> tuple[Statement, ...]:
    found = json.loads(text).get("Statement")
    listed = [found] if isinstance(found, dict) else found
    if not isinstance(listed, list) or not listed:
        raise ValueError("the policy has no statements.")
    return tuple(_statement(place, one) for place, one in enumerate(listed, start=1))


def _statement(place: int, raw: Mapping[str, Any]) -> Statement:
    allows = raw["Effect"] != "Deny"
    found = list(conditions(raw))
    return Statement(
        name=str(raw.get("Sid") or f"number {place}"),
        allows=allows,
        actions=as_list(raw.get("Action")),
        resources=as_list(raw.get("Resource")),
        everything_but=not {"NotAction", "NotResource", "NotPrincipal"}.isdisjoint(raw),
        principals=_principals(raw.get("Principal")),
        conditions={
            one.key if one.limits() else f"{one.operator} {one.key}": one.values
            for one in found
            if one.limits() or not allows
        },
        contexts=frozenset(one.key for one in found if one.wants_a_context()),
    )


def _principals(raw: object) -> Mapping[str, tuple[str, ...]]:
    if raw is None:
        return {}
    if isinstance(raw, Mapping):
        return {str(kind): as_list(names) for kind, names in raw.items()}
    return {"AWS": as_list(raw)}
