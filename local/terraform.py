"""Applies `terraform/` to the local AWS endpoint: the infrastructure that exists before Pulumi."""

from __future__ import annotations

import json
import re
from pathlib import Path

from local.commands import Watch, reachable, require, run
from local.errors import LocalError
from local.toolchain.provider_search import find_provider_binary, search_roots
from local.workspace import Workspace

__all__ = ["apply", "initialise", "was_cut_off"]

_REGISTRY = "https://registry.terraform.io/.well-known/terraform.json"
_AFRESH = "`make down` and then `make up` start afresh."
_UNDER_WAY = "under way"
_INSTALL = "Install Terraform 1.7 or newer: https://developer.hashicorp.com/terraform/install"


def initialise(workspace: Workspace, watch: Watch) -> str:
    """Install the provider: from HashiCorp's registry, else from a mirror on this machine.

    Raises:
        LocalError: if it cannot be had, or the state does not belong to what runs.
    """
    _require_usable_state(workspace)
    terraform = require("terraform", fix=_INSTALL)
    mirror = None if reachable(_REGISTRY) else _mirror()
    run(
        [
            # Upgrade, since the versions that registry and mirror offered before may differ.
            *(terraform, "init", "-input=false", "-no-color", "-upgrade"),
            *([f"-plugin-dir={mirror}"] if mirror else []),
        ],
        log=workspace.logs / "terraform-init.log",
        watch=watch,
        env=workspace.environment(),
        cwd=workspace.root / "terraform",
        fix="Without HashiCorp's registry a provider mirror is needed: on a connected machine run "
        "`terraform providers mirror DIR`, and copy DIR here as ~/.terraform.d/plugins.",
    )
    return f"provider from {'a mirror on this machine' if mirror else 'the public registry'}"


def apply(workspace: Workspace, watch: Watch) -> str:
    """Create or update the infrastructure; its state file is what the Pulumi program reads."""
    workspace.run.mkdir(parents=True, exist_ok=True)
    workspace.terraform_applied.write_text(_UNDER_WAY)
    output = run(
        [require("terraform", fix=_INSTALL), "apply", "-auto-approve", "-input=false", "-no-color"],
        log=workspace.logs / "terraform-apply.log",
        watch=watch,
        env=workspace.environment(),
        cwd=workspace.root / "terraform",
        fix=f"If its state does not match what runs, {_AFRESH}",
    )
    workspace.terraform_applied.write_text("")
    done = re.search(r"Resources: (.+)\.", output)
    return done.group(1) if done else "applied"


def was_cut_off(workspace: Workspace) -> bool:
    """Whether the last `apply` did not come to its end, so that something may be in no state."""
    applied = workspace.terraform_applied
    return applied.exists() and applied.read_text() == _UNDER_WAY


def _require_usable_state(workspace: Workspace) -> None:
    state = workspace.terraform_state
    if not state.exists():
        if workspace.terraform_applied.exists():
            problem = f"The Terraform state {state} is gone, but what it described still runs."
            raise LocalError(problem, fix=_AFRESH)
        return
    try:
        json.loads(state.read_text())
    except (OSError, ValueError) as error:
        problem = f"The Terraform state {state} cannot be read: {error}."
        raise LocalError(problem, fix=_AFRESH) from None


def _mirror() -> Path | None:
    return next((root for root in search_roots() if find_provider_binary([root])), None)
