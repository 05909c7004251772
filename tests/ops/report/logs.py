"""Event logs as the engine writes them, made for a test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["DATABASE", "log", "same", "step", "urn", "violation"]

Json = dict[str, Any]
DATABASE = "aws:rds/instance:Instance"


def urn(resource_type: str, name: str = "todo-prod-it") -> str:
    return f"urn:pulumi:prod::todo::todo:index:Database${resource_type}::{name}"


def step(op: str, resource_type: str, old: Json | None, new: Json | None, **members: Any) -> Json:  # noqa: ANN401
    """One `resourcePreEvent`; `old` and `new` are inputs."""
    flags: Json = {key: members.pop(key) for key in ("protect", "retainOnDelete") if key in members}
    name = members.pop("name", "todo-prod-it")

    def state(inputs: Json | None) -> Json | None:
        return None if inputs is None else {"inputs": inputs, "outputs": {}, **flags}

    new_state = state(new)
    if new_state and members.pop("unprotected", False):
        new_state["protect"] = False
    metadata = {
        "op": op,
        "urn": urn(resource_type, name),
        "type": resource_type,
        "old": state(old),
        "new": new_state,
        "detailedDiff": None,
        **members,
    }
    return {"resourcePreEvent": {"metadata": metadata}}


def same(name: str = "todo-prod") -> Json:
    return step("same", "pulumi:pulumi:Stack", {}, {}, name=name)


def violation(rule: str, level: str = "mandatory", message: str = "", **members: str) -> Json:
    return {
        "policyEvent": {
            "policyName": rule,
            "enforcementLevel": level,
            "message": message or f"Why there is {rule}.\nit: is wrong.\nFix: Mend it.\n",
            "severity": "high",
            "resourceUrn": urn(DATABASE),
            **members,
        }
    }


def log(path: Path, *events: Json, result: str = "succeeded", config: Json | None = None) -> Path:
    """Write a log that holds these events."""
    whole: list[Json] = [
        {"policyLoadEvent": {}},
        {"preludeEvent": {"config": config or {"aws:region": "eu-west-1"}}},
        same(),
        {"someNewKindOfEvent": {"x": 1}},
        *events,
        {"summaryEvent": {"result": result, "PolicyPacks": {"todo|prod|policies": "0.0.1"}}},
        {"cancelEvent": {}},
    ]
    lines = [json.dumps({"sequence": n, "timestamp": 1, **one}) for n, one in enumerate(whole)]
    path.write_text("\n".join(lines) + "\n")
    return path
