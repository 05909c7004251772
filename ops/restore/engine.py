"""Pulumi, as it deploys one stack: with the policies on, and what it says shown as it comes."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.errors import OpsError

__all__ = ["Engine"]


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
        return _output(self._run(words, capture=True))

    def protect(self, urn: str, *, on: bool) -> None:
        """Have Pulumi refuse to delete a resource, or not."""
        change = ["state", "protect" if on else "unprotect", urn, "--yes"]  # takes no config
        _output(self._start([*change, "--stack", self.stack, "--non-interactive"], capture=True))

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


def _output(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a command printed, which has to have succeeded."""
    if done.returncode:
        raise OpsError(f"`{' '.join(done.args[:3])}` failed: {done.stderr.strip()}")
    return done.stdout
