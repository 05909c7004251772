"""Starts a plugin while the program that needs it is still being read.

The engine starts a plugin when the first resource needs it, which is when the whole program has
run. The AWS plugin then takes a second or more, most of it HashiCorp's provider, in which nothing
else happens. Started early, it is ready by then: the launcher that the engine runs finds it, and
passes on what it prints, of which the first line is the port that the engine waits for.
"""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

__all__ = ["EarlyPlugin", "adoption"]


def adoption(name: str) -> tuple[str, ...]:
    """Lines of a launcher's shell script that take over the plugin of that name if it is there.

    To be sure that it is of the same engine, its place is called after the engine's process and
    address. It is taken by renaming, which only one launcher can: a second provider of the same
    stack starts a plugin of its own.
    """
    return (
        f'early="${{PULUMI_HOME:-$HOME/.pulumi}}/early/{name}-$PPID-${{1##*:}}"',
        'if [ -p "$early" ] && mv "$early" "$early.taken" 2>/dev/null; then',
        '  exec 3<"$early.taken"',
        '  rm "$early.taken"',
        "  exec cat <&3",
        "fi",
    )


class EarlyPlugin:
    """One plugin, started at most once; it ends with this process, as if the engine had run it."""

    def __init__(self, home: Path, name: str, engine_process: int) -> None:
        self._home = home
        self._engine_process = engine_process
        self._name = name
        self._place: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, engine: str) -> None:
        """Start it, unless it was before, or is not installed."""
        launchers = list(self._home.glob(f"plugins/resource-{self._name}-v*/pulumi-resource-*"))
        if self._place is not None or len(launchers) != 1:
            return
        port = engine.rpartition(":")[2]
        self._place = self._home / "early" / f"{self._name}-{self._engine_process}-{port}"
        unfinished = self._place.with_suffix(".unfinished")
        with suppress(OSError):  # then the engine starts it
            unfinished.parent.mkdir(parents=True, exist_ok=True)
            unfinished.unlink(missing_ok=True)
            self._process = self._run([str(launchers[0]), engine], unfinished)
            unfinished.rename(self._place)

    def end(self) -> None:
        """End it and what it started, at once as the engine would: it waits for no signal."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._place is not None:
            self._place.unlink(missing_ok=True)

    @staticmethod
    def _run(command: list[str], output: Path) -> subprocess.Popen[bytes]:
        os.mkfifo(output)
        # For reading, too: else this would wait for the launcher.
        with output.open("r+b", buffering=0) as stdout:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=stdout, process_group=0
            )
