"""Builds the Pulumi CLI and the AWS plugin from Go modules, once for each set of sources.

Standard library only: this runs under the system's Python, before any virtual environment exists.
"""

import hashlib
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from local.commands import Watch, require, run
from local.errors import LocalError
from local.toolchain.versions import required_version

__all__ = ["GoProgram", "build", "build_aws_plugin", "build_pulumi_cli"]

_HERE = Path(__file__).resolve().parent
_CLI_MODULE = "github.com/pulumi/pulumi/pkg/v3"
_CLI_VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"


@dataclass(frozen=True, kw_only=True)
class GoProgram:
    """A program that `go build` makes out of one of the modules beside this file.

    Attributes:
        name: file name of the executable.
        module: directory with go.mod, go.sum and, for our own programs, the sources.
        package: import path of the main package.
        linker_flags: value of `-ldflags`.
    """

    name: str
    module: Path
    package: str
    linker_flags: str

    def command(self, output: Path) -> list[str]:
        """The command that builds it.

        -mod=readonly: the committed go.sum decides, nothing is resolved anew.
        """
        flags = ["-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", self.linker_flags]
        return ["go", "build", "-v", *flags, "-o", str(output), self.package]


def build_pulumi_cli(cache: Path, watch: Watch | None = None) -> Path:
    """Build `pulumi`, or find it in the cache, and return the executable.

    Raises:
        LocalError: if Go is missing or too old, or the build fails.
    """
    module = _HERE / "cli"
    version = _first(rf"{re.escape(_CLI_MODULE)} (v\S+)", module / "go.mod")
    program = GoProgram(
        name="pulumi",
        module=module,
        package=f"{_CLI_MODULE}/cmd/pulumi",
        linker_flags=f"-s -w -X {_CLI_VERSION_VARIABLE}={version}",
    )
    return build(program, cache, watch)


def build_aws_plugin(cache: Path, watch: Watch | None = None) -> Path:
    """Build `pulumi-resource-aws`, or find it in the cache, and return the executable.

    Raises:
        LocalError: if Go is missing or too old, or the build fails.
    """
    program = GoProgram(
        name="pulumi-resource-aws",
        module=_HERE / "aws_plugin",
        package=".",
        linker_flags=f"-s -w -X main.version={required_version('pulumi-aws')}",
    )
    return build(program, cache, watch)


def build(program: GoProgram, cache: Path, watch: Watch | None = None) -> Path:
    """Return `cache/NAME-HASH/NAME`, building it when these sources were not built before.

    Several builds may run at once, also of the same program: each works in a directory of its
    own, and the first to finish is renamed into place.

    Raises:
        LocalError: if Go is missing or too old, or the build fails.
    """
    cache = cache.resolve()  # Go runs in the module's directory
    directory = cache / f"{program.name}-{_digest(program, _go_version(program))}"
    executable = directory / program.name
    if executable.is_file():
        return executable
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{program.name}-", dir=cache) as scratch:
        built = Path(scratch) / directory.name
        run(
            program.command(built / program.name),
            cwd=program.module,
            env=_environment(),
            log=cache / f"{program.name}.build.log",
            watch=watch,
            fix="If modules could not be downloaded, set GOPROXY to a Go proxy you can reach.",
        )
        try:
            built.rename(directory)
        except OSError:
            if not executable.is_file():
                raise
    return executable


def _digest(program: GoProgram, go_version: str) -> str:
    """Twelve hexadecimal digits over all that decides what comes out of the build."""
    digest = hashlib.sha256("\0".join([go_version, *program.command(Path())]).encode())
    for source in sorted(path for path in program.module.iterdir() if path.is_file()):
        content = hashlib.sha256(source.read_bytes()).hexdigest()
        digest.update(f"\0{source.name}\0{content}".encode())
    return digest.hexdigest()[:12]


def _go_version(program: GoProgram) -> str:
    """The version of Go that will build the module, as `go1.26.8`.

    Asked inside the module: where Go may fetch a newer toolchain by itself, it answers with that.
    """
    needed = _first(r"(?m)^go (\S+)$", program.module / "go.mod")
    fix = f"Install Go {needed} or newer (https://go.dev/dl), so that `go` is on PATH."
    command = [str(require("go", fix=fix)), "env", "GOVERSION"]
    answer = subprocess.run(
        command, cwd=program.module, env=_environment(), capture_output=True, text=True, check=False
    )
    found = answer.stdout.strip()
    if answer.returncode != 0:
        raise LocalError(f"`go env GOVERSION` failed: {answer.stderr.strip()}", fix=fix)
    if _numbers(found) < _numbers(needed):
        raise LocalError(f"{program.name} cannot be built with {found}: it is too old.", fix=fix)
    return found


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def _environment() -> dict[str, str]:
    """CGO is off as in Pulumi's own releases: no C compiler needed, one static executable."""
    return {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off"}


def _first(pattern: str, file: Path) -> str:
    found = re.search(pattern, file.read_text())
    if found is None:
        raise LocalError(f"{file} has no line like {pattern!r}.", fix="Restore it from git.")
    return found[1]
