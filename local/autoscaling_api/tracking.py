"""Target tracking: how many tasks AWS's alarms would ask for, minute by minute.

Sources, all of Application Auto Scaling's user guide (docs.aws.amazon.com/autoscaling/application):
"How target tracking works" for alarms, proportions and several policies, "Define cooldown periods"
for those, "Scaling activities" for bounds. That the alarms take 3 of 3 and 15 of 15 datapoints of a
minute, and that the lower one is at 90 % of the target, is in no guide: it is what `DescribeAlarms`
shows of alarms that AWS makes for a policy. How much at a time AWS removes is written nowhere
but as "more gradually"; here as much as leaves the metric at its target, from its latest value.

Where datapoints are missing an alarm takes those before them, from a range that is wider than what
it needs: "Configuring how CloudWatch alarms treat missing data" (docs.aws.amazon.com/
AmazonCloudWatch/latest/monitoring) has 5 for 3. A minute without a datapoint decides nothing.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

__all__ = [
    "IN_DATAPOINTS",
    "IN_SHARE",
    "OUT_DATAPOINTS",
    "Alarm",
    "Change",
    "Suspended",
    "Tracker",
    "Tracking",
    "into_bounds",
]

OUT_DATAPOINTS = 3
IN_DATAPOINTS = 15
IN_SHARE = 0.9
"""The lower alarm's threshold as a share of the target."""

_WIDER = 2
"""Minutes by which an alarm's range is wider than the datapoints it needs."""

_ROUNDING = 1e-9
"""What a floating-point product may be above a whole number without needing another task."""


@dataclass(frozen=True, kw_only=True)
class Tracking:
    """A policy: what its metric should be, and how long to wait after a change, in seconds."""

    target: float
    scale_out_cooldown: int = 300
    scale_in_cooldown: int = 300
    disable_scale_in: bool = False


@dataclass(frozen=True, kw_only=True)
class Suspended:
    """Which kinds of change a scalable target must not make."""

    scale_out: bool = False
    scale_in: bool = False


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """A policy's alarm that made a change: its name's ending, as AWS has it, and the policy."""

    policy: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """A decision.

    Attributes:
        capacity: how many tasks there shall be.
        reason: the figures it was made from, in plain words.
        alarm: which one asked for it; None if the bounds did.
    """

    capacity: int
    reason: str
    alarm: Alarm | None = None


@dataclass(frozen=True, kw_only=True)
class _Out:
    """The last scale-out: when it was complete, from what, and whose it was."""

    before: int
    at: float
    cooldown: int


_NOTHING_SUSPENDED = Suspended()


