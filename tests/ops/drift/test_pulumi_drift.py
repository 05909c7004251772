"""Pulumi's side of the drift, from event logs as its engine writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ops.drift.findings import Finding, Kind
from ops.drift.pulumi_drift import found_in
from ops.errors import OpsError

Json = dict[str, Any]

TARGETS = "aws:lb/targetGroup:TargetGroup"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
ROLE = "aws:iam/role:Role"
INLINE = "aws:iam/rolePolicy:RolePolicy"


def event(kind: str, op: str, type_: str, *, old: Json | None, new: Json | None) -> Json:
    def state(values: Json | None) -> Json | None:
        return None if values is None else {"inputs": values, "outputs": values}

    urn = f"urn:pulumi:prod::todo::{type_}::todo-prod"
    metadata: Json = {"op": op, "urn": urn, "type": type_, "old": state(old), "new": state(new)}
    if op == "update" and old is not None and new is not None:
        metadata["diffs"] = [key for key in new if old.get(key) != new[key]]
    return {kind: {"metadata": metadata}}


def refresh(type_: str, old: Json | None, new: Json | None) -> Json:
    return event("resOutputsEvent", "refresh", type_, old=old, new=new)


def found(tmp_path: Path, *events: Json, result: str = "succeeded") -> tuple[Finding, ...]:
    log = tmp_path / "events.jsonl"
    told = [*events, {"summaryEvent": {"result": result}}]
    log.write_text("\n".join(json.dumps({"sequence": n, **one}) for n, one in enumerate(told)))
    return found_in(log, "prod")


def test_what_is_as_it_was_is_no_drift(tmp_path: Path) -> None:
    same = {"healthCheck": {"interval": 5}, "tags": None}
    now = {"healthCheck": {"interval": 5}, "tags": {}, "__meta": "another"}
    assert found(tmp_path, refresh(TARGETS, same, now)) == ()


def test_what_somebody_changed_and_a_deployment_puts_back(tmp_path: Path) -> None:
    was, now = {"healthCheck": {"interval": 5}}, {"healthCheck": {"interval": 7}}
    back = event("resourcePreEvent", "update", TARGETS, old=now, new=was)
    (one,) = found(tmp_path, refresh(TARGETS, was, now), back)
    assert one.kind is Kind.CHANGED
    assert one.what == "target group todo-prod"
    assert one.text == "health check interval is 7, was 5"


def test_what_somebody_changed_and_no_source_speaks_of(tmp_path: Path) -> None:
    (one,) = found(tmp_path, refresh(TARGETS, {"slowStart": 0}, {"slowStart": 30}))
    assert (one.kind, one.property) == (Kind.STRANGE, "slowStart")


def test_what_is_in_the_source_and_not_deployed(tmp_path: Path) -> None:
    was, will = {"slowStart": 0}, {"slowStart": 30}
    step = event("resourcePreEvent", "update", TARGETS, old=was, new=will)
    (one,) = found(tmp_path, refresh(TARGETS, was, was), step)
    assert one.kind is Kind.PENDING
    assert one.text == "slow start is 30, was 0 as deployed"


def test_what_is_gone_is_said_once(tmp_path: Path) -> None:
    again = event("resourcePreEvent", "create", TARGETS, old=None, new={"slowStart": 0})
    (one,) = found(tmp_path, refresh(TARGETS, {"slowStart": 0}, None), again)
    assert (one.kind, one.text) == (Kind.GONE, "is gone")


@pytest.mark.parametrize("op", ["create", "delete", "replace"])
def test_what_is_not_deployed_as_a_whole(tmp_path: Path, op: str) -> None:
    state = {"slowStart": 0}
    old, new = (None if op == "create" else state), (None if op == "delete" else state)
    (one,) = found(tmp_path, event("resourcePreEvent", op, TARGETS, old=old, new=new))
    assert one.kind is Kind.PENDING
    assert one.text.startswith("would be ")


def group(*ingress: Json) -> Json:
    return {"id": "sg-1", "ingress": list(ingress)}


def inline(port: int, **peer: Any) -> Json:  # noqa: ANN401
    return {"protocol": "tcp", "fromPort": port, "toPort": port, "self": False, **peer}


RULE = {
    "securityGroupId": "sg-1",
    "ipProtocol": "tcp",
    "fromPort": 3306,
    "toPort": 3306,
    "referencedSecurityGroupId": "sg-2",
}


def test_a_groups_own_rules_are_no_drift(tmp_path: Path) -> None:
    refreshed = refresh(GROUP, group(), group(inline(3306, securityGroups=["sg-2"])))
    assert found(tmp_path, refreshed, refresh(INGRESS, RULE, RULE)) == ()


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (inline(3306, cidrBlocks=["0.0.0.0/0"]), "lets tcp port 3306 in from 0.0.0.0/0"),
        (inline(22, securityGroups=["sg-2"]), "lets tcp port 22 in from sg-2"),
        (inline(3306, ipv6CidrBlocks=["::/0"]), "lets tcp port 3306 in from ::/0"),
        (inline(3306, self=True), "lets tcp port 3306 in from sg-1"),
        (
            {"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["10.0.0.0/8"]},
            "lets everything in from 10.0.0.0/8",
        ),
    ],
)
def test_a_rule_of_nobodys_is_drift_even_where_the_state_has_it_by_now(
    tmp_path: Path, rule: Json, words: str
) -> None:
    with_it = group(inline(3306, securityGroups=["sg-2"]), rule)
    (one,) = found(tmp_path, refresh(GROUP, with_it, with_it), refresh(INGRESS, RULE, RULE))
    assert one.kind is Kind.STRANGE
    assert one.text == f"{words}, by a rule that is not the stack's"


def test_a_policy_of_nobodys_is_drift(tmp_path: Path) -> None:
    ours = {"role": "task", "name": "ours"}
    role = {
        "name": "task",
        "inlinePolicies": [{"name": "ours", "policy": "{}"}, {"name": "by-hand", "policy": "{}"}],
        "managedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"],
    }
    lines = found(tmp_path, refresh(ROLE, {"name": "task"}, role), refresh(INLINE, ours, ours))
    assert [one.text for one in lines] == [
        "may do what by-hand says, which is not the stack's",
        "may do what arn:aws:iam::aws:policy/AdministratorAccess says, which is not the stack's",
    ]


def test_a_preview_that_failed_says_nothing_of_drift(tmp_path: Path) -> None:
    error = {"diagnosticEvent": {"severity": "error", "message": "no credentials"}}
    with pytest.raises(OpsError, match="no credentials"):
        found(tmp_path, error, result="failed")


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    was, now = {"password": "old-one"}, {"password": "new-one"}
    (one,) = found(tmp_path, refresh("aws:rds/instance:Instance", was, now))
    assert "one" not in one.text.replace("another one", "")
    assert one.text == "password is another secret, was a secret"
