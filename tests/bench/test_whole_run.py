from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from tests.bench.short_run import containers_of, short_run

pytestmark = pytest.mark.engine


def test_a_short_run_measures_everybody_and_leaves_nothing_behind(tmp_path: Path) -> None:
    output = tmp_path / "results" / "app.json"
    with short_run("app", output) as process:
        printed, _ = process.communicate(timeout=500)
    assert process.returncode == 0, printed
    assert containers_of(process) == []
    data = json.loads(output.read_text())
    assert {(one["work"], one["contestant"]) for one in data["samples"]} == {
        *(("get", key) for key in ("flask", "fastapi", "ours", "ours-100", "ours-1000")),
        *(("post", key) for key in ("flask", "fastapi", "ours")),
        *(("fixed-rate", key) for key in ("flask", "fastapi", "ours")),
        ("static", "ours"),
        ("select", "driver"),
    }
    assert all(one["measured"]["cpu_seconds"] > 0 for one in data["samples"])
    assert {*data["starts"]} == {"flask", "fastapi", "ours", "without-bytecode"}
    assert all(figure["name"] in printed for figure in data["figures"])


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_removes_its_containers(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    with short_run("app", tmp_path / "app.json", "--rounds", "9") as process:
        for line in process.stdout or ():
            if "servers" in line:
                break
        deadline = time.monotonic() + 60
        while len(containers_of(process)) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        running = containers_of(process)
        process.send_signal(number)
        printed, _ = process.communicate(timeout=60)
    assert len(running) >= 2, "the run ended before it could be interrupted"
    assert process.returncode == code, printed
    assert containers_of(process) == []
    assert not (tmp_path / "app.json").exists()
