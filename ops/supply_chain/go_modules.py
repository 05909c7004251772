"""Known weaknesses of the Go modules in programs that were built here.

A program says of which modules in which versions it is made; one that was not built here is not run
here either, such as Pulumi's where its own release can be had.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ops.errors import OpsError
from ops.plain_data import DataError, json_value
from ops.supply_chain.result import Result, clean_or_found, not_checked

__all__ = ["audit", "weaknesses"]

_SECONDS = 900


def audit(govulncheck: Path, program: Path) -> Result:
    """Ask govulncheck about what a program is made of."""
    what = f"Go modules of {program.name}"
    command = [str(govulncheck), "-mode=binary", "-scan=module", "-format=json", str(program)]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
        if done.returncode:
            told = done.stderr.strip().splitlines() or ["it said nothing"]
            return not_checked(what, f"govulncheck gives no answer ({told[-1][:200]})")
        messages = list(_messages(done.stdout))
    except (subprocess.TimeoutExpired, OpsError) as error:
        return not_checked(what, str(error))
    config: Any = next((one["config"] for one in messages if "config" in one), {})
    date = str(config.get("db_last_modified", ""))[:10]
    return clean_or_found(what, "Go's vulnerability database", date, weaknesses(messages))


def _messages(text: str) -> Iterator[Any]:
    """Yield what is printed: JSON objects one after the other, each closed at the line's head."""
    try:
        for part in text.split("\n}\n"):
            if part.strip():
                yield json_value(f"{part}\n}}")
    except DataError as error:
        raise OpsError(f"what govulncheck prints cannot be read: {error}") from None


def weaknesses(messages: list[Any]) -> list[str]:
    """Return a line for each weakness, once."""
    known = {one["osv"]["id"]: one["osv"] for one in messages if "osv" in one}
    found = {}
    for message in messages:
        if finding := message.get("finding"):
            where, name = finding["trace"][0], finding["osv"]
            fixed = finding.get("fixed_version") or "no version yet"
            words = known.get(name, {}).get("summary", "")
            found[name] = (
                f"{where['module']} {where.get('version', '')}: {name} {words}; mended in {fixed}"
            )
    return [found[name] for name in sorted(found)]
