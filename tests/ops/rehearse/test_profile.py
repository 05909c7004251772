from __future__ import annotations

import pytest

from ops.errors import OpsError
from ops.rehearse.profile import step


def test_a_step_is_ten_times_the_base_for_a_while() -> None:
    profile = step(8, seconds_per_minute=6)
    rows = [(at, phase.name, phase.rate) for at, phase in profile.starts()]
    assert rows == [(0, "base", 8), (12, "peak", 80), (60, "base again", 8)]
    assert (profile.seconds, profile.steps_at) == (180, 12)
    rates = profile.rates()
    assert len(rates) == 30 * 60
    assert (rates[119], rates[120], rates[599], rates[600]) == (8, 80, 80, 8)


@pytest.mark.parametrize(
    ("base", "seconds", "words"),
    [
        (0, 6, "--base is 0, but must be from 1 to 40 requests a second"),
        (41, 6, "the peak is 10 times as much"),
        (8, 120, "would last 60 minutes, but must not last more than 45"),
    ],
)
def test_what_asks_too_much_of_the_machine_is_refused(
    base: int, seconds: float, words: str
) -> None:
    with pytest.raises(OpsError, match=words):
        step(base, seconds_per_minute=seconds)