class Tracker:
    """The policies of one scalable target; it is told of each minute, and remembers fifteen.

    Args:
        policies: by name.
    """

    def __init__(self, policies: Mapping[str, Tracking]) -> None:
        self._policies = dict(policies)
        self._values = {
            name: deque[float | None](maxlen=IN_DATAPOINTS + _WIDER) for name in policies
        }
        self._out: _Out | None = None
        self._in_at = -math.inf

    def minute(
        self,
        now: float,
        metrics: Mapping[str, float | None],
        current: int,
        minimum: int,
        maximum: int,
        *,
        running: int | None = None,
        suspended: Suspended = _NOTHING_SUSPENDED,
    ) -> Change | None:
        """Take a minute's datapoints and decide.

        Args:
            now: seconds on any clock that does not jump.
            metrics: each policy's datapoint; None, or no entry, where there is none.
            current: the desired count.
            minimum: of the scalable target.
            maximum: of the scalable target.
            running: how many tasks serve; None if all of the desired ones. A change is complete,
                and its cooldown begins, when they all do.
            suspended: what is not allowed.
        """
        for name, values in self._values.items():
            values.append(metrics.get(name))
        if self._out and running is not None and running < current:
            self._out = _Out(before=self._out.before, at=now, cooldown=self._out.cooldown)
        change = (
            into_bounds(current, minimum, maximum)
            or (None if suspended.scale_out else self._scale_out(now, current, maximum))
            or (None if suspended.scale_in else self._scale_in(now, current, minimum))
        )
        if change:
            self._remember(change, now, current)
        return change

    def _scale_out(self, now: float, current: int, maximum: int) -> Change | None:
        """The most that any policy asks for."""
        changes = []
        for name, policy in self._policies.items():
            values = self._datapoints(name, OUT_DATAPOINTS)
            if not values or min(values) <= policy.target:
                continue
            # What a recent change added does not show in the metric yet: it counts already.
            base = current if self._out is None or self._is_over(now) else self._out.before
            wanted = _proportional(base, values[-1], policy.target)
            if wanted > current:
                words = _words("above", policy.target, values)
                reason = f"{words}; {base} x {values[-1]:g} / {policy.target:g} is {wanted} tasks"
                changes.append((wanted, reason, name))
        wanted, reason, name = max(changes, default=(0, "", ""))
        capacity = min(wanted, maximum)
        if capacity <= current:
            return None
        limited = f", limited to the maximum of {maximum}" if wanted > maximum else ""
        alarm = Alarm(policy=name, kind="AlarmHigh")
        return Change(capacity=capacity, reason=f"{reason}{limited}", alarm=alarm)

    def _scale_in(self, now: float, current: int, minimum: int) -> Change | None:
        """The most that any policy needs, if all of them have long been below their targets."""
        policies = {name: p for name, p in self._policies.items() if not p.disable_scale_in}
        ready = dict(self._low(policies))
        if not policies or len(ready) < len(policies):
            return None
        needs = [
            (_proportional(current, values[-1], policies[name].target), name)
            for name, values in ready.items()
        ]
        wanted, name = max(needs)
        policy, values = policies[name], ready[name]
        capacity = max(wanted, minimum)
        if capacity >= current or now < self._in_at + policy.scale_in_cooldown:
            return None
        words = _words("below", policy.target * IN_SHARE, values)
        limited = f", limited to the minimum of {minimum}" if wanted < minimum else ""
        return Change(
            capacity=capacity,
            reason=f"{words}; {current} x {values[-1]:g} / {policy.target:g} "
            f"is {wanted} tasks{limited}",
            alarm=Alarm(policy=name, kind="AlarmLow"),
        )

    def _low(self, policies: Mapping[str, Tracking]) -> Iterator[tuple[str, list[float]]]:
        for name, policy in policies.items():
            values = self._datapoints(name, IN_DATAPOINTS)
            if values and max(values) < policy.target * IN_SHARE:
                yield name, values

    def _datapoints(self, name: str, count: int) -> list[float]:
        """What an alarm looks at; empty if there is not enough, or nothing of this minute."""
        minutes = list(self._values[name])[-(count + _WIDER) :]
        if not minutes or minutes[-1] is None:
            return []
        found = [value for value in minutes if value is not None][-count:]
        return found if len(found) == count else []

    def _is_over(self, now: float) -> bool:
        """Whether the cooldown of the last scale-out is."""
        return self._out is None or now >= self._out.at + self._out.cooldown

    def _remember(self, change: Change, now: float, current: int) -> None:
        if change.capacity < current:
            self._in_at = now
        elif change.alarm:
            cooldown = self._policies[change.alarm.policy].scale_out_cooldown
            before = current if self._out is None or self._is_over(now) else self._out.before
            self._out = _Out(before=before, at=now, cooldown=cooldown)
            self._in_at = -math.inf  # a scale-out ends the cooldown of a scale-in


def into_bounds(current: int, minimum: int, maximum: int) -> Change | None:
    """Move a desired count that is outside of its bounds into them."""
    if current < minimum:
        return Change(capacity=minimum, reason=f"minimum capacity was set to {minimum}")
    if current > maximum:
        return Change(capacity=maximum, reason=f"maximum capacity was set to {maximum}")
    return None


def _proportional(capacity: int, value: float, target: float) -> int:
    return math.ceil(capacity * value / target - _ROUNDING)


def _words(side: str, threshold: float, values: list[float]) -> str:
    count = len(values)
    shown = ", ".join(f"{value:.4g}" for value in values[-OUT_DATAPOINTS:])
    last = "" if count == OUT_DATAPOINTS else "the last "
    return f"{count} of {count} datapoints {side} {threshold:g} ({last}{shown})"
