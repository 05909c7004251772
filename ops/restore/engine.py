"""Pulumi, as it deploys one stack: with the policies on, and what it says shown as it comes."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.errors import OpsError

__all__ = ["Engine", "Registered"]


@dataclass(frozen=True, kw_only=True)
class Registered:
    """A resource of a stack.

    Attributes:
        urn: Its name.
        is_protected: Whether Pulumi refuses to delete it.
    """

    urn: str
    is_protected: bool


@dataclass(frozen=True, kw_only=True)
class Engine:
    """The engine for one stack.

    Attributes:
        stack: The stack.
        root: The project's directory.
        config_file: The stack's config, which is changed.
    """

    stack: str
    root: Path
    config_file: Path

    def preview(self) -> None:
        """Show what would change, and hold it to the policies.

        Raises:
            OpsError: The program or a policy refuses it.
        """
        self._show("preview", *self._policies())

    def up(self) -> None:
        """Change it. It was previewed, and the policies judge it once more.

        Raises:
            OpsError: It ended before its end.
        """
        self._show("up", "--yes", "--skip-preview", *self._policies())

    def run(self, *words: str) -> str:
        """Run another command and return what it printed.

        Raises:
            OpsError: It failed.
        """
        done = self._run(words, capture=True)
        if done.returncode:
            raise OpsError(f"`pulumi {' '.join(words[:2])}` failed: {done.stderr.strip()}")
        return done.stdout

    def registered(self, type_: str, id_: str) -> Registered:
        """Return what the engine knows of a resource.

        Raises:
            OpsError: There is none.
        """
        state = json.loads(self._read("stack", "export"))["deployment"]
        for one in state.get("resources") or []:
            if one["type"] == type_ and one.get("id") == id_ and not one.get("delete"):
                return Registered(urn=one["urn"], is_protected=one.get("protect", False))
        raise OpsError(f"Stack {self.stack} has no {type_} {id_}.")

    def protect(self, urn: str, *, on: bool) -> None:
        """Have Pulumi refuse to delete a resource, or not."""
        self._read("state", "protect" if on else "unprotect", urn, "--yes")

    def _policies(self) -> list[str]:
        # A stack without a file of its own has every rule in force.
        own = self.root / "policies" / "config" / f"{self.stack}.json"
        return [
            *("--policy-pack", str(self.root / "policies")),
            *(["--policy-pack-config", str(own)] if own.exists() else []),
        ]

    def _show(self, *words: str) -> None:
        done = self._run([*words, "--suppress-progress", "--color", "never"], capture=False)
        if done.returncode:
            raise OpsError(f"`pulumi {words[0]}` failed; what it says is above.")

    def _read(self, *words: str) -> str:
        """Run a command that takes no config."""
        done = self._start([*words, "--stack", self.stack, "--non-interactive"], capture=True)
        if done.returncode:
            raise OpsError(f"`pulumi {' '.join(words[:2])}` failed: {done.stderr.strip()}")
        return done.stdout

    def _run(self, words: Sequence[str], *, capture: bool) -> subprocess.CompletedProcess[str]:
        config = ("--config-file", str(self.config_file))
        return self._start(
            [*words, "--stack", self.stack, "--non-interactive", *config], capture=capture
        )

    def _start(self, words: list[str], *, capture: bool) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                ["pulumi", *words], cwd=self.root, capture_output=capture, text=True, check=False
            )
        except FileNotFoundError:
            raise OpsError('`pulumi` is not on PATH; `eval "$(make -s env)"` has one.') from None
