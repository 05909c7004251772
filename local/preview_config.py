"""What a preview on the emulator changes in a stack's config, and how it tells.

Pure: from what `pulumi config --json` says to the file that `pulumi preview --config-file` takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

__all__ = ["Available", "Change", "for_emulator", "read_config"]

Config = Mapping[str, Any]

# How a provider logs in, and to which account. The emulator has one, and takes any key.
_LOGIN = (
    "accessKey",
    "allowedAccountIds",
    "assumeRole",
    "assumeRoles",
    "assumeRoleWithWebIdentity",
    "endpoints",
    "forbiddenAccountIds",
    "profile",
    "secretKey",
    "sharedConfigFiles",
    "sharedCredentialsFiles",
    "token",
)
_CERTIFICATE = "arn:aws:acm:{region}:000000000000:certificate/00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True, kw_only=True)
class Available:
    """What there is to preview with.

    Attributes:
        region: of the emulator, where the Terraform code is applied.
        terraform_state: path of that state, relative to the project's root.
        registry: the emulator's container registry.
        registries: names of it in config files that are written for another port.
        components: whether components that come in plugins can be had.
    """

    region: str
    terraform_state: str
    registry: str
    registries: tuple[str, ...] = ()
    components: bool = False


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that a preview on the emulator does otherwise than the stack's config says.

    Attributes:
        key: of the config.
        here: what the preview has there.
        why: the reason, and what is not previewed for it.
    """

    key: str
    here: str
    why: str


def read_config(shown: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, Any], list[Change]]:
    """The values of `pulumi config --json`; what only the stack's key could read is left out."""
    config: dict[str, Any] = {}
    hidden = []
    for key, entry in shown.items():
        if entry.get("secret"):
            why = "encrypted, and a preview without credentials has no key"
            hidden.append(Change(key=key, here="left out", why=why))
        else:
            config[key] = entry.get("objectValue", entry["value"])
    return config, hidden


def for_emulator(config: Config, available: Available) -> tuple[dict[str, Any], list[Change]]:
    """The config with which the stack can be previewed on the emulator, and what that changes."""
    copy = deepcopy(dict(config))
    rules = (_account, _state, _registry, _certificate, _trail)
    changes = [change for rule in rules for change in rule(copy, available)]
    return copy, changes


def _account(config: dict[str, Any], available: Available) -> Iterator[Change]:
    for key in (f"aws:{name}" for name in _LOGIN):
        if key in config:
            del config[key]
            yield Change(key=key, here="left out", why="the emulator has one account, for any key")
    if (region := config.get("aws:region")) != available.region:
        config["aws:region"] = available.region
        why = f"the emulator is there, and not in {region}"
        yield Change(key="aws:region", here=available.region, why=why)


def _state(config: dict[str, Any], available: Available) -> Iterator[Change]:
    key = "todo:terraformState"
    stated = config.get(key, {})
    ours = {"backend": "local", "path": available.terraform_state}
    if stated.get("backend", "local") == "local" and stated.get("path") == ours["path"]:
        return
    # Not names of outputs nor permissions either: they belong to the other state.
    config[key] = ours
    yield Change(
        key=key,
        here=available.terraform_state,
        why="terraform/ as applied to the emulator; the stack's own state is not read",
    )


def _registry(config: dict[str, Any], available: Available) -> Iterator[Change]:
    image = config.get("todo:image", {})
    if (registry := image.get("registry")) in available.registries:
        image["registry"] = available.registry
        why = f"this emulator's port, for {registry}"
        yield Change(key="todo:image.registry", here=available.registry, why=why)


def _certificate(config: dict[str, Any], available: Available) -> Iterator[Change]:
    balancer = config.get("todo:loadBalancer", {})
    if "hostedZoneId" not in balancer:
        return
    domain = balancer.get("domain")
    del balancer["hostedZoneId"]
    balancer["certificateArn"] = _CERTIFICATE.format(region=available.region)
    yield Change(
        key="todo:loadBalancer.hostedZoneId",
        here="a certificate that exists already",
        why=f"the emulator has no zone of {domain}; certificate and records are not previewed",
    )


def _trail(config: dict[str, Any], available: Available) -> Iterator[Change]:
    audit = config.get("todo:audit", {})
    # Its default is true, which Pulumi.yaml says and `pulumi config` shows.
    if available.components or not audit.get("trail", True):
        return
    config["todo:audit"] = {**audit, "trail": False}
    yield Change(
        key="todo:audit.trail",
        here="false",
        why="its component comes in Pulumi's awsx plugin, which no package registry has",
    )
