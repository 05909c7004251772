"""What a load balancer is asked to do, as far as HAProxy is told of it."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = [
    "Action",
    "FixedResponse",
    "Forward",
    "HealthCheck",
    "Listener",
    "LoadBalancer",
    "Redirect",
    "Rule",
    "Target",
    "TargetGroup",
]


@dataclass(frozen=True, order=True)
class Target:
    """An address that requests are sent to."""

    host: str
    port: int


@dataclass(frozen=True, kw_only=True)
class HealthCheck:
    """How a target is asked whether it is well; times in seconds, thresholds in answers."""

    path: str
    interval: int
    timeout: int
    healthy_threshold: int
    unhealthy_threshold: int
    statuses: frozenset[int]


@dataclass(frozen=True, kw_only=True)
class TargetGroup:
    """Targets, and how they are used.

    Attributes:
        arn: its ARN.
        targets: what is registered at this moment.
        check: how to ask them; None if health checks are off.
        drain_seconds: time that requests under way have after a target is deregistered.
        least_outstanding: whether the target with the fewest requests under way gets the next.
    """

    arn: str
    targets: tuple[Target, ...]
    check: HealthCheck | None
    drain_seconds: int
    least_outstanding: bool

    @property
    def name(self) -> str:
        """Its name and id, as CloudWatch's dimension `TargetGroup` has them."""
        return self.arn.rpartition(":")[2]


@dataclass(frozen=True)
class Forward:
    """Sends the request to a target of a group."""

    group_arn: str


@dataclass(frozen=True, kw_only=True)
class Redirect:
    """Sends the client elsewhere; None keeps what the client asked for."""

    status: int
    protocol: str | None
    host: str | None
    path: str | None


@dataclass(frozen=True, kw_only=True)
class FixedResponse:
    """Answers without any target."""

    status: int
    content_type: str
    body: str


Action = Forward | Redirect | FixedResponse


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What to do with requests that meet all conditions.

    Attributes:
        priority: the lowest is asked first; None for the default.
        hosts: patterns of host names with `*` and `?`; empty for any.
        paths: patterns of paths; empty for any.
        action: what is done.
    """

    priority: int | None
    action: Action
    hosts: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Listener:
    """A port of a load balancer, and its rules in the order of their priority."""

    port: int
    https: bool
    rules: tuple[Rule, ...]


@dataclass(frozen=True, kw_only=True)
class LoadBalancer:
    """A load balancer: names it answers under, listeners, seconds of silence it allows.

    Attributes:
        name: its name.
        dns_name: the name AWS would give it.
        suffix: its name and id, as CloudWatch's dimension `LoadBalancer` has them.
        idle_seconds: how long a connection may be silent.
        listeners: at most one for HTTP and one for HTTPS can be served.
    """

    name: str
    dns_name: str
    suffix: str
    idle_seconds: int
    listeners: tuple[Listener, ...] = field(default=())
