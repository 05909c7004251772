"""The architecture as the program registers it: which part uses which, and who may connect."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.infra.recorder import (
    OWN_MASTER,
    TERRAFORM_OUTPUTS,
    Deployment,
    Registration,
    make_project,
    project_defaults,
    run_program,
)

__all__ = ["INTERNET", "REPOSITORY", "Architecture", "Connection", "Reference", "read_architecture"]

INTERNET = "internet"
REPOSITORY = "repository"

_INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
_GROUP = "aws:ec2/securityGroup:SecurityGroup"
_DOMAIN = {"loadBalancer": {"domain": "todo.example.com", "hostedZoneId": "Z0123456789ABC"}}
# All options: replicas need what nothing else does.
_OPTIONS: tuple[Mapping[str, Mapping[str, Any]], ...] = (
    {
        **_DOMAIN,
        "databaseOperations": {"proxy": True},
        "network": {"vpcEndpoints": True},
        "observability": {"monthlyBudgetUsd": 1},
        "secrets": {"rotationDays": 30},
    },
    {**_DOMAIN, "database": {"readReplicas": 1}, "databaseOperations": OWN_MASTER},
)

Identity = tuple[str, str]


@dataclass(frozen=True, kw_only=True, order=True)
class Connection:
    """A security group lets one part connect to another."""

    source: str
    target: str
    port: int


@dataclass(frozen=True, kw_only=True, order=True)
class Reference:
    """An input of one part, the user, is made from an output of another, the source."""

    source: str
    user: str


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """What there is to draw.

    Attributes:
        parts: Every part, with all options on.
        optional: Those that the defaults of `Pulumi.yaml` leave out.
        references: Between parts.
        connections: What security groups let through.
        subnets: Where parts are, which is `public` or `private`.
    """

    parts: frozenset[str]
    optional: frozenset[str]
    references: frozenset[Reference]
    connections: frozenset[Connection]
    subnets: Mapping[str, str]


def read_architecture(scratch: Path, part_of: Mapping[str, str]) -> Architecture:
    """Record the program with the defaults of `Pulumi.yaml` and with all options.

    No stack file is read: what a team changes there is no change of the architecture.

    Args:
        scratch: An empty directory.
        part_of: The part that each component belongs to, by the last word of its type; nothing
            for one that is drawn as connections.
    """
    graphs = [_Graph(_deployed(scratch, options), part_of) for options in _OPTIONS]
    plain = _Graph(_deployed(scratch, _DOMAIN), part_of)
    parts = frozenset(part for graph in graphs for part in graph.parts())
    return Architecture(
        parts=parts,
        optional=parts - plain.parts(),
        references=frozenset(one for graph in graphs for one in graph.references()),
        connections=frozenset(one for graph in graphs for one in graph.connections()),
        subnets=dict(one for graph in graphs for one in graph.subnets()),
    )


def _deployed(scratch: Path, options: Mapping[str, Mapping[str, Any]]) -> Deployment:
    config: dict[str, Any] = {"aws:region": "eu-west-1"}
    for key, value in project_defaults().items():
        config[key] = {**value, **options.get(key.removeprefix("todo:"), {})}
    deployment = Deployment()
    run_program(deployment, make_project(Path(tempfile.mkdtemp(dir=scratch))), "prod", config)
    return deployment


class _Graph:
    """One deployment, with each resource in its part."""

    def __init__(self, deployment: Deployment, part_of: Mapping[str, str]) -> None:
        self._known: dict[Identity, Registration] = {
            (one.type, one.name): one for one in deployment.without_stack()
        }
        self._part_of = part_of

    def parts(self) -> frozenset[str]:
        """Parts that have a resource of their own."""
        made = (one for one in self._known if not one[0].startswith("todo:"))
        return frozenset(part for one in made if (part := self._part(one)))

    def references(self) -> Iterator[Reference]:
        for user, registration in self._known.items():
            for source in frozenset().union(*registration.sources.values()):
                ends = self._part(source), self._part(user)
                if ends[0] and ends[1] and ends[0] != ends[1]:
                    yield Reference(source=ends[0], user=ends[1])
        for part in self._holders(TERRAFORM_OUTPUTS["repository_url"]):
            yield Reference(source=REPOSITORY, user=part)

    def connections(self) -> Iterator[Connection]:
        told = set(self.references())
        for rule in self._known.values():
            if rule.type != _INGRESS:
                continue
            port = rule.inputs["fromPort"]
            behind = self._behind(rule, "securityGroupId")
            for source in self._behind(rule, "referencedSecurityGroupId") or [INTERNET]:
                # Of several behind one group, those that the source is told of.
                named = [one for one in behind if Reference(source=one, user=source) in told]
                for target in named or behind[:1]:
                    yield Connection(source=source, target=target, port=port)

    def subnets(self) -> Iterator[tuple[str, str]]:
        for kind in ("public", "private"):
            for subnet in TERRAFORM_OUTPUTS[f"{kind}_subnet_ids"]:
                yield from ((part, kind) for part in self._holders(subnet))

    def _holders(self, value: str) -> Iterator[str]:
        """The parts that have a value of Terraform's state in their inputs."""
        for identity, registration in self._known.items():
            if value in str(registration.inputs) and (part := self._part(identity)):
                yield part

    def _behind(self, rule: Registration, end: str) -> list[str]:
        """The parts whose group stands at one end of a rule; its own part comes first."""
        groups = {one for one in rule.sources.get(end, ()) if one[0] == _GROUP}
        own = [part for group in groups if (part := self._part(group))]
        users = [
            part
            for user, registration in self._known.items()
            if groups & frozenset().union(*registration.sources.values())
            and not user[0].startswith("aws:vpc/")
            and (part := self._part(user))
        ]
        return own or list(dict.fromkeys(users))

    def _part(self, identity: Identity | None) -> str | None:
        """The part of the nearest component that is in one; else the outermost component."""
        outermost = None
        while identity in self._known:
            kind = identity[0].rpartition(":")[2]
            if kind in self._part_of:
                return self._part_of[kind] or None
            outermost = kind if identity[0].startswith("todo:") else outermost
            identity = self._known[identity].parent
        return outermost
