import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.infra.recorder import Deployment
from todo_infra.access_logs import delivery_policy

Deploy = Callable[..., Deployment]
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
BUCKET = "aws:s3/bucket:Bucket"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
ENCRYPTION = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
)
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
NAME = "todo-prod-access-logs"


def statements() -> dict[str, dict[str, Any]]:
    policy = delivery_policy("arn:aws:s3:::logs", "111122223333")
    return {one["Sid"]: one for one in policy["Statement"]}


def test_the_load_balancer_logs_to_the_bucket(prod: Deployment) -> None:
    logs = prod.one(BALANCER).inputs["accessLogs"]
    assert logs == {"bucket": NAME, "enabled": True}


def test_logging_starts_when_load_balancers_may_write(prod: Deployment) -> None:
    assert POLICY in prod.one(BALANCER).waits_for_types


def test_the_bucket_is_changed_one_step_after_the_other(prod: Deployment) -> None:
    assert BLOCK in prod.one(OWNERSHIP, NAME).waits_for_types
    assert {BLOCK, OWNERSHIP} <= prod.one(POLICY, NAME).waits_for_types


def test_only_load_balancers_write_and_only_below_this_account() -> None:
    assert set(statements()) == {"LoadBalancersWrite", "NobodyWithoutTLS"}
    assert statements()["LoadBalancersWrite"] == {
        "Sid": "LoadBalancersWrite",
        "Effect": "Allow",
        "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::logs/AWSLogs/111122223333/*",
    }


def test_nobody_comes_without_tls() -> None:
    one = statements()["NobodyWithoutTLS"]
    assert (one["Effect"], one["Principal"], one["Action"]) == ("Deny", "*", "s3:*")
    assert one["Resource"] == ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"]
    assert one["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_deployed_policy_is_the_one_that_is_tested_here(prod: Deployment) -> None:
    inputs = prod.one(POLICY, NAME).inputs
    assert inputs["bucket"] == NAME
    assert json.loads(inputs["policy"]) == delivery_policy(f"arn:Bucket:{NAME}", "111122223333")


def test_neither_policy_nor_access_list_opens_the_bucket(prod: Deployment) -> None:
    block = prod.one(BLOCK, NAME).inputs
    assert {key: value for key, value in block.items() if key != "bucket"} == {
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    }
    assert prod.one(OWNERSHIP, NAME).inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}


def test_logs_are_encrypted_with_the_only_keys_that_load_balancers_take(prod: Deployment) -> None:
    (rule,) = prod.one(ENCRYPTION, NAME).inputs["rules"]
    assert rule == {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}


def test_what_is_deleted_can_be_had_back_for_a_while(prod: Deployment) -> None:
    assert prod.one(VERSIONING, NAME).inputs["versioningConfiguration"] == {"status": "Enabled"}
    assert VERSIONING in prod.one(LIFECYCLE, NAME).waits_for_types


def test_logs_are_deleted_in_time(prod: Deployment, deploy: Deploy) -> None:
    (rule,) = prod.one(LIFECYCLE, NAME).inputs["rules"]
    assert (rule["status"], rule["filter"]) == ("Enabled", {"prefix": "AWSLogs/"})
    assert rule["expiration"] == {"days": 90}
    assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": 7}
    assert rule["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 1}
    (changed,) = deploy(loadBalancer={"accessLogDays": 400}).one(LIFECYCLE, NAME).inputs["rules"]
    assert changed["expiration"] == {"days": 400}


def test_everything_is_about_the_one_bucket(prod: Deployment) -> None:
    for type_ in (BLOCK, OWNERSHIP, ENCRYPTION, VERSIONING, LIFECYCLE, POLICY):
        assert prod.one(type_, NAME).inputs["bucket"] == NAME


def test_the_bucket_stays_unless_that_is_loosened_by_name(prod: Deployment, deploy: Deploy) -> None:
    assert prod.one(BUCKET, NAME).protected
    assert prod.one(BUCKET, NAME).inputs == {"forceDestroy": False}
    loosened = deploy(loadBalancer={"deletionProtection": False}).one(BUCKET, NAME)
    assert not loosened.protected
    assert loosened.inputs == {"forceDestroy": True}


@pytest.mark.parametrize("stack", ["dev", "local"])
def test_there_is_none_where_it_is_switched_off_by_name(deploy: Deploy, stack: str) -> None:
    deployment = deploy(stack)
    assert "accessLogs" not in deployment.one(BALANCER).inputs
    assert [one for one in deployment.registrations if one.type.startswith("aws:s3/")] == []
