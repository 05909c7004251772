"""Previews of the stack `prod`, once and several times in one, with the policies and without."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from bench.preview.arena import Arena
from bench.preview.measure import Command
from local.preview import policy_options
from local.preview_config import Available, for_emulator, read_config
from local.workspace import REGION

__all__ = ["STACK", "Policed", "Project"]

STACK = "prod"
_STATE = "existing.tfstate"
_PROGRAM = Path(__file__).resolve().parent / "times"


@dataclass(frozen=True, kw_only=True)
class Policed:
    """The program, so many times.

    Attributes:
        times: how often.
        without: its preview.
        policies: its preview with the policy pack and the stack's policy config.
    """

    times: int
    without: Command
    policies: Command


class Project:
    """A project of the checkout's own parts, with a program that runs the checkout's."""

    def __init__(self, arena: Arena) -> None:
        self._arena = arena
        self._root = arena.folder / "project"
        self._root.mkdir()
        source = arena.workspace.root
        for name in ("app", "pulumi", ".venv"):
            (self._root / name).symlink_to(source / name)
        shutil.copytree(_PROGRAM, self._root / "times")
        project = (source / "Pulumi.yaml").read_text()
        changed = re.sub(r"(?m)^main: pulumi/$", "main: times/", project)
        (self._root / "Pulumi.yaml").write_text(changed)
        self._existing()
        arena.do("project-stack", ["pulumi", "stack", "init", STACK], self._root)

    def times(self, times: int) -> Policed:
        """The commands for a program that runs that often."""
        file = self._root / f"times-{times}.yaml"
        file.write_text(json.dumps({"config": self._config() | {"bench:times": str(times)}}))
        words = ["pulumi", "preview", "--stack", STACK, "--config-file", str(file)]
        words += ["--non-interactive", "--suppress-progress"]
        source = self._arena.workspace.root
        options = policy_options(self._arena.workspace, STACK)
        options = [str(source / word) if word.startswith("policies") else word for word in options]
        env = self._arena.environment()
        return Policed(
            times=times,
            without=Command(words=words, cwd=self._root, env=env),
            policies=Command(words=[*words, *options], cwd=self._root, env=env),
        )

    def _existing(self) -> None:
        """Apply the Terraform code, whose state the program reads."""
        folder = self._arena.folder / "terraform"
        ignored = shutil.ignore_patterns("*.tfstate*", ".terraform*", "tests")
        shutil.copytree(self._arena.workspace.root / "terraform", folder, ignore=ignored)
        self._arena.initialise(folder)
        words = ["terraform", "apply", "-auto-approve", "-input=false", "-no-color"]
        self._arena.do("existing", [*words, f"-state={self._root / _STATE}"], folder)

    def _config(self) -> dict[str, object]:
        words = ["pulumi", "config", "--json", "--stack", STACK]
        shown = self._arena.do("project-config", words, self._arena.workspace.root)
        config, _ = read_config(json.loads(shown))
        available = Available(region=REGION, terraform_state=_STATE, registry="")
        copy, _ = for_emulator(config, available)
        return copy
