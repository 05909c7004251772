"""HAProxy's configuration, from what the emulator's ELBv2 says."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from local.load_balancer.model import (
    FixedResponse,
    Forward,
    Listener,
    LoadBalancer,
    Redirect,
    Rule,
    Target,
    TargetGroup,
)

__all__ = ["SLOTS", "Ports", "Server", "State", "backend", "configuration"]

SLOTS: Final = 64
"""Servers that a backend can have at a time, those included that finish their last requests."""

# What ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09 has, which the program gives AWS's load balancer.
_SUITES_OF_1_3: Final = (
    *("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"),
)
_SUITES_OF_1_2: Final = (
    *("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"),
    *("ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384"),
)
# Debian links HAProxy and Python to one OpenSSL, and an older one does not know the first.
_QUANTUM_SAFE: Final = ("X25519MLKEM768",) if ssl.OPENSSL_VERSION_INFO >= (3, 5) else ()
_GROUPS: Final = (*_QUANTUM_SAFE, "X25519", "P-256", "P-384")

_TRACED: Final = "req.hdr(x-amzn-trace-id) -m found"
_TRACE: Final = "Root=1-%[date,hex,bytes(8,8),lower]-%[uuid(),regsub(-,,g),bytes(0,24)]"
"""As AWS writes it: the second in hexadecimal digits, and 24 such digits of chance."""


class State(Enum):
    """What a server gets: new requests, only those it has, or nothing."""

    READY = "ready"
    DRAIN = "drain"
    MAINT = "maint"


@dataclass(frozen=True)
class Server:
    """A target in its slot."""

    target: Target
    state: State


Slots = Mapping[str, Mapping[int, Server]]
"""By backend and number of the slot; the others are empty."""


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Where clients come in, whatever ports the listeners name."""

    http: int
    https: int


def backend(group: TargetGroup) -> str:
    """Name of a group's backend."""
    return re.sub(r"[^A-Za-z0-9-]", "_", group.name)


def configuration(
    balancers: Sequence[LoadBalancer],
    groups: Sequence[TargetGroup],
    slots: Slots,
    *,
    ports: Ports,
    certificate: Path,
    control: Path,
) -> str:
    """Write the whole configuration; the slots hold what runs, so that a reload loses nothing."""
    idle = max((balancer.idle_seconds for balancer in balancers), default=60)
    names = {group.arn: backend(group) for group in groups}
    lines = [
        "global",
        f"    stats socket {control} mode 600 level admin expose-fd listeners",
        "    ssl-default-bind-options ssl-min-ver TLSv1.2",
        f"    ssl-default-bind-ciphersuites {':'.join(_SUITES_OF_1_3)}",
        f"    ssl-default-bind-ciphers {':'.join(_SUITES_OF_1_2)}",
        f"    ssl-default-bind-curves {':'.join(_GROUPS)}",
        "    hard-stop-after 120s",
        "    log stdout format raw local0",
        "defaults",
        "    mode http",
        "    log global",
        "    option httplog",
        "    option dontlog-normal",
        # A request is sent once: whether a second is harmless is the client's to know.
        "    retries 0",
        "    timeout connect 10s",
        f"    timeout client {idle}s",
        # A head that comes byte after byte is never silent, and would be waited for for ever.
        f"    timeout http-request {idle}s",
        f"    timeout http-keep-alive {idle}s",
        f"    timeout server {idle}s",
        "frontend http",
        f"    bind :{ports.http}",
        *_frontend(balancers, names, https=False, port=ports.https),
        "frontend https",
        f"    bind :{ports.https} ssl crt {certificate} alpn h2,http/1.1",
        *_frontend(balancers, names, https=True, port=ports.https),
    ]
    for group in groups:
        lines += _backend(group, slots.get(backend(group), {}))
    return "\n".join(lines) + "\n"


