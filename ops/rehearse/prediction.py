"""What the simulator says would happen, asked before it does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from local.autoscaling_api.loop import delay_seconds
from ops.rehearse.profile import Profile
from ops.rehearse.stage import Scaling
from ops.simulate.delays import Delays
from ops.simulate.engine import CPU, REQUESTS, Setup, run

__all__ = ["predict"]

_NAMES: Final = {
    "ALBRequestCountPerTarget": REQUESTS,
    "ECSServiceAverageCPUUtilization": CPU,
}
_MINUTE: Final = 60.0
# The local system's own delays, in real seconds.
_TASK_START_SECONDS: Final = 2.0
_HEALTH_CHECK_SECONDS: Final = 1.0
_DEREGISTRATION_SECONDS: Final = 15.0


def predict(
    profile: Profile, scaling: Scaling, *, rated: int, begin: float
) -> Sequence[tuple[float, int]]:
    """Simulate a profile on the local system.

    Args:
        profile: the load.
        scaling: bounds and policies.
        rated: requests a second that a task serves at most.
        begin: when the load begins, in seconds since the epoch: periods are the clock's.

    Returns:
        Each second of autoscaling's minutes, and the tasks that serve then.
    """
    lapse = _MINUTE / profile.seconds_per_minute
    setup = Setup(
        name="the local system",
        rated=rated,
        minimum=scaling.minimum,
        maximum=scaling.maximum,
        policies={
            _NAMES[name]: policy for name, policy in scaling.policies.items() if name in _NAMES
        },
        delays=Delays(
            publication=delay_seconds(profile.seconds_per_minute) * lapse,
            task_start=_TASK_START_SECONDS * lapse,
            health_check=_HEALTH_CHECK_SECONDS * lapse,
            deregistration=_DEREGISTRATION_SECONDS * lapse,
        ),
    )
    phase = begin % profile.seconds_per_minute * lapse
    return list(enumerate(run(setup, profile.rates(), phase=phase).tasks))
