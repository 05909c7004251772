"""How the config of the prod-shaped stack and of its policies differs from prod's own, and why."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from local.images import PYTHON

__all__ = [
    "CHANGES",
    "MOVE",
    "RELEASES",
    "RELEASING_WAIVERS",
    "WAIVERS",
    "Waiver",
    "rules_config",
    "stack_config",
]


class Waiver(NamedTuple):
    """For which resource a rule is waived, and why."""

    resource: str
    reason: str


# By section and key of the config: what differs from Pulumi.prod.yaml, and why.
UNLIKE_PROD: Mapping[str, tuple[object, str]] = {
    "image.registry": ("localhost:{port}", "ECR's own name leads to no emulator"),
    "image.baseImage": (PYTHON, "the one that `make up` has pulled or built"),
    "database.readReplicas": (1, "prod may have them, but does not yet"),
    "databaseOperations.managedMasterPassword": (False, "the emulator manages no passwords"),
    "databaseOperations.certificateAuthorityFile": (
        ".local/tls/database-ca.pem",
        "no authority of AWS signs for a local server",
    ),
    "databaseOperations.globalTransactionIds": (False, "MariaDB knows no such option"),
    "loadBalancer.certificateArn": ("{certificate}", "prod's file has an example"),
    "loadBalancer.wafLog": (False, "the emulator knows no PutLoggingConfiguration"),
    "observability.monthlyBudgetUsd": (500, "prod may have one, but does not yet"),
    "audit.trail": (False, "its component comes in a plugin that no package registry has"),
}
CHANGES: Mapping[str, object] = {
    "capacity.taskSize": "large",
    "databaseOperations.slowQuerySeconds": 2,
}
# Rules that allow a local stack the same, for reasons that policies/config/local.json has.
RULES_AS_LOCAL = (
    "container-image-pinned",
    "database-client-verifies-tls",
    "database-credentials-managed",
    "image-build-pinned",
    "image-built-here",
)
WAIVERS: Mapping[str, Waiver] = {
    "firewall-in-place": Waiver(
        "todo-prod-firewall", "the emulator knows no PutLoggingConfiguration"
    ),
}
# Before anything of it can go, as docs/runbook.md has it; and what lets that past the rules.
RELEASES: Mapping[str, object] = {
    "databaseOperations.deletionProtection": False,
    "databaseOperations.protect": False,
    "loadBalancer.deletionProtection": False,
}
OWNER = "platform@example.com"
MOVE = "prod moves to another account"
RELEASING_WAIVERS: Mapping[str, Waiver] = {
    "bucket-keeps-versions": Waiver("todo-prod-access-logs", MOVE),
    "database-deletion-protection": Waiver("todo-prod-database", MOVE),
    "load-balancer-deletion-protection": Waiver("todo-prod-alb", MOVE),
}


def stack_config(
    root: Path, changes: Mapping[str, object], places: Mapping[str, object]
) -> dict[str, Any]:
    """Return prod's config as a local run can have it.

    Args:
        root: the checkout.
        changes: what else differs.
        places: what the texts name: the emulator's port, and a certificate of its.
    """
    config: dict[str, Any] = yaml.safe_load((root / "Pulumi.prod.yaml").read_text())
    unlike = {key: value for key, (value, _) in UNLIKE_PROD.items()}
    for key, value in {**unlike, **changes}.items():
        section, _, name = key.partition(".")
        filled = value.format(**places) if isinstance(value, str) else value
        config["config"].setdefault(f"todo:{section}", {})[name] = filled
    return config


def rules_config(root: Path, waivers: Mapping[str, Waiver]) -> dict[str, Any]:
    """Return the config of prod's policies, but for what its config needs here."""
    prod, local = (
        json.loads((root / "policies" / "config" / f"{name}.json").read_text())
        for name in ("prod", "local")
    )
    rules: dict[str, Any] = {**prod, **{name: local[name] for name in RULES_AS_LOCAL}}
    until = str(dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1))
    for name, waiver in waivers.items():
        written = {**waiver._asdict(), "owner": OWNER, "until": until}
        rules[name] = {**rules.get(name, {}), "waivers": [written]}
    return rules
