"""What makes the records scale something: reads metrics, decides, and has ECS change the count."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from typing import Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from local.autoscaling_api.activities import Activities
from local.autoscaling_api.aws import Metric, Service, metric_of
from local.autoscaling_api.contract import ApiError
from local.autoscaling_api.rules import check_capacity
from local.autoscaling_api.schedule import due_at
from local.autoscaling_api.state import Record, Scope, State
from local.autoscaling_api.tracking import Change, Suspended, Tracker, Tracking, into_bounds
from local.time_lapse import MINUTE, TimeLapse

__all__ = ["Cloud", "Loop", "alarm_name", "delay_seconds", "tracking_of"]

_TICK: Final = 0.5
_DELAY_MINUTES: Final = 0.5
_LEAST_DELAY: Final = 2.0
"""After the end of a period, until its metrics are read: AWS's have their way to go, too, and
measuring takes a second here, however short a minute is."""

_COOLDOWN: Final = 300
"""AWS's default for services of ECS."""

_TRACKING: Final = "TargetTrackingScalingPolicyConfiguration"

_log = logging.getLogger("autoscaling")


class Cloud(Protocol):
    """What the loop reads and changes."""

    def value(self, metric: Metric, start: float, seconds: float) -> float | None:
        """A metric's value in the period that begins at `start`, if it has one."""

    def service(self, cluster: str, name: str) -> Service | None:
        """A service's counts; None if it does not run."""

    def set_desired(self, cluster: str, name: str, count: int) -> None:
        """Change a service's desired count."""


def tracking_of(policy: Record) -> Tracking:
    """Read a target-tracking policy as the API has it."""
    tracking = policy[_TRACKING]
    return Tracking(
        target=tracking["TargetValue"],
        scale_out_cooldown=tracking.get("ScaleOutCooldown", _COOLDOWN),
        scale_in_cooldown=tracking.get("ScaleInCooldown", _COOLDOWN),
        disable_scale_in=tracking.get("DisableScaleIn", False),
    )


def alarm_name(policy: Record, kind: str) -> str:
    """What AWS would call a policy's alarm, which is not made here."""
    identifier = str(policy["PolicyARN"]).partition(":scalingPolicy:")[2].partition(":")[0]
    return f"TargetTracking-{policy['ResourceId']}-{kind}-{identifier}"


def delay_seconds(length: float) -> float:
    """From a period's end until its metrics are read, for a minute of this length."""
    return max(length * _DELAY_MINUTES, _LEAST_DELAY)


class Loop:
    """Carries out policies and scheduled actions.

    Args:
        state: what the API was told.
        cloud: AWS.
        lapse: how long a minute is.
    """

    def __init__(self, state: State, cloud: Cloud, lapse: TimeLapse) -> None:
        self._state, self._cloud, self._lapse = state, cloud, lapse
        self._activities = Activities(state)
        self._trackers: dict[Scope, tuple[dict[str, Tracking], Tracker]] = {}
        self._bounds: dict[Scope, tuple[int, int]] = {}
        self._length = 0.0
        self._number = -1

    def run_forever(self) -> None:
        """Follow the clock; what fails is said, and done at the next turn if it is still right."""
        while True:
            try:
                self.turn(time.time())
            except (BotoCoreError, ClientError, OSError, LookupError, RuntimeError) as error:
                _log.warning("autoscaling: %s", error)
            time.sleep(min(_TICK, self._length / 10 or _TICK))

    def turn(self, now: float) -> None:
        """Look once: at schedules and bounds always, at metrics when there is a minute of them."""
        length = self._lapse.seconds_per_minute()
        number = int((now - delay_seconds(length)) // length) - 1
        is_new = number != self._number
        if length != self._length:
            # Minutes of different lengths do not belong into one row.
            self._trackers.clear()
            is_new = False
        self._length, self._number = length, number
        targets = {Scope.of(target): target for target in list(self._state.targets.values())}
        for forgotten in self._bounds.keys() - targets.keys():
            del self._bounds[forgotten]
            self._trackers.pop(forgotten, None)
        for scope, target in targets.items():
            self._run_schedule(scope, target, now)
            self._look_after(scope, target, is_new=is_new)

    def _run_schedule(self, scope: Scope, target: Record, now: float) -> None:
        actions = self._state.scheduled_actions
        for key, action in list(actions.items()):
            due = due_at(action["Schedule"], action.get("Timezone"))
            if Scope.of(action) != scope or due > datetime.fromtimestamp(now, UTC):
                continue
            actions.pop(key, None)  # it is done once, or would have been
            if not target["SuspendedState"]["ScheduledScalingSuspended"]:
                self._apply(scope, target, action)
            self._state.save()

    def _apply(self, scope: Scope, target: Record, action: Record) -> None:
        bounds = action["ScalableTargetAction"]
        name = action["ScheduledActionName"]
        try:
            check_capacity({**target, **bounds})
        except ApiError as error:
            self._activities.scheduled(scope, name, bounds, str(error))
            return
        target.update(bounds)
        self._activities.scheduled(scope, name, bounds)

    def _look_after(self, scope: Scope, target: Record, *, is_new: bool) -> None:
        bounds = (target["MinCapacity"], target["MaxCapacity"])
        is_moved = self._bounds.get(scope) != bounds
        in_progress = self._activities.in_progress(scope)
        if not (is_new or is_moved or in_progress):
            return
        _, cluster, name = scope.resource_id.split("/")
        service = self._cloud.service(cluster, name)
        if service is None:
            return
        self._bounds[scope] = bounds
        if service.running == service.desired:
            for activity in in_progress:
                self._activities.fulfilled(activity, service.desired)
        change = into_bounds(service.desired, *bounds) if is_moved else None
        if is_new:
            change = self._track(scope, target, service) or change
        if change:
            self._cloud.set_desired(cluster, name, change.capacity)
            self._activities.began(scope, change.capacity, *self._why(scope, change))
            _log.info("%s: %d tasks: %s", name, change.capacity, change.reason)

    def _track(self, scope: Scope, target: Record, service: Service) -> Change | None:
        """Tell the tracker of the minute that has come in."""
        found = {
            policy["PolicyName"]: policy
            for policy in list(self._state.policies.values())
            if Scope.of(policy) == scope and _TRACKING in policy
        }
        policies = {name: tracking_of(policy) for name, policy in found.items()}
        known, tracker = self._trackers.get(scope, ({}, Tracker({})))
        if known != policies:
            # An alarm that is made or changed begins anew, and so do AWS's cooldowns.
            tracker = Tracker(policies)
            self._trackers[scope] = (policies, tracker)
        start = self._number * self._length
        read = {name: metric_of(policy) for name, policy in found.items()}
        metrics = {
            name: self._cloud.value(metric, start, self._length)
            for name, metric in read.items()
            if metric
        }
        return tracker.minute(
            self._number * MINUTE,
            metrics,
            service.desired,
            target["MinCapacity"],
            target["MaxCapacity"],
            running=service.running,
            suspended=Suspended(
                scale_out=target["SuspendedState"]["DynamicScalingOutSuspended"],
                scale_in=target["SuspendedState"]["DynamicScalingInSuspended"],
            ),
        )

    def _why(self, scope: Scope, change: Change) -> tuple[str, str]:
        """Cause and details of an activity."""
        if change.alarm is None:
            return change.reason, ""
        policy = self._state.policies[*scope, change.alarm.policy]
        alarm = alarm_name(policy, change.alarm.kind)
        words = f"monitor alarm {alarm} in state ALARM triggered policy {change.alarm.policy}"
        return words, change.reason
