"""Puts a PULUMI_HOME together from built executables and the plugins written in Python.

Standard library only: this runs under the system's Python, before any virtual environment exists.
"""

import filecmp
import os
import shlex
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from local.toolchain.early_plugin import adoption
from local.toolchain.versions import required_version

__all__ = ["Ingredients", "assemble_pulumi_home"]

_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class Ingredients:
    """What a home is made of.

    Attributes:
        pulumi: the Pulumi CLI.
        aws_plugin: `pulumi-resource-aws` as built by `build_aws_plugin`.
        aws_provider: HashiCorp's AWS provider that the plugin runs.
        python: interpreter with the packages of requirements.txt and `docker`.
    """

    pulumi: Path
    aws_plugin: Path
    aws_provider: Path
    python: Path


def assemble_pulumi_home(home: Path, parts: Ingredients) -> Path:
    """Install the CLI, the Python language host and the plugins; return the CLI to run.

    Only what differs is written, so calling it before every run costs milliseconds. The home is
    used by putting the CLI's directory first on PATH and setting PULUMI_HOME to `home`.
    """
    binaries = home / "bin"
    pulumi = binaries / "pulumi"
    _link(parts.pulumi, pulumi)
    _write(binaries / "pulumi-language-python", _python_launcher("language_host", parts.python))
    _install_plugin(home, "aws", "pulumi-aws", _aws_launcher(parts))
    for name, package, module in (
        ("docker", "pulumi-docker", "docker_plugin"),
        ("terraform", "pulumi-terraform", "terraform_plugin"),
    ):
        _install_plugin(home, name, package, _python_launcher(module, parts.python))
    return pulumi


def _install_plugin(home: Path, name: str, package: str, launcher: str) -> None:
    """Lay the plugin out as `pulumi plugin install --file` does, at its SDK's exact version."""
    plugins = home / "plugins"
    current = f"resource-{name}-v{required_version(package)}"
    for other in plugins.glob(f"resource-{name}-v*"):
        if other.name != current and other.is_dir():
            shutil.rmtree(other)
    _write(plugins / current / f"pulumi-resource-{name}", launcher)


def _aws_launcher(parts: Ingredients) -> str:
    return _shell_script(
        *adoption("aws"),
        f"TERRAFORM_AWS_PROVIDER_PATH={shlex.quote(str(parts.aws_provider))}",
        "export TERRAFORM_AWS_PROVIDER_PATH",
        f'exec {shlex.quote(str(parts.aws_plugin))} "$@"',
    )


def _python_launcher(module: str, python: Path) -> str:
    """A script running one of our modules from whatever directory the engine is in.

    -P keeps that directory off the module path: the Pulumi program's is called `pulumi`.
    """
    code = (
        f"import runpy, sys; sys.path.append({str(_ROOT)!r}); "
        f"runpy.run_module('local.toolchain.{module}', run_name='__main__', alter_sys=True)"
    )
    return _shell_script(f'exec {shlex.quote(str(python))} -P -u -c {shlex.quote(code)} "$@"')


def _shell_script(*lines: str) -> str:
    return "\n".join(["#!/bin/sh", *lines, ""])


def _write(file: Path, text: str) -> None:
    """Write an executable script at once or not at all, and only if it is not there already."""
    if file.is_file() and file.read_text() == text:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix=".", delete=False) as scratch:
        scratch.write(text)
    Path(scratch.name).chmod(0o755)
    Path(scratch.name).replace(file)


def _link(source: Path, target: Path) -> None:
    """Give a file a second name: the engine looks for language hosts beside its real place.

    A symbolic link would not do, as the engine follows it.
    """
    if target.is_file() and filecmp.cmp(source, target):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(f".{target.name}-{os.getpid()}")
    scratch.unlink(missing_ok=True)
    try:
        scratch.hardlink_to(source)
    except OSError:  # another file system
        shutil.copy2(source, scratch)
    scratch.replace(target)
