"""The load over time, in minutes of autoscaling: how long each lasts is the time-lapse's affair."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ops.errors import OpsError

__all__ = ["FACTOR", "MOST_RATE", "Phase", "Profile", "step"]

FACTOR: Final = 10
MOST_RATE: Final = 400
_MOST_SECONDS: Final = 45 * 60
_MINUTE: Final = 60


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A rate for some time.

    Attributes:
        name: what people call it.
        minutes: how long, in minutes of autoscaling.
        rate: requests a second, in real seconds.
    """

    name: str
    minutes: float
    rate: int


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Phases in a row, and how many real seconds a minute of theirs lasts."""

    phases: tuple[Phase, ...]
    seconds_per_minute: float

    @property
    def seconds(self) -> float:
        """How long all of it lasts."""
        return sum(phase.minutes for phase in self.phases) * self.seconds_per_minute

    @property
    def steps_at(self) -> float:
        """When the load rises: seconds from the beginning to that of the highest phase."""
        highest = max(phase.rate for phase in self.phases)
        return next(at for at, phase in self.starts() if phase.rate == highest)

    def starts(self) -> Iterator[tuple[float, Phase]]:
        """Each phase, and the seconds from the beginning until it starts."""
        at = 0.0
        for phase in self.phases:
            yield at, phase
            at += phase.minutes * self.seconds_per_minute

    def rates(self) -> list[float]:
        """The rate in each sixtieth of a minute of autoscaling."""
        return [
            float(phase.rate) for phase in self.phases for _ in range(int(phase.minutes * _MINUTE))
        ]


def step(
    base: int,
    *,
    seconds_per_minute: float,
    before: float = 2,
    peak: float = 8,
    after: float = 20,
) -> Profile:
    """Rise to ten times the base at once, stay there, and fall back as suddenly.

    Args:
        base: requests a second before and after.
        seconds_per_minute: the time-lapse.
        before: minutes until the rise.
        peak: minutes of ten times as much.
        after: minutes from then on; scale-in takes fifteen and more.

    Raises:
        OpsError: if that is more than a machine of one's own should be asked for.
    """
    if not 1 <= base <= MOST_RATE // FACTOR:
        raise OpsError(
            f"--base is {base}, but must be from 1 to {MOST_RATE // FACTOR} requests a second: "
            f"the peak is {FACTOR} times as much."
        )
    profile = Profile(
        phases=(
            Phase(name="base", minutes=before, rate=base),
            Phase(name="peak", minutes=peak, rate=base * FACTOR),
            Phase(name="base again", minutes=after, rate=base),
        ),
        seconds_per_minute=seconds_per_minute,
    )
    if profile.seconds > _MOST_SECONDS:
        raise OpsError(
            f"The rehearsal would last {profile.seconds / _MINUTE:.0f} minutes, but must not last "
            f"more than {_MOST_SECONDS // _MINUTE}: take a lower --seconds-per-minute."
        )
    return profile
