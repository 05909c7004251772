"""prod's own config on an emulator of its own: deployed, looked at, changed, and removed again.

Nearly all of it is waiting for databases, so that a thread goes through it beside other tests.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from local import emulator, images, terraform
from local.containers import Container, containers, docker
from local.errors import LocalError
from local.pulumi_engine import engine_environment
from local.workspace import Workspace
from tests.engine.previews import Preview
from tests.engine.prod_config import (
    CHANGES,
    RELEASES,
    RELEASING_WAIVERS,
    WAIVERS,
    Waiver,
    rules_config,
    stack_config,
)
from tests.engine.prod_sights import Aws, Sights
from tests.running_system import CommandResult
from tests.scratch import Scratch, copy_checkout, free_port

__all__ = ["NEW_TITLE", "TITLE", "Destroyed", "ProdShaped", "Update", "prod_shaped_stack"]

STACK = "prod"
TITLE = "<title>To do</title>"
NEW_TITLE = "<title>To do, next version</title>"


@dataclass(frozen=True, kw_only=True)
class Update:
    """An update, and what was there after it."""

    output: str
    sights: Sights


@dataclass(frozen=True, kw_only=True)
class Destroyed:
    """What was left."""

    output: str
    names: Mapping[str, frozenset[str]]
    resources: list[str]
    containers: list[Container]


class ProdShaped:
    """The stack's life. Each stage waits for those before it, and fails if one of them did.

    Attributes:
        empty: what Terraform had made, by kind.
        deployed, repreviewed, refused, updated, released, destroyed: the stages, in order.
    """

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch
        self._aws = Aws(scratch.workspace)
        self._certificate = ""
        self._running: subprocess.Popen[str] | None = None
        self._stopped = False
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="prod-shaped")
        self.empty: Future[Mapping[str, frozenset[str]]] = self._worker.submit(self._prepare)
        self.deployed: Future[Update] = self._worker.submit(self._deploy)
        self.repreviewed: Future[Preview] = self._worker.submit(self._preview)
        self.refused: Future[CommandResult] = self._worker.submit(self._destroy_protected)
        self.updated: Future[Update] = self._worker.submit(self._update)
        self.released: Future[Update] = self._worker.submit(self._release)
        self.destroyed: Future[Destroyed] = self._worker.submit(self._destroy)

    def stop(self) -> None:
        """End what is under way, and begin nothing more."""
        self._stopped = True
        if (running := self._running) and running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
        self._worker.shutdown(cancel_futures=True)

    def _prepare(self) -> Mapping[str, frozenset[str]]:
        workspace = self._scratch.workspace
        images.ensure_database_image(workspace, _ignore)
        images.ensure_emulator_image(workspace, _ignore)
        emulator.ensure_emulator(workspace, _ignore)
        terraform.initialise(workspace, _ignore)
        terraform.apply(workspace, _ignore)
        default = workspace.root / "terraform" / "terraform.tfstate"  # prod's
        default.write_text(workspace.terraform_state.read_text())
        workspace.pulumi_state.mkdir(exist_ok=True)
        self._succeed("stack", "select", "--create")
        self._certificate = self._aws.certificate("todo.example.com")
        return self._aws.names()

    def _deploy(self) -> Update:
        self.empty.result()
        return self._up({})

    def _preview(self) -> Preview:
        self.deployed.result()
        shown = self._pulumi("preview", "--json", *self._options({}))
        return Preview.of(shown)

    def _destroy_protected(self) -> CommandResult:
        self.deployed.result()
        return self._pulumi("destroy", "--yes", *self._config({}))

    def _update(self) -> Update:
        self.deployed.result()
        self._scratch.replace("app/todo_app/templates/page.html", TITLE, NEW_TITLE)
        return self._up(CHANGES)

    def _release(self) -> Update:
        self.updated.result()
        return self._up({**CHANGES, **RELEASES}, {**WAIVERS, **RELEASING_WAIVERS})

    def _destroy(self) -> Destroyed:
        self.released.result()
        output = self._succeed("destroy", "--yes", *self._config({**CHANGES, **RELEASES}))
        exported = json.loads(self._succeed("stack", "export"))
        return Destroyed(
            output=output,
            names=self._aws.names(),
            resources=[each["urn"] for each in exported["deployment"].get("resources", [])],
            containers=containers(self._scratch.workspace),
        )

    def _up(self, changes: Mapping[str, object], waivers: Mapping[str, Waiver] = WAIVERS) -> Update:
        output = self._succeed("up", "--yes", *self._options(changes, waivers))
        outputs = json.loads(self._succeed("stack", "output", "--json"))
        return Update(output=output, sights=self._aws.look(outputs))

    def _options(
        self, changes: Mapping[str, object], waivers: Mapping[str, Waiver] = WAIVERS
    ) -> list[str]:
        run = self._scratch.workspace.run
        rules = run / f"policies-{STACK}.json"
        rules.write_text(json.dumps(rules_config(self._scratch.workspace.root, waivers)))
        policies = ["--policy-pack", "policies", "--policy-pack-config", str(rules)]
        return [*policies, *self._config(changes)]

    def _config(self, changes: Mapping[str, object]) -> list[str]:
        workspace = self._scratch.workspace
        copy = workspace.run / f"Pulumi.{STACK}.yaml"
        places = {"port": workspace.port, "certificate": self._certificate}
        copy.write_text(yaml.safe_dump(stack_config(workspace.root, changes, places)))
        return ["--config-file", str(copy)]

    def _succeed(self, *arguments: str) -> str:
        done = self._pulumi(*arguments)
        assert done.code == 0, f"{done.output}\n{self._emulators_last_words()}"
        return done.output

    def _emulators_last_words(self) -> str:
        """For a failure of the emulator's, which the provider only tells what came of it."""
        try:
            return docker("logs", "--tail", "200", f"{self._scratch.workspace.name}-emulator")
        except LocalError as error:  # it may be what failed
            return str(error)

    def _pulumi(self, *arguments: str) -> CommandResult:
        """Run `pulumi` so that it and its plugins can be ended together."""
        assert not self._stopped
        self._running = subprocess.Popen(
            ["pulumi", *arguments, "--stack", STACK, "--non-interactive", "--color", "never"],
            cwd=self._scratch.workspace.root,
            env=engine_environment(self._scratch.workspace),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        output, _ = self._running.communicate()
        return CommandResult(code=self._running.returncode, output=output)


def _ignore(_line: str) -> None:
    """Take no notice of a command's progress."""


@contextmanager
def prod_shaped_stack(source: Workspace, folder: Path) -> Iterator[ProdShaped]:
    """Begin the stack's life in a copy of the checkout; at the end, remove all of it."""
    scratch = copy_checkout(source, folder, port=free_port())
    stack = ProdShaped(scratch)
    try:
        yield stack
    finally:
        stack.stop()
        scratch.remove()
