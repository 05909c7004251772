import pytest

from tests.policies.judged import GONE, UNKNOWN, record
from todo_policies import buckets
from todo_policies.buckets import BUCKET_KEEPS_VERSIONS, BUCKET_LOCKED
from todo_policies.resource_types import (
    BUCKET,
    BUCKET_ACL,
    BUCKET_ENCRYPTION,
    BUCKET_LIFECYCLE,
    BUCKET_OWNERSHIP,
    BUCKET_POLICY,
    BUCKET_PUBLIC_ACCESS,
    BUCKET_VERSIONING,
    TRAIL_COMPONENT,
)
from todo_policies.rule import Rule

LOGS = "access-logs"
DENIAL = "policy.Statement.1"


@pytest.mark.parametrize("rule", buckets.RULES, ids=lambda rule: rule.name)
def test_prod_passes(rule: Rule) -> None:
    assert record().judge(rule) == []


@pytest.mark.parametrize(
    ("type_", "path", "value", "message"),
    [
        (BUCKET_PUBLIC_ACCESS, "blockPublicAcls", False, "blockPublicAcls of its public"),
        (BUCKET_PUBLIC_ACCESS, "blockPublicPolicy", GONE, "is not set"),
        (BUCKET_PUBLIC_ACCESS, "ignorePublicAcls", False, "access block is False"),
        (BUCKET_PUBLIC_ACCESS, "restrictPublicBuckets", UNKNOWN, "is unknown before the update"),
        (BUCKET_OWNERSHIP, "rule.objectOwnership", "ObjectWriter", "objectOwnership is ObjectWri"),
        (BUCKET_ENCRYPTION, "rules", [], "neither AES256 nor aws:kms"),
        (
            BUCKET_ENCRYPTION,
            "rules.0.applyServerSideEncryptionByDefault",
            GONE,
            "neither AES256 nor aws:kms",
        ),
        (BUCKET_POLICY, f"{DENIAL}.Effect", "Allow", "does not refuse every request without TLS"),
        (BUCKET_POLICY, f"{DENIAL}.Condition", GONE, "does not refuse every request"),
        (BUCKET_POLICY, f"{DENIAL}.Action", "s3:GetObject", "does not refuse every request"),
        (BUCKET_POLICY, f"{DENIAL}.Resource.1", GONE, "does not refuse every request"),
        (BUCKET_POLICY, f"{DENIAL}.Principal", {"AWS": "111122223333"}, "does not refuse every"),
        (BUCKET, "acl", "public-read", "it has an access list"),
    ],
)
def test_each_opening_is_refused(type_: str, path: str, value: object, message: str) -> None:
    stack = record()
    stack.change(type_, path, value, LOGS)
    [problem] = stack.judge(BUCKET_LOCKED)
    assert problem.startswith(f"todo-prod-{LOGS}: ")
    assert message in problem


@pytest.mark.parametrize(
    ("type_", "message"),
    [
        (BUCKET_PUBLIC_ACCESS, "it has no public access block"),
        (BUCKET_OWNERSHIP, "it has no ownership controls"),
        (BUCKET_ENCRYPTION, "it has no encryption"),
        (BUCKET_POLICY, "it has no policy that refuses requests without TLS"),
    ],
)
def test_each_missing_lock_is_refused(type_: str, message: str) -> None:
    stack = record()
    del stack[stack.of(type_, LOGS).key]
    [problem] = stack.judge(BUCKET_LOCKED)
    assert message in problem


def test_the_lock_of_another_bucket_is_none() -> None:
    stack = record()
    stack.change(BUCKET_PUBLIC_ACCESS, "bucket", "todo-prod-audit", LOGS)
    assert stack.judge(BUCKET_LOCKED) == ["todo-prod-access-logs: it has no public access block."]


def test_a_policy_may_refuse_plaintext_on_everything() -> None:
    stack = record()
    stack.change(BUCKET_POLICY, f"{DENIAL}.Resource", "*", LOGS)
    assert stack.judge(BUCKET_LOCKED) == []


def test_an_access_list_is_refused() -> None:
    stack = record()
    stack.add(BUCKET_ACL, {"bucket": "todo-prod-access-logs", "acl": "public-read"})
    assert stack.judge(BUCKET_LOCKED) == ["todo-prod-access-logs: it has an access list."]


def test_a_first_preview_follows_the_graph() -> None:
    stack = record()
    settings = [one for one in stack.values() if set(one.sources) & {"bucket", "s3Bucket"}]
    for one in settings:
        stack.make_unknown(one, *one.sources)
    assert stack.judge(BUCKET_LOCKED) == []
    assert stack.judge(BUCKET_KEEPS_VERSIONS) == []


def test_only_a_trails_own_bucket_may_do_without_a_policy() -> None:
    stack = record()
    trail = stack.of(TRAIL_COMPONENT)
    trail.sources.clear()
    [problem] = stack.judge(BUCKET_LOCKED)
    assert problem.startswith("todo-prod-audit: it has no policy")
    del stack[trail.key]
    assert stack.judge(BUCKET_LOCKED) == [problem]


@pytest.mark.parametrize(
    ("type_", "path", "value", "message"),
    [
        (BUCKET, "forceDestroy", True, "forceDestroy is True"),
        (BUCKET_VERSIONING, "versioningConfiguration.status", "Suspended", "versioning is Suspend"),
        (BUCKET_VERSIONING, "bucket", "another", "versioning is not set"),
        (BUCKET_LIFECYCLE, "rules.0.status", "Disabled", "no rule of a lifecycle"),
        (BUCKET_LIFECYCLE, "rules.0.expiration", GONE, "no rule of a lifecycle"),
        (BUCKET_LIFECYCLE, "rules.0.expiration.days", 1, "nothing after 1 days; 30 needed"),
        (
            BUCKET_LIFECYCLE,
            "rules.0.noncurrentVersionExpiration.noncurrentDays",
            1,
            "old versions go after 1 days; 7 are needed",
        ),
    ],
)
def test_what_forgets_too_soon_is_refused(
    type_: str, path: str, value: object, message: str
) -> None:
    stack = record()
    stack.change(type_, path, value, LOGS)
    [problem] = stack.judge(BUCKET_KEEPS_VERSIONS)
    assert message in problem


def test_rules_of_another_kind_delete_nothing() -> None:
    stack = record()
    lifecycle = stack.of(BUCKET_LIFECYCLE, LOGS)
    del stack[lifecycle.key]
    stack.add("aws:s3/bucketReplicationConfig:BucketReplicationConfig", lifecycle.inputs)
    [problem] = stack.judge(BUCKET_KEEPS_VERSIONS)
    assert "no rule of a lifecycle" in problem


def test_what_is_kept_just_long_enough_passes() -> None:
    stack = record()
    stack.change(BUCKET_LIFECYCLE, "rules.0.expiration.days", 30, LOGS)
    assert stack.judge(BUCKET_KEEPS_VERSIONS) == []


def test_how_long_is_configured() -> None:
    assert len(record().judge(BUCKET_KEEPS_VERSIONS, minDays=30)) == 1
    assert len(record().judge(BUCKET_KEEPS_VERSIONS, minKeptDays=180)) == 1
    stack = record()
    stack.change(BUCKET, "forceDestroy", value=True)
    assert stack.judge(BUCKET_KEEPS_VERSIONS, forceDestroy=True) == []
