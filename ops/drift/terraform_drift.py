"""Terraform's side. One plan has both: what others changed, and what the source would change.

`terraform plan -refresh-only` alone would not tell what a deployment puts back.
"""

import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ops.drift.findings import Finding, Kind, in_words
from ops.errors import OpsError
from ops.plain_data import DataError, json_value
from ops.report.changes import SECRET, Difference, differences
from ops.report.events import State, Step

__all__ = ["found_in", "look"]

_ERROR = 1
_NOTHING = (["no-op"], ["read"])
_WORDS = {("create",): "would be made", ("delete",): "would be deleted"}

Json = Mapping[str, Any]


def look(folder: Path) -> tuple[Finding, ...]:
    """Ask Terraform; the state is neither locked nor written.

    Raises:
        OpsError: It gives no answer.
    """
    with tempfile.TemporaryDirectory() as private:
        plan = str(Path(private, "plan"))
        options = ["-input=false", "-no-color", "-lock=false", "-detailed-exitcode", f"-out={plan}"]
        _terraform(folder, "plan", *options)
        try:
            return found_in(json_value(_terraform(folder, "show", "-json", plan)))
        except DataError as error:
            raise OpsError(f"What `terraform show -json` prints cannot be read: {error}.") from None


def _terraform(folder: Path, *arguments: str) -> str:
    command = ["terraform", f"-chdir={folder}", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise OpsError("`terraform` is not on PATH.") from None
    if done.returncode == _ERROR:
        told = "\n".join(done.stderr.strip().splitlines()[-15:])
        raise OpsError(
            f"Terraform does not say what differs in {folder}:\n{told}\n"
            "Has `terraform init` been run there? --no-terraform leaves it out."
        )
    return done.stdout


def found_in(plan: Json) -> tuple[Finding, ...]:
    """Read a plan, as `terraform show -json` prints it.

    Raises:
        OpsError: It is none.
    """
    try:
        return tuple(_found(plan))
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise OpsError(
            f"Terraform's plan has a resource of a shape that is not known: {error!r}."
        ) from error


def _found(plan: Json) -> Iterator[Finding]:
    drifted = {one["address"]: one for one in plan.get("resource_drift") or ()}
    planned = {
        one["address"]: one
        for one in plan.get("resource_changes") or ()
        if one["change"]["actions"] not in _NOTHING
    }
    for address in sorted(drifted.keys() | planned.keys()):
        yield from _of_resource(drifted.get(address), planned.get(address))


def _of_resource(drifted: Json | None, planned: Json | None) -> Iterator[Finding]:
    if drifted is not None and drifted["change"]["actions"] == ["delete"]:
        yield _finding(drifted, Kind.GONE, "", "is gone")
        return
    seen = list(_differences(drifted)) if drifted is not None else []
    if drifted is not None and seen:
        kind = Kind.CHANGED if planned else Kind.STRANGE
        for one in seen:
            yield _finding(drifted, kind, one.path, in_words(one))
        return
    if planned is None:
        return
    actions = tuple(planned["change"]["actions"])
    if actions != ("update",):
        yield _finding(planned, Kind.PENDING, "", _WORDS.get(actions, "would be replaced"))
        return
    for one in _differences(planned):
        yield _finding(planned, Kind.PENDING, one.path, f"{in_words(one)} as applied")


def _differences(resource: Json) -> tuple[Difference, ...]:
    change = resource["change"]
    before = _shut(change.get("before") or {}, change.get("before_sensitive"))
    after = _shut(change.get("after") or {}, change.get("after_sensitive"))
    differing = tuple(
        sorted(
            key for key in before.keys() | after.keys() if _some(before, key) != _some(after, key)
        )
    )
    # Names apart: a URN has the type and the name where Pulumi's words look for them.
    urn = f"urn:terraform::::{resource['type']}::{resource['address']}"
    step = Step(
        op="update", urn=urn, old=State(inputs=before), new=State(inputs=after), differing=differing
    )
    return differences(step)


def _some(values: Json, key: str) -> object:
    value = values.get(key)
    return None if value in ("", [], {}) else value


def _shut(values: Json, sensitive: object) -> dict[str, Any]:
    """Return values without those that Terraform calls sensitive."""
    marks = sensitive if isinstance(sensitive, dict) else {}
    return {key: SECRET if marks.get(key) is True else value for key, value in values.items()}


def _finding(resource: Json, kind: Kind, path: str, text: str) -> Finding:
    return Finding(
        tool="Terraform",
        kind=kind,
        type=resource["type"],
        what=resource["address"],
        property=path,
        text=text,
    )
