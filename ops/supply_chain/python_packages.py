"""Known weaknesses of the Python packages that are pinned here, by pip-audit.

A service that does not know a package is no proof that the package is good, but is what pip-audit
takes it for: here it counts as not checked.
"""

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.errors import OpsError
from ops.plain_data import json_value
from ops.supply_chain.result import Result, clean_or_found, not_checked, today

__all__ = ["SERVICES", "Service", "audit", "pinned_files"]


@dataclass(frozen=True, kw_only=True)
class Service:
    """A database of weaknesses, and how pip-audit is told of it."""

    name: str
    options: tuple[str, ...]


SERVICES = (
    Service(name="PyPI's advisories", options=("--vulnerability-service", "pypi")),
    Service(name="OSV", options=("--vulnerability-service", "osv")),
)
"""Either knows the Python Packaging Advisory Database; the first that answers is believed."""

_SECONDS = 600


def pinned_files(root: Path) -> list[Path]:
    """The files that pin every package: ours together, those of tools and of peers apart."""
    apart = [*root.glob("tests/*.txt"), *root.glob("bench/app/peers/*/requirements.txt")]
    return [
        root / "constraints.txt",
        *sorted(file for file in apart if file != root / "tests" / "requirements.txt"),
    ]


def audit(pip_audit: Path, file: Path, services: Sequence[Service] = SERVICES) -> Result:
    """Hold a file's packages against what is known of them."""
    shown = file.parent.name if file.name == "requirements.txt" else file.name
    what = f"Python packages of {shown}"
    reasons = []
    for service in services:
        try:
            packages = _ask(pip_audit, file, service)
        except OpsError as error:
            reasons.append(f"{service.name}: {error}")
            continue
        unknown = [one["name"] for one in packages if "skip_reason" in one]
        if unknown:
            some = ", ".join(unknown[:3])
            reasons.append(f"{service.name}: nothing known of {len(unknown)} packages ({some}, …)")
            continue
        data = f"{service.name}, {len(packages)} packages"
        return clean_or_found(what, data, today(), _weaknesses(packages))
    return not_checked(what, *reasons)


def _ask(pip_audit: Path, file: Path, service: Service) -> Sequence[Any]:
    if not pip_audit.exists():
        raise OpsError(f"{pip_audit} is missing; `make supply-chain` installs it")
    command = [
        *(str(pip_audit), "--requirement", str(file), "--disable-pip", "--no-deps"),
        *("--format", "json", "--progress-spinner", "off", "--timeout", "20", *service.options),
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
        packages = json_value(done.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        raise OpsError(f"no answer within {_SECONDS} s") from None
    except (ValueError, LookupError, TypeError):
        told = done.stderr.strip().splitlines() or ["it said nothing"]
        raise OpsError(f"no answer ({told[-1][:200]})") from None
    if not packages:
        raise OpsError(f"pip-audit finds no package in {file}")
    return list(packages)


def _weaknesses(packages: Sequence[Any]) -> Iterator[str]:
    for package in packages:
        for one in package["vulns"]:
            fixed = ", ".join(one.get("fix_versions") or ()) or "no version yet"
            names = ", ".join([one["id"], *(one.get("aliases") or ())])
            yield f"{package['name']} {package['version']}: {names}; mended in {fixed}"
