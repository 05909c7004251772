from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from bench.capacity.__main__ import main
from bench.capacity.run import SIZES
from local.containers import docker
from local.workspace import Workspace
from tests.bench.short_run import containers_of, short_run

WORKSPACE = Workspace.from_environment()


def start(output: Path, *options: str) -> subprocess.Popen[str]:
    return short_run("capacity", output, *options, python_path="pulumi")


@pytest.mark.engine
def test_a_short_run_measures_each_size_and_leaves_nothing_behind(tmp_path: Path) -> None:
    output = tmp_path / "results" / "capacity.json"
    with start(output) as process:
        printed, _ = process.communicate(timeout=300)
    assert process.returncode == 0, printed
    assert containers_of(process) == []
    data = json.loads(output.read_text())
    sizes = sorted(one["size"] for one in data["points"])
    assert sizes == sorted(size for size in SIZES for _ in range(2))
    assert all(one["used_cpus"] > 0 and one["served"] > 0 for one in data["points"])
    assert "make bench-capacity SHORT=1" in data["command"]


@pytest.mark.engine
def test_tasks_have_fargates_limits_and_an_interrupted_run_removes_them(tmp_path: Path) -> None:
    with start(tmp_path / "capacity.json", "--rounds", "9") as process:
        for line in process.stdout or ():
            if "requests/s for" in line:
                break
        # What the loads come to; the database has no limits.
        asked = "{{.HostConfig.NanoCpus}} {{.HostConfig.Memory}} {{.HostConfig.ReadonlyRootfs}}"
        limits = {
            docker("inspect", "--format", asked, name).strip() for name in containers_of(process)
        }
        process.send_signal(signal.SIGINT)
        printed, _ = process.communicate(timeout=60)
    assert limits == {
        "0 0 false",
        "250000000 536870912 true",
        "500000000 1073741824 true",
        "1000000000 2147483648 true",
    }
    assert process.returncode == 130, printed
    deadline = time.monotonic() + 10
    while containers_of(process) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert containers_of(process) == []
    assert not (tmp_path / "capacity.json").exists()


def test_a_result_is_taken_over_without_measuring(tmp_path: Path) -> None:
    figures = tmp_path / "throughput.json"
    assert main(["--write", "--data", str(figures)]) == 0
    committed = WORKSPACE.root / "pulumi/todo_infra/data/throughput.json"
    assert figures.read_text() == committed.read_text()


def test_a_result_that_is_not_there_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--write", "--output", str(tmp_path / "none.json")]) == 1
    assert "none.json" in capsys.readouterr().err
