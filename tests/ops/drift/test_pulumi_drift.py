"""Pulumi's side of the drift, from event logs as its engine writes them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ops.drift.findings import Finding, Kind, marked, read_known
from ops.drift.pulumi_drift import found_in
from ops.errors import OpsError

Json = dict[str, Any]

TARGETS = "aws:lb/targetGroup:TargetGroup"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
ROLE = "aws:iam/role:Role"
INLINE = "aws:iam/rolePolicy:RolePolicy"
INSTANCE = "aws:rds/instance:Instance"
BUCKET = "aws:s3/bucket:Bucket"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
ENCRYPTION = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
)
TOPIC, TOPIC_POLICY = "aws:sns/topic:Topic", "aws:sns/topicPolicy:TopicPolicy"
CERTIFICATE = "aws:acm/certificate:Certificate"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
KNOWN = read_known([Path(__file__).parents[3] / "ops" / "drift" / "known.toml"])


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


MADE: Json = {
    "bucket": "logs-1",
    "policy": "",
    "versioning": {"enabled": False, "mfaDelete": False},
    "lifecycleRules": [],
    "serverSideEncryptionConfiguration": {"rule": {"bucketKeyEnabled": False}},
    "logging": None,
}
COMPLETE = {
    **MADE,
    "policy": '{"Statement": []}',
    "versioning": {"enabled": True, "mfaDelete": False},
    "lifecycleRules": [{"id": "expire", "enabled": True}],
    "serverSideEncryptionConfiguration": {"rule": {"bucketKeyEnabled": True}},
}


def same(type_: str, **values: Any) -> Json:  # noqa: ANN401
    return refresh(type_, values, values)


def test_what_was_made_for_a_bucket_after_it_is_no_drift_of_the_bucket(tmp_path: Path) -> None:
    others = [same(one, bucket="logs-1") for one in (POLICY, VERSIONING, LIFECYCLE, ENCRYPTION)]
    assert found(tmp_path, refresh(BUCKET, MADE, COMPLETE), *others) == ()


def test_what_no_resource_of_the_stack_stands_for_is_drift_of_the_bucket(tmp_path: Path) -> None:
    logged = {**COMPLETE, "logging": {"targetBucket": "theirs"}}
    others = [same(VERSIONING, bucket="logs-1"), same(POLICY, bucket="another")]
    lines = found(tmp_path, refresh(BUCKET, MADE, logged), *others)
    assert {re.split(r"[.\[]", one.property)[0] for one in lines} == {
        *("policy", "lifecycleRules", "serverSideEncryptionConfiguration", "logging"),
    }


def test_a_buckets_policy_that_somebody_changed_or_removed_is_found_once(tmp_path: Path) -> None:
    opened = {**MADE, "policy": '{"Statement": [{"Principal": "*"}]}'}
    bucket = refresh(BUCKET, MADE, opened)
    ours = {"bucket": "logs-1", "policy": '{"Statement": []}'}
    (changed,) = found(
        tmp_path, bucket, refresh(POLICY, ours, {**ours, "policy": opened["policy"]})
    )
    assert (changed.type, changed.kind) == (POLICY, Kind.STRANGE)
    (gone,) = found(tmp_path, bucket, refresh(POLICY, ours, None))
    assert (gone.type, gone.kind) == (POLICY, Kind.GONE)


def test_a_topics_policy_is_a_resource_too(tmp_path: Path) -> None:
    topic = refresh(TOPIC, {"arn": "t-1", "policy": "{}"}, {"arn": "t-1", "policy": '{"a": 1}'})
    assert found(tmp_path, topic, same(TOPIC_POLICY, arn="t-1")) == ()
    assert len(found(tmp_path, topic, same(TOPIC_POLICY, arn="t-2"))) == 1


def test_a_replica_of_nobodys_is_drift_and_the_stacks_own_are_none(tmp_path: Path) -> None:
    made = {"identifier": "db-1", "replicas": []}
    now = {"identifier": "db-1", "replicas": ["db-1-replica-1", "by-hand"]}
    own = same(INSTANCE, identifier="db-1-replica-1", replicateSourceDb="db-1")
    own["resOutputsEvent"]["metadata"]["urn"] += "-replica-1"
    (one,) = found(tmp_path, refresh(INSTANCE, made, now), own)
    assert (one.kind, one.property) == (Kind.STRANGE, "replicas")
    assert one.text == "is copied to by-hand, which is not the stack's"


@pytest.mark.parametrize(
    ("type_", "made", "later"),
    [
        (
            CERTIFICATE,
            {
                "status": "PENDING_VALIDATION",
                "notBefore": "",
                "notAfter": "",
                "renewalEligibility": "INELIGIBLE",
                "renewalSummaries": [],
            },
            {
                "status": "ISSUED",
                "notBefore": "2026-11-29T00:00:00Z",
                "notAfter": "2027-12-28T23:59:59Z",
                "renewalEligibility": "ELIGIBLE",
                "renewalSummaries": [{"renewalStatus": "PENDING_AUTO_RENEWAL"}],
            },
        ),
        (
            CERTIFICATE,
            {"renewalSummaries": [{"renewalStatus": "PENDING_AUTO_RENEWAL"}]},
            {"renewalSummaries": [{"renewalStatus": "SUCCESS"}]},
        ),
        (SUBSCRIPTION, {"pendingConfirmation": True}, {"pendingConfirmation": False}),
        (
            INSTANCE,
            {"status": "available", "availabilityZone": "a", "latestRestorableTime": "1"},
            {"status": "backing-up", "availabilityZone": "b", "latestRestorableTime": "2"},
        ),
    ],
    ids=["certificate", "renewal", "subscription", "database"],
)
def test_what_aws_changes_by_itself_after_a_deployment_is_known(
    tmp_path: Path, type_: str, made: Json, later: Json
) -> None:
    findings = marked(found(tmp_path, refresh(type_, made, later)), KNOWN)
    assert len(findings) == len(made)
    assert [one.text for one in findings if not one.known] == []


@pytest.mark.parametrize(
    ("type_", "was", "now"),
    [
        (CERTIFICATE, {"status": "ISSUED"}, {"status": "REVOKED"}),
        (CERTIFICATE, {"renewalEligibility": "ELIGIBLE"}, {"renewalEligibility": "INELIGIBLE"}),
        (CERTIFICATE, {"domainName": "a"}, {"domainName": "b"}),
        (SUBSCRIPTION, {"pendingConfirmation": False}, {"pendingConfirmation": True}),
        (INSTANCE, {"publiclyAccessible": False}, {"publiclyAccessible": True}),
    ],
)
def test_what_aws_does_not_change_by_itself_is_not_known(
    tmp_path: Path, type_: str, was: Json, now: Json
) -> None:
    (one,) = marked(found(tmp_path, refresh(type_, was, now)), KNOWN)
    assert one.known == ""


def test_a_preview_that_failed_says_nothing_of_drift(tmp_path: Path) -> None:
    error = {"diagnosticEvent": {"severity": "error", "message": "no credentials"}}
    with pytest.raises(OpsError, match="no credentials"):
        found(tmp_path, error, result="failed")


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    was, now = {"password": "old-one"}, {"password": "new-one"}
    (one,) = found(tmp_path, refresh("aws:rds/instance:Instance", was, now))
    assert "one" not in one.text.replace("another one", "")
    assert one.text == "password is another secret, was a secret"
