"""Policies stay in the account: none lets another account's principals in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pulumi_policy import PolicyResource, Severity
from pulumi_policy.proxy import UnknownValueError

from todo_policies.graph import once
from todo_policies.parameters import parameter
from todo_policies.policy_conditions import account_of, is_about_accounts
from todo_policies.policy_documents import statements
from todo_policies.reading import is_set, known
from todo_policies.resource_types import (
    BUCKET_POLICY,
    KEY,
    KEY_POLICY,
    REPOSITORY_POLICY,
    ROLE,
    SECRET,
    SECRET_POLICY,
    TOPIC_POLICY,
    VPC_ENDPOINT,
)
from todo_policies.rule import Rule, StackRule

__all__ = ["OWN_ACCOUNT_ONLY", "RULES"]

_DOCUMENT: Mapping[str, str] = {
    BUCKET_POLICY: "policy",
    KEY: "policy",
    KEY_POLICY: "policy",
    REPOSITORY_POLICY: "policy",
    ROLE: "assumeRolePolicy",
    SECRET: "policy",
    SECRET_POLICY: "policy",
    TOPIC_POLICY: "policy",
    VPC_ENDPOINT: "policy",
}


@dataclass(frozen=True, kw_only=True)
class _Trusted:
    accounts: tuple[str, ...] = parameter((), "Ids of other accounts that policies may let in.")


def _others(
    subject: PolicyResource, stack: Sequence[PolicyResource], parameters: _Trusted
) -> Iterator[str]:
    key = _DOCUMENT[subject.resource_type]
    if not is_set(subject.props, key):
        return
    try:
        document = statements(subject.props.get(key))
    except UnknownValueError:
        # No resource says by itself whose it is, so no rule about single ones can judge this. The
        # end of the update does, and every preview from then on.
        return
    own = once(_own_accounts, stack)
    found: dict[str, str] = {}
    for statement in (one for one in document if one.allows):
        named = [*statement.principals.get("AWS", ())]
        for condition in filter(is_about_accounts, statement.conditions):
            named += statement.conditions[condition]
        found |= {account: statement.name for account in map(account_of, named) if account}
    for account in sorted(found.keys() - own - set(parameters.accounts)):
        # Nothing of a new stack says which account it is in; its policies then have to agree.
        if own or len(found) > 1:
            yield f"statement {found[account]} of {key} names the account {account}, another one."


def _own_accounts(stack: Sequence[PolicyResource]) -> frozenset[str]:
    # A topic's policy says by the same name to which topic it belongs.
    owners = (one for one in stack if one.resource_type != TOPIC_POLICY)
    accounts = (account_of(str(known(one.props, "arn") or "")) for one in owners)
    return frozenset(account for account in accounts if account)


OWN_ACCOUNT_ONLY = StackRule(
    name="own-account-only",
    severity=Severity.CRITICAL,
    why="Keys, secrets, buckets, topics, entrances and roles let in this account's principals, and "
    "no other account's.",
    fix="Name principals of the stack's own account, or the other account in accounts of this "
    "rule.",
    controls=(),
    waivable=False,
    parameters=_Trusted(),
    resource_types=frozenset(_DOCUMENT),
    check=_others,
)

RULES: tuple[Rule, ...] = (OWN_ACCOUNT_ONLY,)
