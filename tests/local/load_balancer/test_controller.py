"""The loop that follows the emulator, without a HAProxy."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.errors import LocalError
from local.load_balancer.controller import Controller
from local.load_balancer.haproxy import HAProxy
from local.load_balancer.haproxy_config import SLOTS, Ports
from local.load_balancer.model import Target, TargetGroup


class EnoughError(BaseException):
    """Ends a loop that nothing else may end."""


@pytest.fixture
def controller(tmp_path: Path) -> Controller:
    return Controller(
        lambda: ([], []), HAProxy(tmp_path), Ports(http=1, https=2), tmp_path / "none.pem"
    )


def test_a_turn_that_fails_is_not_the_last(
    controller: Controller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    outcomes = iter([ValueError("a matcher that is none"), StopIteration(), None])

    def turn(_now: float) -> None:
        if error := next(outcomes):
            raise error

    def then() -> None:
        raise EnoughError

    monkeypatch.setattr(controller, "turn", turn)
    with pytest.raises(EnoughError):
        controller.run_forever(then)
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]


def test_more_targets_than_there_are_places_for_is_said_in_words(controller: Controller) -> None:
    targets = tuple(Target(f"10.0.0.{number}", 8080) for number in range(SLOTS + 1))
    group = TargetGroup(
        arn="arn:many", targets=targets, check=None, drain_seconds=0, least_outstanding=True
    )
    with pytest.raises(LocalError, match=f"more than {SLOTS} targets"):
        controller._register(group, now=0)
