from collections.abc import Callable

import pytest

from tests.infra.recorder import Deployment

Deploy = Callable[..., Deployment]
TRAIL = "awsx:cloudtrail:Trail"
BUCKET = "aws:s3/bucket:Bucket"
PARTS = {
    f"aws:s3/bucket{part}:Bucket{part}": part
    for part in (
        "PublicAccessBlock",
        "OwnershipControls",
        "ServerSideEncryptionConfiguration",
        "Versioning",
        "LifecycleConfiguration",
    )
}
TYPES = {part: type_ for type_, part in PARTS.items()}
NAME = "todo-prod-audit"


def test_every_change_in_every_region_is_on_record(prod: Deployment) -> None:
    assert prod.one(TRAIL).name == NAME
    assert prod.one(TRAIL).inputs == {
        "isMultiRegionTrail": True,
        "includeGlobalServiceEvents": True,
        "enableLogging": True,
        "enableLogFileValidation": True,
        "kmsKeyId": "arn:Key:todo-prod-data",
        "s3Bucket": {"existing": {"arn": f"arn:Bucket:{NAME}"}},
    }


def test_without_a_key_of_the_stack_s3s_own_encrypts(deploy: Deploy) -> None:
    deployment = deploy(encryption={"customerManagedKey": False})
    assert "kmsKeyId" not in deployment.one(TRAIL).inputs


def test_nothing_is_recorded_before_the_bucket_is_closed(prod: Deployment) -> None:
    before = set(TYPES.values()) - {TYPES["LifecycleConfiguration"]}
    assert before <= prod.one(TRAIL).waits_for_types


def test_the_bucket_stays_unless_that_is_loosened_by_name(prod: Deployment, deploy: Deploy) -> None:
    bucket = prod.one(BUCKET, NAME)
    assert bucket.protected
    assert bucket.inputs == {"forceDestroy": False}
    loosened = deploy(audit={"protect": False}).one(BUCKET, NAME)
    assert not loosened.protected
    assert loosened.inputs == {"forceDestroy": True}


def test_nobody_opens_the_bucket_or_owns_what_is_in_it(prod: Deployment) -> None:
    assert prod.one(TYPES["PublicAccessBlock"], NAME).inputs == {
        "bucket": NAME,
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    }
    owner = prod.one(TYPES["OwnershipControls"], NAME)
    assert owner.inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    assert TYPES["PublicAccessBlock"] in owner.waits_for_types


def test_the_buckets_policy_is_the_trails(prod: Deployment) -> None:
    policies = prod.all("aws:s3/bucketPolicy:BucketPolicy")
    assert [one for one in policies if one.inputs["bucket"] == NAME] == []


def test_digests_are_encrypted_too(prod: Deployment) -> None:
    (rule,) = prod.one(TYPES["ServerSideEncryptionConfiguration"], NAME).inputs["rules"]
    assert rule == {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}


def test_records_are_kept_as_long_as_the_stack_says(prod: Deployment, deploy: Deploy) -> None:
    versions = prod.one(TYPES["Versioning"], NAME).inputs
    assert versions["versioningConfiguration"] == {"status": "Enabled"}
    lifecycle = prod.one(TYPES["LifecycleConfiguration"], NAME)
    assert TYPES["Versioning"] in lifecycle.waits_for_types
    assert lifecycle.inputs["rules"] == [
        {
            "id": "expire",
            "status": "Enabled",
            "filter": {"prefix": "AWSLogs/"},
            "expiration": {"days": 365},
            "noncurrentVersionExpiration": {"noncurrentDays": 30},
            "abortIncompleteMultipartUpload": {"daysAfterInitiation": 1},
        }
    ]
    changed = deploy(audit={"retentionDays": 90}).one(TYPES["LifecycleConfiguration"], NAME)
    assert changed.inputs["rules"][0]["expiration"] == {"days": 90}


def test_everything_is_about_the_one_bucket(prod: Deployment) -> None:
    assert {prod.one(type_, NAME).inputs["bucket"] for type_ in PARTS} == {NAME}


@pytest.mark.parametrize("stack", ["dev", "local"])
def test_there_is_none_where_it_is_switched_off_by_name(deploy: Deploy, stack: str) -> None:
    deployment = deploy(stack)
    kinds = {one.type.partition(":")[0] for one in deployment.registrations}
    assert "awsx" not in kinds
    assert [one for one in deployment.registrations if one.name.endswith("-audit")] == []
