"""Debian's packages in the image, against what Debian has of them today.

Debian mends a stable release's weaknesses by newer versions of its packages: what is older than
Debian's newest lacks what was mended since. It says nothing of what Debian has not mended yet.
"""

import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

from packageurl import PackageURL

from ops.errors import OpsError
from ops.supply_chain.result import Result, clean_or_found, not_checked

__all__ = ["audit", "debian_packages"]

_WHAT = "Debian packages in the image"
_SECONDS = 300
# Asked within the base image, which is of the same release and knows its own sources.
_ASK = r"""
apt-get update -qq >&2 || exit 9
ls /var/lib/apt/lists/*Packages* > /dev/null || exit 9
grep -h ^Date: /var/lib/apt/lists/*Release | head -1
for pair; do
  name=${pair%%=*} have=${pair#*=}
  newest=$(apt-cache madison "$name" | head -1)
  new=$(echo "$newest" | cut -d'|' -f2 | tr -d ' ')
  [ -n "$new" ] || { echo "missing $name"; continue; }
  suite=$(echo "$newest" | cut -d'|' -f3)
  if dpkg --compare-versions "$new" gt "$have"; then echo "older $name $have $new $suite"; fi
done
exit 0
"""


def debian_packages(bill: Mapping[str, Any]) -> dict[str, str]:
    """Return name and version of each Debian package in a bill of materials."""
    purls = (PackageURL.from_string(one["purl"]) for one in bill["components"] if one.get("purl"))
    return {purl.name: str(purl.version) for purl in purls if purl.type == "deb"}


def audit(bill: Mapping[str, Any], base: str) -> Result:
    """Hold the packages against the release's sources.

    Args:
        bill: The image's bill of materials.
        base: The image that its libraries were taken from.
    """
    packages = debian_packages(bill)
    if not packages:
        return not_checked(_WHAT, "the bill of materials names none")
    try:
        date, *told = _ask(base, packages)
    except OpsError as error:
        return not_checked(_WHAT, str(error))
    if unknown := [line.partition(" ")[2] for line in told if line.startswith("missing ")]:
        return not_checked(_WHAT, f"Debian's sources do not list {', '.join(unknown)}")
    data = f"Debian's sources, {len(packages)} packages"
    return clean_or_found(_WHAT, data, date.removeprefix("Date: "), _older(told))


def _ask(base: str, packages: Mapping[str, str]) -> list[str]:
    pairs = [f"{name}={version}" for name, version in sorted(packages.items())]
    command = [
        "docker",
        "run",
        "--rm",
        "--user=0",
        "--entrypoint=sh",
        base,
        "-c",
        _ASK,
        "ask",
        *pairs,
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise OpsError(f"the base image cannot be asked: {error}") from error
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        reason = done.stderr.strip().splitlines() or ["no answer"]
        raise OpsError(f"Debian's sources do not answer within {base}: {reason[-1][:200]}")
    return lines


def _older(told: list[str]) -> Iterator[str]:
    for line in told:
        _, name, have, new, where = line.split(" ", 4)
        yield f"{name} {have}: Debian has {new} ({where.strip()}); build the base image anew"
