"""The function that changes a password, and the secret that it reads and writes.

It holds the account's password in clear, so it is AWS's own, runs inside the network, and asks for
TLS: it connects as the secret says.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_policy import PolicyResource, Severity
from pulumi_policy.proxy import UnknownValueError

from todo_policies.graph import of_type
from todo_policies.reading import is_set, known, shown
from todo_policies.resource_types import (
    APPLICATION,
    CLUSTER,
    INSTANCE,
    SECRET_VERSION,
    SECURITY_GROUP,
)
from todo_policies.rule import ResourceRule, Rule, StackRule, Subject
from todo_policies.subnets import public_subnets

__all__ = ["ROTATION_FUNCTION_PRIVATE", "RULES", "SECRET_ASKS_FOR_TLS", "SECRET_NOT_MASTERS"]

_AWS_APPLICATIONS = "arn:aws:serverlessrepo:us-east-1:297356227824:applications/SecretsManager"
_TEXTS = ("secretString", "secretStringWo")
"""Where a program puts a secret: into the state, too, or past it."""

_MASTER_NAMES = {INSTANCE: "username", CLUSTER: "masterUsername"}


def _exposed(function: PolicyResource, stack: Sequence[PolicyResource]) -> Iterator[str]:
    application = str(function.props.get("applicationId"))
    if not application.startswith(_AWS_APPLICATIONS):
        yield f"applicationId is {application}, and not AWS's own of Secrets Manager."
    parameters = function.props.get("parameters") or {}
    for key in ("vpcSubnetIds", "vpcSecurityGroupIds", "kmsKeyArn"):
        if not is_set(parameters, key):
            yield f"parameters.{key} is not set."
    public = public_subnets(stack)
    for subnet in str(known(parameters, "vpcSubnetIds") or "").split(","):
        if subnet.strip() in public:
            yield f"{subnet.strip()} is a public subnet: the load balancer is in it, too."
    if not _all_of_stack(function, stack):
        yield "parameters.vpcSecurityGroupIds names a group that is not of this stack."


def _all_of_stack(function: PolicyResource, stack: Sequence[PolicyResource]) -> bool:
    """Whether each of its groups is one of the stack; while unknown, whether it is made from one.

    Its parameters are one property, and another of them may be named like a group.
    """
    parameters = function.props.get("parameters") or {}
    try:
        groups = str(parameters.get("vpcSecurityGroupIds") or "").split(",")
    except UnknownValueError:
        sources = function.property_dependencies.get("parameters", ())
        return any(one.resource_type == SECURITY_GROUP for one in sources)
    ids = {known(group.props, "id") for group in of_type(stack, SECURITY_GROUP)}
    return all(group.strip() in ids for group in groups if group)


def _in_clear(version: Subject) -> Iterator[str]:
    for key in _TEXTS:
        account = _account(version, key)
        if account and account.get("ssl") is not True:
            said = shown(account.get("ssl"))
            yield f"ssl is {said} in {key}, so its password may be changed in clear."


def _of_a_master(version: PolicyResource, stack: Sequence[PolicyResource]) -> Iterator[str]:
    try:
        account = _account(version, "secretString")
    except UnknownValueError:
        return  # its address is unknown before the update
    masters = {
        known(database.props, key)
        for type_, key in _MASTER_NAMES.items()
        for database in of_type(stack, type_)
    }
    if not account or account["username"] not in masters:
        return
    if _is_managed_by_rds(stack):
        yield f"it is of {account['username']}, the master, which RDS keeps a secret of itself for."
        return
    others = [
        other.name
        for other in of_type(stack, SECRET_VERSION)
        if other.urn != version.urn and _username(other) == account["username"]
    ]
    if others:
        yield f"it is of {account['username']}, the master, as {', '.join(others)} is already."


def _account(version: Subject, key: str) -> Mapping[str, Any] | None:
    """Return what a secret holds, if that is the account of a database."""
    held = _held(version.props.get(key))
    return held if {"host", "username"} <= held.keys() else None


def _username(version: Subject) -> object:
    return _held(known(version.props, "secretString")).get("username")


def _held(text: str | None) -> Mapping[str, Any]:
    try:
        held = json.loads(text or "null")
    except json.JSONDecodeError:
        return {}
    return held if isinstance(held, dict) else {}


def _is_managed_by_rds(stack: Sequence[PolicyResource]) -> bool:
    return any(
        known(database.props, "manageMasterUserPassword") is True
        for type_ in _MASTER_NAMES
        for database in of_type(stack, type_)
    )


ROTATION_FUNCTION_PRIVATE = StackRule(
    name="rotation-function-private",
    severity=Severity.HIGH,
    why="The function that changes a password is AWS's own, runs in private subnets under a group "
    "of this stack, and reads the secret with the stack's key.",
    fix="Use AWS's application of Secrets Manager, and set vpcSubnetIds, vpcSecurityGroupIds and "
    "kmsKeyArn in its parameters.",
    controls=(),
    waivable=False,
    resource_types=frozenset({APPLICATION}),
    check=_exposed,
)

SECRET_ASKS_FOR_TLS = ResourceRule(
    name="secret-asks-for-tls",
    severity=Severity.CRITICAL,
    why="A secret that holds a database's account says ssl: true, which is what the function that "
    "rotates it goes by.",
    fix='Put "ssl": true into the secret.',
    controls=(),
    waivable=False,
    resource_types=frozenset({SECRET_VERSION}),
    check=_in_clear,
    deferred_input="secretString",
)

SECRET_NOT_MASTERS = StackRule(
    name="secret-not-masters",
    severity=Severity.CRITICAL,
    why="A secret that holds a database's account is of no master, whose secret RDS keeps itself, "
    "or else the program apart from it.",
    fix="Put an account of the application's own into the secret.",
    controls=(),
    waivable=False,
    resource_types=frozenset({SECRET_VERSION}),
    check=_of_a_master,
)

RULES: tuple[Rule, ...] = (ROTATION_FUNCTION_PRIVATE, SECRET_ASKS_FOR_TLS, SECRET_NOT_MASTERS)
