"""What is known to be wrong with what comes from others, and what secrets lie about.

    make supply-chain     everything, as one table
    make secrets          the tree and its history alone

Exits with 0 if nothing is found, with 1 if something is, and with 2 if nothing is but not all could
be checked: where a database of weaknesses cannot be reached, that is no good news.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from local.workspace import Workspace
from ops.errors import OpsError
from ops.plain_data import json_value
from ops.supply_chain import debian, go_modules, go_tools, python_packages, secrets
from ops.supply_chain.result import Result, exit_code, not_checked, table

__all__ = ["PARTS", "main"]

_ROOT = Path(__file__).resolve().parents[2]
_PIP_AUDIT = _ROOT / ".local" / "pip-audit" / "bin" / "pip-audit"
_PROGRAMS = ("pulumi", "pulumi-resource-aws", "gitleaks", "govulncheck", "vegeta")
"""What is built of Go modules, where it is needed."""

_BASE = "org.opencontainers.image.base.name"


@dataclass(frozen=True, kw_only=True)
class _Target:
    """What is looked at.

    Attributes:
        root: The checkout.
        image: The application's image; empty to build it.
        base: The image that it is built from.
    """

    root: Path
    image: str
    base: str


def _python(target: _Target) -> Iterator[Result]:
    for file in python_packages.pinned_files(target.root):
        yield python_packages.audit(_PIP_AUDIT, file)


def _go(_: _Target) -> Iterator[Result]:
    try:
        govulncheck = go_tools.govulncheck()
    except OpsError as error:
        yield not_checked("Go modules", " ".join(str(error).split()))
        return
    cache = Workspace.from_environment().cache
    for name in _PROGRAMS:
        # The newest, since older builds stay in the cache.
        built = sorted(cache.glob(f"{name}-*/{name}"), key=lambda file: file.stat().st_mtime)
        for program in built[-1:]:
            yield _made(f"Go modules of {name}", partial(go_modules.audit, govulncheck, program))


def _secrets(target: _Target) -> Iterator[Result]:
    root = target.root
    yield _made("secrets in the tree", lambda: secrets.in_tree(go_tools.gitleaks(), root))
    yield _made("secrets in the history", lambda: secrets.in_history(go_tools.gitleaks(), root))


def _image(target: _Target) -> Iterator[Result]:
    try:
        image = target.image or _build(target)
    except OpsError as error:
        yield not_checked("image", str(error))
        return
    yield _made(
        "secrets in the image", lambda: secrets.in_image(go_tools.gitleaks(), target.root, image)
    )
    yield _made("Debian packages in the image", lambda: _debian(image))


def _build(target: _Target) -> str:
    command = ["docker", "build", "--quiet", "--build-arg", f"BASE_IMAGE={target.base}"]
    try:
        done = subprocess.run(
            [*command, str(target.root / "app")], capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise OpsError(f"the image cannot be built: {error}") from error
    if done.returncode:
        raise OpsError(f"the image cannot be built: {done.stderr.strip()[-300:]}")
    return done.stdout.strip()


def _debian(image: str) -> Result:
    bill = _bill(image)
    properties = bill["metadata"]["component"]["properties"]
    (base,) = (one["value"] for one in properties if one["name"] == _BASE)
    return debian.audit(bill, base)


def _bill(image: str) -> Any:  # noqa: ANN401 - CycloneDX
    command = [sys.executable, "-m", "image.sbom", image, "/dev/stdout"]
    env = {**os.environ, "PYTHONPATH": str(_ROOT / "app")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    if done.returncode:
        raise OpsError(f"there is no bill of materials: {done.stderr.strip()[-300:]}")
    return json_value(done.stdout.removesuffix("/dev/stdout\n"))


def _made(what: str, check: Callable[[], Result]) -> Result:
    """Make a check; one whose tool is not to be had was not made."""
    try:
        return check()
    except (OpsError, OSError) as error:
        return not_checked(what, " ".join(str(error).split()))


PARTS = {"python": _python, "go": _go, "secrets": _secrets, "image": _image}
"""What can be asked for, by name."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the checks and print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m ops.supply_chain",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all")
    parser.add_argument("--image", default="", help="the application's image; built if not given")
    parser.add_argument("--base-image", default="python:3.13-slim-trixie", help="what to build on")
    parser.add_argument("--root", type=Path, default=_ROOT, help="the checkout")
    options = parser.parse_args(arguments)
    if unknown := [part for part in options.parts if part not in PARTS]:
        parser.error(f"{unknown[0]!r} is no part: {', '.join(PARTS)}")
    target = _Target(root=options.root.resolve(), image=options.image, base=options.base_image)
    results = [
        result
        for name, part in PARTS.items()
        if name in (options.parts or PARTS)
        for result in part(target)
    ]
    print(table(results))
    return exit_code(results)


if __name__ == "__main__":
    sys.exit(main())
