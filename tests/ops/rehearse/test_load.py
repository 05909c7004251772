from __future__ import annotations

from pathlib import Path

import pytest

from ops.errors import OpsError
from ops.rehearse.load import Answer, send
from ops.rehearse.profile import Phase, Profile

PROFILE = Profile(
    phases=(Phase(name="one", minutes=0.1, rate=3), Phase(name="two", minutes=0.1, rate=30)),
    seconds_per_minute=2,
)


@pytest.fixture
def vegeta(tmp_path: Path) -> Path:
    """A stand-in that says at which rate it was asked to send, as results do: a row each."""
    program = tmp_path / "vegeta"
    program.write_text(
        "#!/bin/sh\n"
        'if [ "$1" = encode ]; then cat; exit; fi\n'
        'for word; do case "$word" in -rate=*) rate="${word#-rate=}";; esac; done\n'
        'echo "1800000000000000000,200,1000000,0,0,${rate},,"\n'
    )
    program.chmod(0o755)
    return program


def test_each_phase_is_sent_at_its_rate_in_its_time(vegeta: Path, tmp_path: Path) -> None:
    answers: list[Answer] = []
    looks: list[tuple[float, str]] = []
    send(
        vegeta,
        tmp_path / "targets",
        PROFILE,
        take=answers.append,
        look=lambda now, phase: looks.append((now, phase.name)),
    )
    assert [answer.error for answer in answers] == ["3/s", "30/s"]
    assert all(now >= 0.2 for now, name in looks if name == "two")
    assert all(now < 0.2 for now, name in looks if name == "one")


def test_a_generator_that_fails_is_no_failed_request(vegeta: Path, tmp_path: Path) -> None:
    vegeta.write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(OpsError, match="Vegeta failed"):
        send(vegeta, tmp_path / "targets", PROFILE, take=lambda _: None, look=lambda *_: None)
