"""Conditions of IAM policies, and whether they limit anything.

A rule that asks for aws:SourceAccount wants to know that strangers are kept out. A condition that
names the key, and lets any value of it through, is as good as none.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Condition", "account_of", "as_list", "conditions", "is_about_accounts"]

_ANYTHING = re.compile(r"(arn:)?(aws[a-z-]*:)?[*?:]*")
_NOT_LIMITING = re.compile(r"Not(Equals|Like|IpAddress)|IfExists$|^ForAllValues:|^Null$")
"""Operators that hold for nearly everything, for any value, or for what does not have the key."""

_ACCOUNT = re.compile(r"\d{12}|arn:[^:]*:[^:]*:[^:]*:(\d{12}):.+", re.DOTALL)
_ACCOUNT_KEYS = re.compile(
    r"aws:(principal|resource|source)account|aws:(principal|source)arn|aws:sourceowner"
    r"|kms:calleraccount|kms:encryptioncontext:aws:\w+:arn"
)
"""Keys that tell whose something is. The ARN of a bucket has no account, so it limits nothing by
itself: once a bucket is deleted, anybody may take its name. AWS wants aws:SourceAccount with it."""

_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")
_SERVICE = re.compile(r"[a-z0-9-]+(\..+)?")
_LITERAL = {
    "aws:principalorgid": _ORGANIZATION,
    "aws:resourceorgid": _ORGANIZATION,
    "aws:sourceorgid": _ORGANIZATION,
    "iam:passedtoservice": _SERVICE,
    "kms:grantisforawsresource": re.compile("true"),
    "kms:viaservice": _SERVICE,
}
"""What a value of these keys has to be like to limit anything: one organization, one service."""

_CONTEXT = "kms:encryptioncontext:"


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One key of a statement's conditions.

    Attributes:
        operator: how it is compared.
        key: what is compared, in small letters.
        values: with what; one of them has to fit.
    """

    operator: str
    key: str
    values: tuple[str, ...]

    def limits(self) -> bool:
        """Whether it holds for some only: not for any value, nor for all but a few."""
        if _NOT_LIMITING.search(self.operator) or not self.values:
            return False
        if is_about_accounts(self.key):
            return all(map(account_of, self.values))
        if form := _LITERAL.get(self.key):
            return all(form.fullmatch(value.lower()) for value in self.values)
        return not any(map(_ANYTHING.fullmatch, self.values))

    def wants_a_context(self) -> bool:
        """Whether it wants a kind of encryption context to be there, whatever is in it.

        Who encrypts says what the context is, so it tells one service's data from all others'.
        """
        given = {value.lower() for value in self.values} == {"false"}
        return self.operator == "Null" and self.key.startswith(_CONTEXT) and given


def conditions(statement: Mapping[str, Any]) -> Iterator[Condition]:
    """Yield the conditions of a statement as JSON has it."""
    for operator, keys in (statement.get("Condition") or {}).items():
        for key, values in keys.items():
            yield Condition(operator=operator, key=key.lower(), values=as_list(values))


def is_about_accounts(key: str) -> bool:
    """Whether a key, in small letters, tells whose something is."""
    return _ACCOUNT_KEYS.fullmatch(key) is not None


def account_of(text: str) -> str | None:
    """Return the account that a text is, or that an ARN is of; None where that may be any."""
    found = _ACCOUNT.fullmatch(text)
    return (found[1] or found[0]) if found else None


def as_list(raw: object) -> tuple[str, ...]:
    """Return what a policy has as a list, or as a text where it is only one."""
    if raw is None:
        return ()
    values = raw if isinstance(raw, list) else [raw]
    return tuple(map(str, values))
