"""Programs of Go modules: built from source, by the sums that are committed beside them."""

from functools import cache
from pathlib import Path

from local.errors import LocalError
from local.toolchain.build import GoProgram, build
from local.workspace import Workspace
from ops.errors import OpsError

__all__ = ["gitleaks", "govulncheck"]

_HERE = Path(__file__).parent
_VERSION = "github.com/zricethezav/gitleaks/v8/version.Version"


@cache
def gitleaks() -> Path:
    """Have gitleaks.

    Raises:
        OpsError: Go is missing, or its modules cannot be had.
    """
    return _built("gitleaks", "github.com/zricethezav/gitleaks/v8", f"-s -w -X {_VERSION}=8")


@cache
def govulncheck() -> Path:
    """Have govulncheck.

    Raises:
        OpsError: Go is missing, or its modules cannot be had.
    """
    return _built("govulncheck", "golang.org/x/vuln/cmd/govulncheck", "-s -w")


def _built(name: str, package: str, flags: str) -> Path:
    program = GoProgram(name=name, module=_HERE / name, package=package, linker_flags=flags)
    try:
        return build(program, Workspace.from_environment().cache)
    except LocalError as error:
        raise OpsError(str(error)) from error
