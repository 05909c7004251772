"""What a resource's outputs repeat of other resources, as they were when it was made: nothing yet.

AWS answers for a bucket with its policy, its versions and more, which are resources of their own
that are made after it. So the bucket differs from the next refresh on, though nobody touched it.
"""

from collections.abc import Collection, Mapping
from typing import Any

__all__ = ["repeated"]

Json = Mapping[str, Any]

_COMPARED: Mapping[str, frozenset[str]] = {
    "aws:ec2/securityGroup:SecurityGroup": frozenset({"ingress", "egress"}),
    "aws:iam/role:Role": frozenset({"inlinePolicies", "managedPolicyArns"}),
    "aws:rds/instance:Instance": frozenset({"replicas"}),
}
"""By type, the outputs that `ops.drift.rules` compares with other resources, one by one."""

_S3 = "aws:s3/bucket"
_COVERED: Mapping[str, Mapping[str, tuple[str, str]]] = {
    f"{_S3}:Bucket": {
        "policy": (f"{_S3}Policy:BucketPolicy", "bucket"),
        "versioning": (f"{_S3}Versioning:BucketVersioning", "bucket"),
        "lifecycleRules": (f"{_S3}LifecycleConfiguration:BucketLifecycleConfiguration", "bucket"),
        "serverSideEncryptionConfiguration": (
            f"{_S3}ServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
            "bucket",
        ),
    },
    "aws:sns/topic:Topic": {"policy": ("aws:sns/topicPolicy:TopicPolicy", "arn")},
}
"""By type, the outputs that one other resource is: its type, and what both have in common."""


def repeated(type_: str, outputs: Json, stack: Collection[tuple[str, Json]]) -> set[str]:
    """Return the outputs of a resource that say nothing of their own.

    What no resource of the stack stands for is not among them: a policy that somebody gave to a
    bucket without one is found.

    Args:
        type_: The resource's type.
        outputs: What AWS answered.
        stack: Type and outputs of all resources.
    """
    found = set(_COMPARED.get(type_, ()))
    for name, (other, common) in _COVERED.get(type_, {}).items():
        mine = outputs.get(common)
        if mine and any(one == other and its.get(common) == mine for one, its in stack):
            found.add(name)
    return found
