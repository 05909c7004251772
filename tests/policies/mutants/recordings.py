"""The stacks that mutants are made from."""

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pulumi.runtime import config as runtime_config

from tests.infra.recorder import OWN_MASTER, deploy_stack, make_project
from tests.policies.mutants.stack import Stack, as_policies_see

__all__ = ["DOMAIN", "EVERYTHING", "record", "told"]

DOMAIN = {"certificateArn": None, "domain": "todo.example.com", "hostedZoneId": "Z0123456789ABC"}
EVERYTHING: Mapping[str, Mapping[str, Any]] = {
    "database": {"readReplicas": 2},
    "databaseOperations": {"proxy": True, **OWN_MASTER},
    "secrets": {"rotationDays": 30},
    "loadBalancer": DOMAIN,
    "observability": {"monthlyBudgetUsd": 500},
}
"""Config with which prod has a resource of every type that the program knows."""


def told(changes: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    """What the platform team tells the policies together with a config, by rule."""
    if changes.get("databaseOperations", {}).get("managedMasterPassword", True):
        return {}
    return {"database-credentials-managed": {"managedByRds": False}}


def record(stack: str, **changes: Mapping[str, Any]) -> Stack:
    """The stack that the program makes of a stack file's config, with some keys changed.

    Nobody may change it: it is made once.
    """
    return _recorded(stack, json.dumps(changes, sort_keys=True))


@functools.cache
def _recorded(stack: str, changes: str) -> Stack:
    before = runtime_config.CONFIG.get()
    with TemporaryDirectory() as directory:
        deployment = deploy_stack(make_project(Path(directory)), stack, **json.loads(changes))
    runtime_config.CONFIG.set(before)
    return as_policies_see(deployment)
