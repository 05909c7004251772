"""A recorded stack as policies get it, and changes of it.

The recorder's cloud answers with short made-up ARNs. Rules read ARNs, so here they look like AWS's.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.infra.recorder import Deployment

__all__ = ["UNKNOWN", "Change", "Key", "Resource", "Stack", "as_policies_see", "in_first_preview"]

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine sends in place of a value that the update will know."""

Key = tuple[str, str]
"""A resource's type and name."""

_KNOWN_BEFOREHAND = ("name", "bucket")
_REGION_AND_ACCOUNT = "eu-west-1:111122223333"
_ARNS = {
    "Certificate": "acm:{at}:certificate/{name}",
    "Cluster": "ecs:{at}:cluster/{name}",
    "Instance": "rds:{at}:db:{name}",
    "Key": "kms:{at}:key/{name}",
    "LoadBalancer": "elasticloadbalancing:{at}:loadbalancer/app/{name}/1",
    "LogGroup": "logs:{at}:log-group:{name}",
    "Role": "iam::111122223333:role/{name}",
    "Secret": "secretsmanager:{at}:secret:{name}-AbCdEf",
    "TargetGroup": "elasticloadbalancing:{at}:targetgroup/{name}/2",
    "TaskDefinition": "ecs:{at}:task-definition/{name}:1",
    "Topic": "sns:{at}:{name}",
    "WebAcl": "wafv2:{at}:regional/webacl/{name}/3",
    "lambda": "lambda:{at}:function:{name}",
}
_MADE_UP = re.compile(r"(?:issued:)?arn:([A-Z][A-Za-z]*|lambda):([\w.@-]+)")
_OTHERS = {
    "arn:rds-managed": f"arn:aws:secretsmanager:{_REGION_AND_ACCOUNT}:secret:rds!db-1234-AbCdEf",
    "@sha256:1234": "@sha256:" + "1234" * 16,
}


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of a stack.

    Attributes:
        type: its type token.
        name: its name in the program.
        inputs: what the program asked for.
        computed: what the cloud answered.
        sources: by input, the resources it is made from.
    """

    type: str
    name: str
    inputs: dict[str, Any]
    computed: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, frozenset[Key]] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        return self.type, self.name

    def with_inputs(
        self, inputs: dict[str, Any], sources: Mapping[str, frozenset[Key]] | None = None
    ) -> "Resource":
        """The resource with other inputs; what an input is made from stays, unless given."""
        kept = {name: keys for name, keys in self.sources.items() if name in inputs}
        return replace(self, inputs=inputs, sources={**kept, **(sources or {})})


@dataclass(frozen=True, kw_only=True)
class Change:
    """What another version of the stack has instead; None for a resource that is gone."""

    resources: Mapping[Key, Resource | None]


class Stack(dict[Key, Resource]):
    """Resources by type and name."""

    def of_type(self, type_: str) -> Iterator[Resource]:
        return (one for one in self.values() if one.type == type_)

    def without(self, key: Key) -> Change:
        """The stack without a resource, and without the inputs that were made from it alone."""
        changed: dict[Key, Resource | None] = {key: None}
        for one in self.values():
            orphans = {name for name, keys in one.sources.items() if keys == {key}}
            if one.key != key and orphans:
                kept = {name: value for name, value in one.inputs.items() if name not in orphans}
                changed[one.key] = one.with_inputs(kept)
        return Change(resources=changed)


def as_policies_see(deployment: Deployment) -> Stack:
    """The resources of a recorded deployment."""
    recorded = [one for one in deployment.registrations if one.type != "pulumi:pulumi:Stack"]
    return Stack(
        {
            (one.type, one.name): Resource(
                type=one.type,
                name=one.name,
                inputs=_realistic(one.inputs),
                computed=_realistic(deployment.computed.get((one.type, one.name), {})),
                sources={name: keys for name, keys in one.sources.items() if keys},
            )
            for one in recorded
        }
    )


def _realistic(values: Mapping[str, Any]) -> dict[str, Any]:
    text = json.dumps(values)
    for made_up, real in _OTHERS.items():
        text = text.replace(made_up, real)
    realistic: dict[str, Any] = json.loads(_MADE_UP.sub(_arn, text))
    return realistic


def _arn(made_up: re.Match[str]) -> str:
    kind, name = made_up.groups()
    form = _ARNS.get(kind, kind.lower() + ":{at}:{name}")
    return "arn:aws:" + form.format(at=_REGION_AND_ACCOUNT, name=name)


def in_first_preview(stack: Stack) -> Callable[[Resource], Resource]:
    """Return how a preview shows resources before there are any: what AWS answers is unknown.

    Names are known: the provider makes them up beforehand. A text with an unknown part is unknown
    as a whole.
    """
    answers = {
        text
        for one in stack.values()
        for name, value in one.computed.items()
        if name not in _KNOWN_BEFOREHAND
        for text in _texts(value)
    }

    def hidden(value: Any) -> Any:  # noqa: ANN401 - any JSON value
        if isinstance(value, str):
            return UNKNOWN if any(answer in value for answer in answers) else value
        if isinstance(value, dict):
            return {key: hidden(item) for key, item in value.items()}
        return [hidden(item) for item in value] if isinstance(value, list) else value

    def shown(one: Resource) -> Resource:
        computed = {
            name: value if name in _KNOWN_BEFOREHAND else UNKNOWN
            for name, value in one.computed.items()
        }
        return replace(one, inputs=hidden(one.inputs), computed=computed)

    return shown


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
