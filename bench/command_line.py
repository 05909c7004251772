"""The command line of every benchmark: it measures, prints, and writes the result as data."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.app.machine import describe, priority
from local.errors import LocalError
from local.workspace import Workspace

__all__ = [
    "RESULTS",
    "Measured",
    "Measurement",
    "as_command",
    "dump",
    "guarded",
    "parser",
    "provenance",
]

RESULTS = Path(__file__).resolve().parent / "results"
_QUIET = 0.1


def parser(
    name: str, description: str | None, *, short: str, most_rounds: int = 9
) -> argparse.ArgumentParser:
    """The options that all of them have."""
    made = argparse.ArgumentParser(prog=f"python -m bench.{name}", description=description)
    made.add_argument(
        "--rounds", type=int, choices=range(1, most_rounds + 1), metavar=f"1-{most_rounds}"
    )
    made.add_argument("--short", action="store_true", help=f"{short}, to see that it works")
    made.add_argument("--output", type=Path, help=f"default: {name}.json, if not short")
    return made


def as_command(name: str, *, short: bool, **variables: object) -> str:
    """The command for `make` that measures the same; variables without a value are left out."""
    words = [f"make bench-{name}", *(["SHORT=1"] if short else [])]
    return " ".join([*words, *(f"{key}={value}" for key, value in variables.items() if value)])


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What came of it, for people and for programs."""

    text: str
    data: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """A measurement that was asked for.

    Attributes:
        name: of the result, without `.json`.
        options: what `parser` found.
        workspace: where images and programs are.
        before: the machine as it was found.
    """

    name: str
    options: argparse.Namespace
    workspace: Workspace = field(default_factory=Workspace.from_environment)
    before: Mapping[str, Any] = field(
        default_factory=lambda: {
            **describe(),
            "load_before": round(os.getloadavg()[0], 1),
            "priority": priority(),
        }
    )
    _began: float = field(default_factory=time.monotonic)

    def say(self, line: str) -> None:
        """Tell whoever waits what happens, and when."""
        print(f"{time.monotonic() - self._began:5.0f} s  {line}", flush=True)

    def machine(self) -> dict[str, Any]:
        """The machine, as it was found and as it is left."""
        return {**self.before, "load_after": round(os.getloadavg()[0], 1)}

    def run(self, measure: Callable[[Measurement], Measured]) -> None:
        """Measure, print and write the result."""
        if self.before["busy_before"] > _QUIET:
            self.say(f"{self.before['busy_before']:.0%} of this machine is busy: expect worse")
        measured = measure(self)
        print(f"\n{measured.text}")
        short = self.workspace.home / f"bench-{self.name}-short.json"
        file: Path = self.options.output or (
            short if self.options.short else RESULTS / f"{self.name}.json"
        )
        dump(measured.data, file)
        self.say(f"written to {file}")


def provenance(
    *, command: str, machine: Mapping[str, Any], versions: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """When, how and where something was measured: what every result begins with."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "machine": dict(machine),
        **({"versions": dict(versions)} if versions is not None else {}),
    }


def dump(data: object, file: Path) -> None:
    """Write data as it is committed."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n")


def guarded(action: Callable[[], None]) -> int:
    """Do it and return the exit code: 1 is a failure, 130 an interruption."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    # A shell that starts something in the background has it ignore this one.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        action()
    except (LocalError, OSError) as error:
        print(f"\n✗ {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\n✗ interrupted; nothing of it is left running", file=sys.stderr)
        return 130
    return 0