def _frontend(
    balancers: Sequence[LoadBalancer], names: Mapping[str, str], *, https: bool, port: int
) -> Iterator[str]:
    listening = [(balancer, _listener(balancer, https=https)) for balancer in balancers]
    served = [(balancer, listener) for balancer, listener in listening if listener]
    # AWS's appends what it sees; the application counts from the end.
    header, seen = "X-Forwarded-For", "{ req.fhdr(x-forwarded-for) -m found }"
    yield f"    http-request set-header {header} %[req.fhdr({header})],\\ %[src] if {seen}"
    yield f"    http-request set-header {header} %[src] unless {seen}"
    yield f"    http-request set-header X-Forwarded-Proto {'https' if https else 'http'}"
    yield f"    http-request set-header X-Amzn-Trace-Id {_TRACE} unless {{ {_TRACED} }}"
    rules: list[Rule] = []
    for balancer, listener in served:
        # One alone answers under any name, such as `localhost`.
        aliases = f"{balancer.name}.alb.localhost {balancer.dns_name}" if len(served) > 1 else ""
        named = f"{{ hdr(host),field(1,:) -m str -i {aliases} }}" if aliases else ""
        for rule in listener.rules:
            condition = " ".join(
                filter(None, [named, *_conditions(rule), "!{ var(txn.rule) -m found }"])
            )
            yield f"    http-request set-var(txn.rule) str(r{len(rules)}) if {condition}"
            rules.append(rule)
    for number, rule in enumerate(rules):
        yield from _action(rule, f"if {{ var(txn.rule) -m str r{number} }}", names, port)


def _listener(balancer: LoadBalancer, *, https: bool) -> Listener | None:
    """The listener that is served: of several for a protocol, the one with the lowest port."""
    fitting = [listener for listener in balancer.listeners if listener.https is https]
    return min(fitting, key=lambda listener: listener.port, default=None)


def _conditions(rule: Rule) -> Iterator[str]:
    if rule.hosts:
        yield f"{{ hdr(host),field(1,:) -m reg -i {_pattern(rule.hosts)} }}"
    if rule.paths:
        yield f"{{ path -m reg {_pattern(rule.paths)} }}"


def _action(rule: Rule, when: str, names: Mapping[str, str], https_port: int) -> Iterator[str]:
    match rule.action:
        case Forward(group_arn) if group_arn in names:
            yield f"    use_backend {names[group_arn]} {when}"
        case Redirect():
            yield f"    http-request redirect {_location(rule.action, https_port)} {when}"
        case FixedResponse():
            yield f"    http-request return {_answer(rule.action)} {when}"


def _pattern(globs: Sequence[str]) -> str:
    alternatives = (
        re.escape(glob).replace(r"\*", ".*").replace(r"\?", ".").replace("\\", "\\\\")
        for glob in globs
    )
    return f"^({'|'.join(alternatives)})$"


def _location(redirect: Redirect, https_port: int) -> str:
    host = redirect.host or "%[hdr(host),field(1,:)]"
    scheme = (redirect.protocol or "HTTPS").lower()
    port = f":{https_port}" if scheme == "https" else ""
    path = redirect.path or "%[pathq]"
    return f"code {redirect.status} location {scheme}://{host}{port}{path}"


def _answer(response: FixedResponse) -> str:
    body = re.sub(r"([\\ \"'#])", r"\\\1", response.body)
    content = f" content-type {response.content_type} string {body}" if body else ""
    return f"status {response.status}{content}"


def _backend(group: TargetGroup, servers: Mapping[int, Server]) -> Iterator[str]:
    yield f"backend {backend(group)}"
    yield f"    balance {'leastconn' if group.least_outstanding else 'roundrobin'}"
    for number in range(SLOTS):
        server = servers.get(number)
        if server is None or server.state is State.MAINT:
            yield f"    server {number} 127.0.0.1:1 disabled"
        else:
            weight = " weight 0" if server.state is State.DRAIN else ""
            yield f"    server {number} {server.target.host}:{server.target.port}{weight}"
