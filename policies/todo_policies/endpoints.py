"""Entrances to AWS's services inside the network, and who may do what by them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pulumi_policy import PolicyResource, Severity

from todo_policies.graph import of_type
from todo_policies.parameters import parameter
from todo_policies.policy_documents import Statement, is_whole_service, statements
from todo_policies.reading import is_set, shown
from todo_policies.resource_types import ECS_SERVICE, VPC_ENDPOINT
from todo_policies.rule import ResourceRule, Rule, StackRule, Subject

__all__ = [
    "ENDPOINTS_CLOSED",
    "ENDPOINTS_PRESENT",
    "RULES",
]

_CALLERS = {"aws:principalaccount", "aws:principalorgid", "aws:principalarn"}
_OWNERS = {"aws:resourceaccount", "aws:resourceorgid"}


@dataclass(frozen=True, kw_only=True)
class _Entrance:
    without_resource: tuple[str, ...] = parameter(
        ("ecr:GetAuthorizationToken", "secretsmanager:GetRandomPassword", "ssmmessages:*"),
        "Actions that know no resource, and so may be allowed on any.",
    )
    whole_services: tuple[str, ...] = parameter(
        ("kms", "logs", "s3", "secretsmanager", "ssmmessages"),
        "Services of which every action may be allowed: callers' own policies say which.",
    )
    signed_places: tuple[str, ...] = parameter(
        ("arn:aws*:s3:::prod-*-starport-layer-bucket/*",),
        "Globs of what anybody may read, who has a signed address: the layers of images.",
    )


def _open_entrance(endpoint: Subject, parameters: _Entrance) -> Iterator[str]:
    if not is_set(endpoint.props, "policy"):
        yield "policy is not set, so anybody may do anything by it, with any account."
    else:
        for statement in statements(endpoint.props.get("policy")):
            if statement.allows:
                for problem in _looseness(statement, parameters):
                    yield f"statement {statement.name} {problem}"
    if endpoint.props.get("vpcEndpointType") == "Interface":
        if endpoint.props.get("privateDnsEnabled") is not True:
            value = shown(endpoint.props.get("privateDnsEnabled"))
            yield f"privateDnsEnabled is {value}, so the service's usual name leads past it."
        if not endpoint.props.get("securityGroupIds"):
            yield "it names no security group, so the network's default one applies."


def _looseness(statement: Statement, parameters: _Entrance) -> Iterator[str]:
    if statement.everything_but:
        yield "allows everything but what it names."
    if _CALLERS.isdisjoint(statement.conditions) and not _is_signed(statement, parameters):
        yield "is for callers of any account."
    for action in statement.actions:
        service = action.partition(":")[0]
        if is_whole_service(action) and service not in parameters.whole_services:
            yield f"allows {action}."
    without = set(statement.actions) - {*parameters.without_resource}
    if without and "*" in statement.resources and _OWNERS.isdisjoint(statement.conditions):
        yield f"allows {', '.join(sorted(without))} on what is any account's."


def _is_signed(statement: Statement, parameters: _Entrance) -> bool:
    return statement.actions == ("s3:GetObject",) and all(
        any(fnmatchcase(one, pattern) for pattern in parameters.signed_places)
        for one in statement.resources or ("",)
    )


ENDPOINTS_CLOSED = ResourceRule(
    name="endpoints-closed",
    severity=Severity.MEDIUM,
    why="An entrance lets in this account's callers only, and to what is this account's: else data "
    "would leave by it.",
    fix="Give it a policy with aws:PrincipalAccount in Condition and named resources, "
    "private_dns_enabled=True and a security group.",
    controls=(),
    parameters=_Entrance(),
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
