"""Load: wrk to saturate a server, Vegeta for a fixed rate; each on the CPU of this process.

wrk waits for an answer before it sends the next request on a connection, so that its latencies
are those of a server that is never more than `CONNECTIONS` behind. Vegeta sends each request when
it is due, whatever became of those before.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.app.containers import Container
from local.commands import Watch, require
from local.docker_engine import install_packages
from local.errors import LocalError
from local.toolchain.build import GoProgram, build
from local.workspace import Workspace

__all__ = ["CONNECTIONS", "Measured", "Wrk", "build_vegeta", "fixed_rate", "parse_vegeta"]

CONNECTIONS = 32
_HERE = Path(__file__).resolve().parent
_VEGETA = "github.com/tsenart/vegeta/v12"
_GRACE_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What came of one load.

    Attributes:
        requests: how many were answered.
        seconds: how long it took.
        cpu_seconds: the server's CPU time for them.
        p50_ms: half of the answers took no longer.
        p99_ms: 99 of 100 answers took no longer.
    """

    requests: int
    seconds: float
    cpu_seconds: float
    p50_ms: float
    p99_ms: float


class Wrk:
    """wrk, installed if it is not on this machine."""

    def __init__(self, workspace: Workspace, watch: Watch) -> None:
        if shutil.which("wrk") is None:
            install_packages(workspace, "wrk", watch=watch)
        self._program = require("wrk", fix="See https://github.com/wg/wrk.")

    def version(self) -> str:
        """Its version; asking for it makes wrk exit with 1."""
        return subprocess.run(
            [self._program, "-v"], capture_output=True, text=True, check=False
        ).stdout.split()[1]

    def saturate(
        self, server: Container, url: str, paths: Path, *, seconds: float, body: str | None = None
    ) -> Measured:
        """Send as many requests as the server answers; POST if there is a body.

        Raises:
            LocalError: if any of them fails.
        """
        command = [
            *(str(self._program), f"--connections={CONNECTIONS}", "--threads=1"),
            *(f"--duration={seconds:.0f}s", "--timeout=10s", f"--script={_HERE / 'wrk.lua'}"),
            *(url, "--", str(paths), *([] if body is None else [body])),
        ]
        before = server.cpu_seconds()
        output = _output(command, seconds=seconds)
        cpu_seconds = server.cpu_seconds() - before
        return parse_wrk(output, url, cpu_seconds=cpu_seconds)


def parse_wrk(output: str, url: str, *, cpu_seconds: float) -> Measured:
    """Read the line that `wrk.lua` ends with.

    Raises:
        LocalError: if a request failed: figures of a failing server say nothing.
    """
    result = json.loads(output.splitlines()[-1])
    failed = int(result.pop("failed"))
    if failed or not result["requests"]:
        raise LocalError(
            f"{failed} requests to {url} failed, {result['requests']} were answered.",
            fix="Repeat on a machine with nothing else to do; if it fails there, the server does.",
        )
    return Measured(**result, cpu_seconds=cpu_seconds)


def build_vegeta(cache: Path, watch: Watch | None = None) -> Path:
    """Build Vegeta from its Go module, or find it in the cache."""
    return build(
        GoProgram(
            name="vegeta",
            module=_HERE / "vegeta",
            package=_VEGETA,
            linker_flags=f"-s -w -X main.Version={vegeta_version()}",
        ),
        cache,
        watch,
    )


def vegeta_version() -> str:
    """The version that is pinned."""
    lines = (_HERE / "vegeta" / "go.mod").read_text().splitlines()
    (version,) = (line.split()[1] for line in lines if line.strip().startswith(f"{_VEGETA} "))
    return version


def fixed_rate(
    vegeta: Path, server: Container, urls: Sequence[str], *, rate: int, seconds: float
) -> Measured:
    """Send GET requests at a fixed rate.

    Raises:
        LocalError: if any of them fails.
    """
    targets = "\n\n".join(f"GET {url}" for url in urls)
    attack = [str(vegeta), "attack", f"-rate={rate}/s", f"-duration={seconds:.0f}s", "-timeout=10s"]
    before = server.cpu_seconds()
    results = _run(attack, targets.encode(), seconds=seconds)
    cpu_seconds = server.cpu_seconds() - before
    report = _run([str(vegeta), "report", "-type=json"], results, seconds=0)
    return parse_vegeta(report.decode(), cpu_seconds=cpu_seconds)


def parse_vegeta(report: str, *, cpu_seconds: float) -> Measured:
    """Read Vegeta's report, whose times are in nanoseconds.

    Raises:
        LocalError: if a request failed.
    """
    result = json.loads(report)
    if result["success"] != 1:
        raise LocalError(
            f"Not every request at a fixed rate was answered well: {result['status_codes']}, "
            f"{result['errors']}",
            fix="Look at what the server printed; a benchmark's server must not fail at all.",
        )
    return Measured(
        requests=result["requests"],
        seconds=(result["duration"] + result["wait"]) / 1e9,
        cpu_seconds=cpu_seconds,
        p50_ms=result["latencies"]["50th"] / 1e6,
        p99_ms=result["latencies"]["99th"] / 1e6,
    )


def _output(command: Sequence[str], *, seconds: float) -> str:
    return _run(command, b"", seconds=seconds).decode()


def _run(command: Sequence[str], stdin: bytes, *, seconds: float) -> bytes:
    done = subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        check=False,
        timeout=seconds + _GRACE_SECONDS,
        env={**os.environ, "GOMAXPROCS": "1"},
    )
    if done.returncode:
        raise LocalError(
            f"`{Path(command[0]).name}` failed: {done.stderr.decode(errors='replace').strip()}",
            fix="The message above says why.",
        )
    return done.stdout
