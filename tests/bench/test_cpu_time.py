from __future__ import annotations

from pathlib import Path

import pytest

from bench.app.containers import Container, cpu_accounting

VERSION_1 = "9:name=systemd:/docker/ab12\n4:cpu,cpuacct:/docker/ab12\n1:memory:/docker/ab12\n0::/\n"
VERSION_2 = "0::/system.slice/docker-ab12.scope\n"


@pytest.mark.parametrize(
    ("cgroups", "file"),
    [
        (VERSION_1, "cpuacct/docker/ab12/cpuacct.usage"),
        (VERSION_2, "system.slice/docker-ab12.scope/cpu.stat"),
    ],
)
def test_cpu_time_is_found_under_both_versions_of_cgroups(cgroups: str, file: str) -> None:
    assert cpu_accounting(cgroups, Path("/cgroups")) == Path("/cgroups") / file


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("cpuacct.usage", "2500000000\n"),
        ("cpu.stat", "usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\n"),
    ],
)
def test_cpu_time_is_in_seconds_under_both(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / file).write_text(text)
    assert Container(name="some", cpu=tmp_path / file).cpu_seconds() == pytest.approx(2.5)
