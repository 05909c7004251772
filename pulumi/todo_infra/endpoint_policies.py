"""Who may do what through an entrance to an AWS service. No resources here."""

import json
from collections.abc import Sequence
from typing import Any

from .partitions import partition_of
from .terraform_outputs import Repository

__all__ = ["CHANNELS", "interface_policy", "storage_policy"]

CHANNELS = "ssmmessages"
"""The service of the channels that `ecs execute-command` talks through."""

_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


def interface_policy(service: str, account: str, region: str, repository: Repository) -> str:
    """Return who may do what by an entrance: identities of this account, on what is its own.

    What they may do there is their own policies' business; but nobody gets data out of the
    network with credentials, or into places, of another account.
    """
    if service.startswith("ecr."):
        statements = [
            # Knows no resource; the token opens what the statement below allows.
            _allow(account, ["ecr:GetAuthorizationToken"], "*"),
            _allow(account, _PULL, repository.arn),
        ]
    elif service == CHANNELS:
        # Channels are no resources.
        statements = [_allow(account, ["ssmmessages:*"], "*")]
    else:
        partition = partition_of(region)
        own = f"arn:{partition}:{service}:{region}:{account}:*"
        statements = [_allow(account, [f"{service}:*"], own)]
        if service == "secretsmanager":
            statements.append(_allow(account, ["secretsmanager:GetRandomPassword"], "*"))
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def storage_policy(account: str, region: str) -> str:
    """Return what S3 is reachable for: the layers of images, and the account's own buckets."""
    layers = f"arn:{partition_of(region)}:s3:::prod-{region}-starport-layer-bucket/*"
    condition = {"StringEquals": {"aws:PrincipalAccount": account, "aws:ResourceAccount": account}}
    own = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                # By addresses that ECR signs for whoever may pull.
                {
                    "Effect": "Allow",
                    "Principal": "*",
                    "Action": "s3:GetObject",
                    "Resource": layers,
                },
                {**own, "Condition": condition},
            ],
        }
    )


def _allow(account: str, actions: Sequence[str], resource: str) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": "*",
        "Action": list(actions),
        "Resource": resource,
        "Condition": {"StringEquals": {"aws:PrincipalAccount": account}},
    }
