import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.daemons import Daemon
from local.errors import LocalError

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    daemon = Daemon(name="sleeper", record=tmp_path / "it.json", log=tmp_path / "it.log")
    yield daemon
    daemon.stop()


def test_a_started_process_is_found_by_another_object(daemon: Daemon) -> None:
    daemon.start(SLEEP)
    again = Daemon(name=daemon.name, record=daemon.record, log=daemon.log)
    assert again.pid() == json.loads(daemon.record.read_text())["pid"]


def test_stop_ends_it_and_forgets_it(daemon: Daemon) -> None:
    daemon.start(SLEEP)
    assert daemon.stop()
    assert daemon.pid() is None
    assert not daemon.record.exists()
    assert not daemon.stop()


def test_a_process_that_ignores_the_request_is_killed(daemon: Daemon) -> None:
    ready = daemon.log.with_name("ready")
    script = (
        "import pathlib, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"pathlib.Path({str(ready)!r}).touch(); time.sleep(600)"
    )
    daemon.start([sys.executable, "-c", script])
    daemon.wait_until(ready.exists, seconds=30)
    record = daemon.record.read_text()
    assert daemon.stop(seconds=0.2)
    daemon.record.write_text(record)
    while daemon.pid() is not None:  # a kill takes effect a moment later
        time.sleep(0.01)


def test_a_stranger_with_the_same_id_is_left_alone(daemon: Daemon) -> None:
    daemon.record.write_text(json.dumps({"pid": os.getpid(), "command": ["x", "-m", "ministack"]}))
    assert daemon.pid() is None
    assert not daemon.stop()


def test_a_process_that_exits_early_is_reported_with_its_last_words(daemon: Daemon) -> None:
    daemon.start([sys.executable, "-c", "import sys; sys.exit('no such port')"])
    with pytest.raises(LocalError, match=r"sleeper exited:\n +no such port"):
        daemon.wait_until(lambda: False, seconds=30)


def test_waiting_has_an_end(daemon: Daemon) -> None:
    daemon.start(SLEEP)
    with pytest.raises(LocalError, match="was not ready in 0 s"):
        daemon.wait_until(lambda: False, seconds=0)
