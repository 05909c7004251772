"""What a result has to say about the machine and the programs it was measured with."""

from __future__ import annotations

import os
import platform
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.app.contestants import Contestant
from local.containers import docker

__all__ = ["describe", "priority", "requirements"]


def describe(*, seconds: float = 1.0) -> dict[str, Any]:
    """The class of this machine, and how busy it is before anything of ours runs."""
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return {
        "cpu": found[1] if found else platform.machine(),
        "cores": os.cpu_count(),
        "kernel": platform.release().partition("-")[0],
        "docker": docker("version", "--format", "{{.Server.Version}}").strip(),
        "busy_before": round(_busy(seconds), 2),
    }


def priority() -> str:
    """Of these processes beside others: 0 is as much as theirs, -20 the most."""
    group = Path("/proc/self/autogroup")
    shown = group.read_text().partition(" nice ")[2].strip() if group.exists() else ""
    return f"nice {os.nice(0)}" + (f", group {shown}" if shown else "")


def _busy(seconds: float) -> float:
    """The part of all CPUs' time that is used."""
    idle_before, total_before = _ticks()
    time.sleep(seconds)
    idle, total = _ticks()
    return 1 - (idle - idle_before) / (total - total_before)


def _ticks() -> tuple[int, int]:
    ticks = [int(word) for word in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)


def requirements(contestants: Iterable[Contestant]) -> dict[str, str]:
    """The versions that the contestants' requirement files pin."""
    pins: dict[str, str] = {}
    for contestant in contestants:
        text = (contestant.context / "requirements.txt").read_text()
        pins |= re.findall(r"(?m)^([\w.-]+)==(\S+)", text)
    return dict(sorted(pins.items()))
