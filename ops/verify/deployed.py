"""What was deployed: a stack's state, as Pulumi keeps it. What it holds of secrets stays shut."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ops.errors import OpsError
from ops.plain_data import json_value

__all__ = ["Deployed", "Resource", "parse", "read_deployed"]

_STACK = "pulumi:pulumi:Stack"


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of the stack.

    Attributes:
        type: Such as `aws:ecs/service:Service`.
        name: Its name in the program.
        id: Its id at AWS.
        urn: Its name to Pulumi.
        is_protected: Whether Pulumi refuses to delete it.
        outputs: What AWS answered when it was deployed.
    """

    type: str
    name: str
    id: str
    urn: str
    is_protected: bool
    outputs: Mapping[str, Any]

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - as AWS answered
        return self.outputs[key]


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """A stack as it was deployed last.

    Attributes:
        stack: Its name.
        outputs: What the program exports.
        resources: What it has.
    """

    stack: str
    outputs: Mapping[str, Any]
    resources: Sequence[Resource]

    def all(self, type_: str) -> list[Resource]:
        """Return the resources of a type; of one that is being replaced, the new one alone."""
        return [one for one in self.resources if one.type == type_]

    def one(self, type_: str) -> Resource:
        """Return the only resource of a type.

        Raises:
            OpsError: There is none, or more than one.
        """
        found = self.all(type_)
        if len(found) != 1:
            raise OpsError(f"Stack {self.stack} has {len(found)} resources of {type_}, not one.")
        return found[0]

    @property
    def region(self) -> str:
        """Where it runs: credentials and endpoint are the environment's, the region is not."""
        return str(self.one("aws:ecs/service:Service").id.split(":")[3])

    @property
    def image_digest(self) -> str:
        """The digest of the image that was deployed last."""
        return str(self.outputs["image"]).partition("@")[2]

    def containers(self) -> dict[str, dict[str, Any]]:
        """Return the container definitions of the task definition that was deployed last."""
        text = self.one("aws:ecs/taskDefinition:TaskDefinition")["containerDefinitions"]
        return {one["name"]: one for one in json_value(text)}

    def environment(self) -> dict[str, str]:
        """Return the plain variables of the container that serves."""
        return {one["name"]: one["value"] for one in self.containers()["app"]["environment"]}


def read_deployed(stack: str) -> Deployed:
    """Ask Pulumi for a stack's state; secrets in it stay encrypted.

    Raises:
        OpsError: Pulumi is not there, or does not know the stack.
    """
    command = ["pulumi", "stack", "export", "--stack", stack, "--non-interactive"]
    try:
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        raise OpsError('`pulumi` is not on PATH; `eval "$(make -s env)"` has one.') from None
    except subprocess.CalledProcessError as error:
        raise OpsError(f"Stack {stack} cannot be read: {error.stderr.strip()}") from None
    return parse(stack, shown)


def parse(stack: str, exported: str) -> Deployed:
    """Read what `pulumi stack export` prints.

    Raises:
        OpsError: It is no such thing, or nothing was deployed yet.
    """
    try:
        listed = json_value(exported)["deployment"].get("resources") or []
        resources = [
            Resource(
                type=one["type"],
                name=one["urn"].split("::", 3)[-1],
                id=str(one.get("id", "")),
                urn=one["urn"],
                is_protected=bool(one.get("protect")),
                outputs=dict(one.get("outputs") or {}),
            )
            for one in listed
            if not one.get("delete")
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise OpsError(f"What Pulumi exports of stack {stack} cannot be read: {error!r}.") from None
    outputs = next((one.outputs for one in resources if one.type == _STACK), {})
    if not {"image", "url"} <= outputs.keys():
        raise OpsError(f"Stack {stack} is not deployed, or not to its end: it exports no URL.")
    return Deployed(stack=stack, outputs=outputs, resources=resources)
