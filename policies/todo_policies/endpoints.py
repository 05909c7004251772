"""Entrances to AWS's services inside the network, and who may do what by them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pulumi_policy import PolicyResource, Severity

from todo_policies.graph import of_type
from todo_policies.parameters import parameter
from todo_policies.policy_documents import Statement, statements
from todo_policies.reading import is_set, shown
from todo_policies.resource_types import ECS_SERVICE, VPC_ENDPOINT
from todo_policies.rule import ResourceRule, Rule, StackRule, Subject

__all__ = [
    "ENDPOINTS_CLOSED",
    "ENDPOINTS_PRESENT",
    "RULES",
]

_CALLERS = {"aws:principalaccount", "aws:principalorgid", "aws:principalarn"}


def _open_entrance(endpoint: Subject) -> Iterator[str]:
    if not is_set(endpoint.props, "policy"):
        yield "policy is not set, so anybody may do anything by it, with any account."
    else:
        for statement in statements(endpoint.props.get("policy")):
            if statement.allows:
                yield from _looseness(statement)
    if endpoint.props.get("vpcEndpointType") == "Interface":
        if endpoint.props.get("privateDnsEnabled") is not True:
            value = shown(endpoint.props.get("privateDnsEnabled"))
            yield f"privateDnsEnabled is {value}, so the service's usual name leads past it."
        if not endpoint.props.get("securityGroupIds"):
            yield "it names no security group, so the network's default one applies."


def _looseness(statement: Statement) -> Iterator[str]:
    if statement.everything_but:
        yield f"statement {statement.name} allows everything but what it names."
    # Layers of images come by addresses that are signed: by no caller, but for one place.
    one_place = "*" not in statement.resources and "*" not in "".join(statement.actions)
    limited = not _CALLERS.isdisjoint(statement.conditions)
    if statement.is_for_everybody() and not limited and not one_place:
        yield f"statement {statement.name} is for callers of any account."
    if "*" in statement.actions:
        yield f"statement {statement.name} allows every action."


ENDPOINTS_CLOSED = ResourceRule(
    name="endpoints-closed",
    severity=Severity.MEDIUM,
    why="An entrance lets in this account's callers only: with another account's credentials, data "
    "would leave by it.",
    fix="Give it a policy with aws:PrincipalAccount in Condition, private_dns_enabled=True and a "
    "security group.",
    controls=(),
    resource_types=frozenset({VPC_ENDPOINT}),
    check=_open_entrance,
    deferred_input="policy",
)


@dataclass(frozen=True, kw_only=True)
class _Entrances:
    services: tuple[str, ...] = parameter(
        ("ecr.api", "ecr.dkr", "logs", "secretsmanager", "s3"),
        "AWS's services that have an entrance inside the network.",
    )


def _missing(
    _: PolicyResource, stack: Sequence[PolicyResource], parameters: _Entrances
) -> Iterator[str]:
    found = {
        str(endpoint.props.get("serviceName")).split(".", 3)[-1]
        for endpoint in of_type(stack, VPC_ENDPOINT)
    }
    missing = [service for service in parameters.services if service not in found]
    if missing:
        yield f"its network has no entrance to {', '.join(missing)} in this stack."


ENDPOINTS_PRESENT = StackRule(
    name="endpoints-present",
    severity=Severity.MEDIUM,
    why="Tasks reach AWS's services inside the network, and so need no way out of it.",
    fix="Set todo:network.vpcEndpoints to true; where the network's owner made them, say so in the "
    "parameter services.",
    controls=("EC2.55", "EC2.56"),
    parameters=_Entrances(),
    resource_types=frozenset({ECS_SERVICE}),
    check=_missing,
)

RULES: tuple[Rule, ...] = (
    ENDPOINTS_CLOSED,
    ENDPOINTS_PRESENT,
)
