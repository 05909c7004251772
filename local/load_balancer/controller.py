"""Holds HAProxy to what the emulator's ELBv2 says, several times a second."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from local.errors import LocalError
from local.load_balancer.haproxy import HAProxy
from local.load_balancer.haproxy_config import SLOTS, Ports, Server, State, backend, configuration
from local.load_balancer.health import Health, Judgement, ask, judge
from local.load_balancer.model import LoadBalancer, Target, TargetGroup

__all__ = ["Controller"]

_TICK: Final = 0.2
_CHECKERS: Final = 16

_log = logging.getLogger("load_balancer")


@dataclass
class _Member:
    """A target of a group, from its registration until its last request has ended."""

    slot: int
    judgement: Judgement = field(default_factory=Judgement)
    next_check: float = 0.0
    running: Future[str] | None = None
    leaves_at: float | None = None
    is_gone: bool = False


class Controller:
    """Asks the targets, and steers HAProxy.

    Args:
        read: reads load balancers and target groups.
        proxy: the HAProxy it steers.
        ports: where clients come in.
        certificate: PEM file with the chain and the key for HTTPS.
    """

    def __init__(
        self,
        read: Callable[[], tuple[Sequence[LoadBalancer], Sequence[TargetGroup]]],
        proxy: HAProxy,
        ports: Ports,
        certificate: Path,
    ) -> None:
        self._read, self._proxy = read, proxy
        self._ports, self._certificate = ports, certificate
        self._checkers = ThreadPoolExecutor(_CHECKERS, thread_name_prefix="health-check")
        self._members: dict[str, dict[Target, _Member]] = {}
        self._structure: object = None
        self._placed: dict[tuple[str, int], Server] = {}
        self._lock = threading.Lock()

    def run_forever(self, then: Callable[[], None]) -> None:
        """Follow the emulator until the process ends; after a fault the next turn tries again.

        Args:
            then: what else follows from how the targets are; called after each turn.
        """
        while True:
            try:
                self.turn(time.monotonic())
                then()
            except Exception:  # noqa: BLE001 - a turn that is lost is better than no next one
                _log.exception("load balancer")
            time.sleep(_TICK)

    def turn(self, now: float) -> None:
        """Look once at everything, and act."""
        balancers, groups = self._read()
        with self._lock:
            for group in groups:
                self._register(group, now)
                self._check(group, now)
            for arn in self._members.keys() - {group.arn for group in groups}:
                del self._members[arn]
            self._steer(balancers, groups)

    def judgement(self, group_arn: str, target: Target) -> Judgement | None:
        """What is known of a target; None if it is not registered."""
        with self._lock:
            member = self._members.get(group_arn, {}).get(target)
            return None if member is None or member.leaves_at is not None else member.judgement

    def forget(self, group_arn: str, target: Target) -> None:
        """Give up a target that is gone: its requests end now, in place of being waited for.

        At AWS its address refuses connections until the task has stopped. Here the address goes
        with the container, and who is just connecting would wait for nobody.
        """
        with self._lock:
            if member := self._members.get(group_arn, {}).get(target):
                member.is_gone = True

    def healthy(self, group: TargetGroup) -> int:
        """How many of a group's targets get requests because they are well."""
        judged = (self.judgement(group.arn, target) for target in group.targets)
        return sum(judgement is not None and judgement.health.is_served for judgement in judged)

    def _register(self, group: TargetGroup, now: float) -> None:
        members = self._members.setdefault(group.arn, {})
        for target in group.targets:
            member = members.get(target)
            if member and member.is_gone:
                continue  # it is being deregistered
            if member is None or member.leaves_at is not None:
                taken = {m.slot for t, m in members.items() if t != target}
                slot = _free_slot(taken)
                members[target] = _Member(slot=slot)
                if group.check is None:
                    members[target].judgement = Judgement(health=Health.UNAVAILABLE)
        for target, member in list(members.items()):
            if target in group.targets:
                continue
            if member.is_gone:
                del members[target]
            elif member.leaves_at is None:
                member.leaves_at = now + group.drain_seconds
            elif now >= member.leaves_at:
                del members[target]

    def _check(self, group: TargetGroup, now: float) -> None:
        if group.check is None:
            return
        for target, member in self._members[group.arn].items():
            if member.leaves_at is not None:
                continue
            if member.running and member.running.done():
                result = member.running.result()
                before, member.running = member.judgement, None
                member.judgement = judge(before, result, group.check)
                if member.judgement.health is not before.health:
                    _log.info("%s is %s %s", target, member.judgement.health.value, result)
            if member.running is None and now >= member.next_check:
                member.next_check = now + group.check.interval
                member.running = self._checkers.submit(ask, target, group.check)

    def _steer(self, balancers: Sequence[LoadBalancer], groups: Sequence[TargetGroup]) -> None:
        wanted = {
            (backend(group), member.slot): Server(target, state)
            for group in groups
            for target, member, state in self._states(group)
        }
        structure = (
            tuple(balancers),
            tuple((backend(group), group.least_outstanding) for group in groups),
        )
        if structure != self._structure:
            slots: dict[str, dict[int, Server]] = {}
            for (name, slot), server in wanted.items():
                slots.setdefault(name, {})[slot] = server
            text = configuration(
                balancers,
                groups,
                slots,
                ports=self._ports,
                certificate=self._certificate,
                control=self._proxy.control,
            )
            self._proxy.run(text)
            self._structure = structure
        else:
            for (name, slot), server in wanted.items():
                if self._placed.get((name, slot)) != server:
                    self._proxy.place(name, slot, server)
            for (name, slot), server in self._placed.items():
                if (name, slot) not in wanted:
                    self._proxy.place(name, slot, Server(server.target, State.MAINT))
        self._placed = wanted

    def _states(self, group: TargetGroup) -> Iterator[tuple[Target, _Member, State]]:
        """What each target gets; where none is well, all are asked, as AWS does."""
        members = self._members[group.arn]
        staying = [member for member in members.values() if member.leaves_at is None]
        some_are_well = any(member.judgement.health.is_served for member in staying)
        for target, member in members.items():
            if member.leaves_at is not None:
                yield target, member, State.DRAIN
            elif member.judgement.health.is_served or not some_are_well:
                yield target, member, State.READY
            else:
                yield target, member, State.DRAIN


def _free_slot(taken: Collection[int]) -> int:
    for slot in range(SLOTS):
        if slot not in taken:
            return slot
    raise LocalError(
        f"A target group has more than {SLOTS} targets, with those that are leaving.",
        fix="Wait for the deployment to end, or have fewer tasks.",
    )
