"""The Pulumi engine of a local run: Pulumi's own if it can be had, else built from its modules."""

from __future__ import annotations

import functools
import os
import shutil
import tempfile
import urllib.request
from pathlib import Path

from local.commands import Watch, reachable, run
from local.errors import LocalError
from local.toolchain.build import build_aws_plugin, build_pulumi_cli
from local.toolchain.home import Ingredients, assemble_pulumi_home
from local.toolchain.provider_search import aws_provider
from local.toolchain.versions import required_version
from local.workspace import Workspace

__all__ = ["assemble", "engine_environment", "is_official", "prepare_aws_plugin", "prepare_cli"]

_INSTALLER = "https://get.pulumi.com"


@functools.cache
def is_official() -> bool:
    """Whether Pulumi's own downloads are used: `LOCAL_TOOLCHAIN`, else whether they answer.

    Raises:
        LocalError: if LOCAL_TOOLCHAIN is neither `official` nor `built`.
    """
    wish = os.environ.get("LOCAL_TOOLCHAIN", "")
    if wish not in ("", "official", "built"):
        raise LocalError(
            f"LOCAL_TOOLCHAIN is {wish!r}, but must be `official` or `built`.",
            fix="Unset it to let `make up` find out which of the two can be had.",
        )
    return wish == "official" if wish else reachable(_INSTALLER)


def prepare_cli(workspace: Workspace, watch: Watch) -> str:
    """Have a Pulumi CLI: the user's own, Pulumi's release, or one built from its Go module."""
    if not is_official():
        cli = build_pulumi_cli(workspace.cache, watch)
        return f"built from its Go module, {cli.parent.name}"
    if own := shutil.which("pulumi"):
        return own
    _install_release(workspace, watch)
    return f"official release {required_version('pulumi')}"


def prepare_aws_plugin(workspace: Workspace, watch: Watch) -> str:
    """Have the AWS plugin; official engines fetch theirs by themselves."""
    if is_official():
        return "the engine installs the official one"
    plugin = build_aws_plugin(workspace.cache, watch)
    return f"built over the Terraform bridge, {plugin.parent.name}"


def assemble(workspace: Workspace, watch: Watch) -> str:
    """Put CLI, language host and plugins of a built toolchain into the project's PULUMI_HOME."""
    if is_official():
        return "official"
    provider = aws_provider(workspace.cache)
    assemble_pulumi_home(
        workspace.pulumi_home,
        Ingredients(
            pulumi=build_pulumi_cli(workspace.cache, watch),
            aws_plugin=build_aws_plugin(workspace.cache, watch),
            aws_provider=provider,
            python=workspace.python,
        ),
    )
    return f"AWS provider {provider.name.partition('_v')[2].partition('_')[0]}"


def engine_environment(workspace: Workspace) -> dict[str, str]:
    """Environment in which `pulumi` is the prepared CLI and talks to the local system."""
    if not is_official():
        folder = workspace.pulumi_home / "bin"
    elif own := shutil.which("pulumi"):
        folder = Path(own).parent
    else:
        folder = _release(workspace) / "bin"
    environment = workspace.environment()
    return {**environment, "PATH": f"{folder}{os.pathsep}{environment['PATH']}"}


def _release(workspace: Workspace) -> Path:
    return workspace.cache / f"pulumi-release-{required_version('pulumi')}"


def _install_release(workspace: Workspace, watch: Watch) -> None:
    """Run Pulumi's installer for the version of the SDK, into the cache."""
    target = _release(workspace)
    if target.exists():
        return
    workspace.cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=workspace.cache) as folder:
        script, unfinished = Path(folder) / "install.sh", Path(folder) / target.name
        script.write_bytes(_installer())
        run(
            [
                *("sh", script, "--version", required_version("pulumi"), "--no-edit-path"),
                *("--install-root", unfinished),
            ],
            log=workspace.logs / "pulumi-install.log",
            watch=watch,
            fix="Install Pulumi yourself (https://www.pulumi.com/docs/install) and repeat.",
        )
        unfinished.rename(target)


def _installer() -> bytes:
    try:
        with urllib.request.urlopen(_INSTALLER, timeout=30) as answer:
            return bytes(answer.read())
    except OSError as error:
        raise LocalError(
            f"Pulumi's installer cannot be downloaded from {_INSTALLER}: {error}.",
            fix="Unset LOCAL_TOOLCHAIN to have the engine built from its Go modules instead.",
        ) from None
