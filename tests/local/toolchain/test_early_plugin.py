import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.toolchain.early_plugin import EarlyPlugin, adoption
from tests.local.toolchain.tiny_project import is_running, wait_until

ENGINE = "127.0.0.1:4711"
PLUGIN = """echo $$ >> {starts}
echo 50051
sleep 600 &
echo $! > {child}
echo listening
wait
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """One installed plugin, which writes down its process each time it is started."""
    launcher = tmp_path / "plugins" / "resource-aws-v1.0.0" / "pulumi-resource-aws"
    launcher.parent.mkdir(parents=True)
    plugin = PLUGIN.format(starts=tmp_path / "starts", child=tmp_path / "child")
    launcher.write_text("\n".join(["#!/bin/sh", *adoption("aws"), plugin]))
    launcher.chmod(0o755)
    return tmp_path


@pytest.fixture
def early(home: Path) -> Iterator[EarlyPlugin]:
    plugin = EarlyPlugin(home, "aws", os.getpid())
    yield plugin
    plugin.end()


def starts(home: Path) -> list[int]:
    file = home / "starts"
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def launch(home: Path, engine: str = ENGINE) -> subprocess.Popen[str]:
    """What the engine does."""
    (launcher,) = home.glob("plugins/*/*")
    return subprocess.Popen(
        [launcher, engine],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PULUMI_HOME": str(home)},
        process_group=0,
    )


def first_lines(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().strip() for _ in range(2)]


def stop(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, 9)
    process.communicate()


def test_the_launcher_passes_on_what_the_early_plugin_prints(
    home: Path, early: EarlyPlugin
) -> None:
    early.start(ENGINE)
    with launch(home) as launcher:
        assert first_lines(launcher) == ["50051", "listening"]
        stop(launcher)
    assert len(starts(home)) == 1
    assert [*(home / "early").iterdir()] == []


def test_a_second_provider_starts_a_plugin_of_its_own(home: Path, early: EarlyPlugin) -> None:
    early.start(ENGINE)
    with launch(home) as first, launch(home) as second:
        assert first_lines(first) == first_lines(second) == ["50051", "listening"]
        for launcher in (first, second):
            stop(launcher)
    assert len(starts(home)) == 2


@pytest.mark.parametrize("engine", ["127.0.0.1:4712", ENGINE])
def test_another_engines_plugin_is_left_alone(home: Path, early: EarlyPlugin, engine: str) -> None:
    if engine == ENGINE:
        early = EarlyPlugin(home, "aws", os.getpid() + 1)
    early.start(ENGINE)
    wait_until(lambda: len(starts(home)) == 1)
    with launch(home, engine) as launcher:
        assert first_lines(launcher) == ["50051", "listening"]
        stop(launcher)
    early.end()
    assert len(starts(home)) == 2


def test_it_is_started_once_and_ends_with_all_it_started(home: Path, early: EarlyPlugin) -> None:
    early.start(ENGINE)
    early.start(ENGINE)
    child = home / "child"
    wait_until(lambda: child.exists() and child.read_text().strip() != "")
    (waiting,) = (home / "early").iterdir()
    assert stat.S_ISFIFO(waiting.stat().st_mode)
    early.end()
    (plugin,) = starts(home)
    wait_until(lambda: not is_running(plugin) and not is_running(int(child.read_text())))
    assert [*(home / "early").iterdir()] == []


def test_a_plugin_that_is_not_installed_is_not_missed(tmp_path: Path) -> None:
    early = EarlyPlugin(tmp_path, "aws", os.getpid())
    early.start(ENGINE)
    early.end()
    assert [*tmp_path.iterdir()] == []
