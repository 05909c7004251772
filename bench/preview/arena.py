"""An emulator for one run, the two tools on it, and the same resources deployed by both."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.app.containers import free_port
from bench.preview.equality import require_equal
from bench.preview.measure import Command
from local import images
from local.commands import LOOPBACK, reachable, require, run
from local.containers import docker
from local.errors import LocalError
from local.pulumi_engine import assemble, engine_environment, prepare_aws_plugin, prepare_cli
from local.toolchain.provider_search import find_provider_binary, search_roots
from local.workspace import REGION, Workspace

__all__ = ["GROUP", "Arena", "Pair", "running"]

GROUP = 10
"""Resources in one group of bench/preview/compared."""

_COMPARED = Path(__file__).resolve().parent / "compared"
_TOKENS = Path("local/toolchain/aws_plugin/tokens.json")
_READY_SECONDS = 60
_STACK = "bench"


@dataclass(frozen=True, kw_only=True)
class Pair:
    """As many resources in Terraform as in Pulumi, deployed by both, and found to be equal.

    Attributes:
        count: of resources.
        terraform: `terraform plan` of them.
        unrefreshed: the same without reading them.
        pulumi: `pulumi preview` of them.
    """

    count: int
    terraform: Command
    unrefreshed: Command
    pulumi: Command


@dataclass(frozen=True, kw_only=True)
class Arena:
    """What runs for one benchmark.

    Attributes:
        workspace: the checkout.
        folder: for everything that is made.
        port: of the emulator.
    """

    workspace: Workspace
    folder: Path
    port: int

    def environment(self) -> dict[str, str]:
        """The local system's environment, but for this emulator and these states."""
        inherited = engine_environment(self.workspace)
        state = self.folder / "pulumi-state"
        state.mkdir(exist_ok=True)
        return {
            **{name: value for name, value in inherited.items() if not name.startswith("TF_")},
            **({"TF_CLI_CONFIG_FILE": config} if (config := _terraform_config()) else {}),
            "AWS_ENDPOINT_URL": f"http://localhost:{self.port}",
            "AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING": f"http://localhost:{self.port}",
            "PULUMI_BACKEND_URL": state.as_uri(),
            "CHECKPOINT_DISABLE": "true",
        }

    def do(self, name: str, words: list[str], cwd: Path) -> str:
        """Run one step of the preparation."""
        log = self.folder / "logs" / f"{name}.log"
        return run(words, log=log, env=self.environment(), cwd=cwd)

    def initialise(self, cwd: Path) -> None:
        """Give a directory of Terraform code its provider."""
        words = ["terraform", "init", "-input=false", "-no-color"]
        mirror = None if reachable("https://registry.terraform.io") else _mirror()
        self.do(f"{cwd.name}-init", [*words, *([f"-plugin-dir={mirror}"] if mirror else [])], cwd)

    def pair(self, groups: int) -> Pair:
        """Deploy that many groups of resources with each tool.

        Raises:
            LocalError: if the two sets are not equal.
        """
        terraform, plan = self._terraform(groups)
        pulumi, preview = self._pulumi(groups)
        shown = _json(self.do("show", ["terraform", "show", "-json"], terraform))
        words = ["pulumi", "stack", "export", "--stack", _STACK]
        export = _json(self.do("export", words, pulumi))
        tokens = json.loads((self.workspace.root / _TOKENS).read_text())
        count = require_equal(
            shown, export, prefixes=(f"tf{groups}", f"pu{groups}"), types=tokens["resources"]
        )
        env = self.environment()
        return Pair(
            count=count,
            terraform=Command(words=plan, cwd=terraform, env=env),
            unrefreshed=Command(words=[*plan, "-refresh=false"], cwd=terraform, env=env),
            pulumi=Command(words=preview, cwd=pulumi, env=env),
        )

    def _terraform(self, groups: int) -> tuple[Path, list[str]]:
        folder = self.folder / f"terraform-{groups}"
        folder.mkdir()
        shutil.copy(_COMPARED / "main.tf", folder)
        self.initialise(folder)
        options = [f"-var=groups={groups}", f"-var=prefix=tf{groups}", "-input=false", "-no-color"]
        apply = ["terraform", "apply", "-auto-approve", *options]
        self.do(f"apply-{groups}", apply, folder)
        # 2 is the exit code of a plan that changes anything.
        return folder, ["terraform", "plan", "-detailed-exitcode", *options]

    def _pulumi(self, groups: int) -> tuple[Path, list[str]]:
        folder = self.folder / f"pulumi-{groups}"
        folder.mkdir()
        shutil.copy(_COMPARED / "__main__.py", folder)
        project = (_COMPARED / "Pulumi.yaml").read_text()
        # A project of its own for each size, as both stacks have the same name.
        (folder / "Pulumi.yaml").write_text(
            project.replace("name: compared", f"name: compared-{groups}")
        )
        self.do(f"stack-{groups}", ["pulumi", "stack", "init", _STACK], folder)
        for key, value in (("groups", str(groups)), ("prefix", f"pu{groups}")):
            self.do(f"config-{groups}-{key}", ["pulumi", "config", "set", key, value], folder)
        options = ["--stack", _STACK, "--non-interactive", "--suppress-progress"]
        self.do(f"up-{groups}", ["pulumi", "up", "--yes", "--skip-preview", *options], folder)
        return folder, ["pulumi", "preview", "--expect-no-changes", *options]


@contextmanager
def running(workspace: Workspace, folder: Path) -> Iterator[Arena]:
    """Have the toolchain and an emulator, which is removed at the end.

    Raises:
        LocalError: if something needed cannot be had.
    """
    require("terraform", fix="https://developer.hashicorp.com/terraform/install")
    images.ensure_python_image(workspace, _unwatched)
    images.ensure_emulator_image(workspace, _unwatched)
    for prepare in (prepare_cli, prepare_aws_plugin, assemble):
        prepare(workspace, _unwatched)
    port = free_port()
    name = f"todo-bench-{os.getpid()}-emulator"
    settings = {"GATEWAY_PORT": str(port), "MINISTACK_REGION": REGION}
    try:
        docker(
            *("run", "--detach", "--init", "--name", name),
            *("--publish", f"127.0.0.1:{port}:{port}", *_variables(settings)),
            *(images.emulator_image(workspace), "python", "-c"),
            "from ministack.app import main; main()",
        )
        _wait_for(port)
        yield Arena(workspace=workspace, folder=folder, port=port)
    finally:
        docker("rm", "--force", "--volumes", name)


def _wait_for(port: int) -> None:
    url, deadline = f"http://localhost:{port}/_ministack/health", time.monotonic() + _READY_SECONDS
    while not reachable(url, opener=LOOPBACK):
        if time.monotonic() > deadline:
            raise LocalError("The emulator did not start.", fix="`make up` shows whether it can.")
        time.sleep(0.2)


def _json(output: str) -> Any:  # noqa: ANN401
    """What a command printed, without a warning before it."""
    return json.loads(output[max(output.find("{"), 0) :])


def _variables(settings: Mapping[str, str]) -> list[str]:
    return [word for item in settings.items() for word in ("--env", "=".join(item))]


def _terraform_config() -> str | None:
    return os.environ.get("TF_CLI_CONFIG_FILE")


def _mirror() -> Path | None:
    return next((root for root in search_roots() if find_provider_binary([root])), None)


def _unwatched(_line: str) -> None:
    """Logs are enough."""
