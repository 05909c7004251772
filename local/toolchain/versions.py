"""Exact versions of the SDKs the program uses, read from where they are pinned."""

import re
from pathlib import Path

from local.errors import LocalError

__all__ = ["required_version"]

_REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements.txt"


def required_version(package: str, requirements: Path = _REQUIREMENTS) -> str:
    """The version to which requirements.txt pins a package, as `7.51.1`.

    Raises:
        LocalError: if it is not pinned there with `==`.
    """
    pinned = re.search(rf"(?m)^{re.escape(package)}==([^\s;#]+)", requirements.read_text())
    if pinned is None:
        raise LocalError(
            f"{requirements} does not pin {package} to one version.",
            fix=f"Write {package}==VERSION there; the plugin must have the SDK's exact version.",
        )
    return pinned[1]
