"""Copies of the database that answer reads only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

__all__ = ["ReadReplicas", "ReadReplicasArgs", "replica_identifiers"]


@dataclass(frozen=True, kw_only=True)
class ReadReplicasArgs:
    """What is copied, and how the copies are run.

    Attributes:
        source: The database.
        identifiers: Of the replicas; see `replica_identifiers`.
        inputs: What database and replicas have in common.
        waits_for: What has to be there before.
    """

    source: aws.rds.Instance
    identifiers: Mapping[str, pulumi.Input[str]]
    inputs: Mapping[str, Any]
    waits_for: list[pulumi.Resource]


def replica_identifiers(source: pulumi.Input[str], count: int) -> dict[str, pulumi.Input[str]]:
    """Return the replicas' identifiers by the end of their resource names.

    Args:
        source: The database's identifier.
        count: How many replicas there are.
    """
    ends = [f"replica-{number}" for number in range(1, count + 1)]
    return {end: pulumi.Output.concat(source, "-", end) for end in ends}


class ReadReplicas(pulumi.ComponentResource):
    """Replicas in the database's own region and network.

    They hold nothing that the database does not, so nothing protects them, nor keeps a
    snapshot: fewer of them is a change like any other. Storage, key and subnets are the
    database's.

    Attributes:
        instances: The replicas.
    """

    instances: list[aws.rds.Instance]

    def __init__(
        self, name: str, args: ReadReplicasArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:ReadReplicas", name, None, opts)
        self.instances = [
            aws.rds.Instance(
                f"{name}-{end}",
                **args.inputs,
                identifier=identifier,
                replicate_source_db=args.source.identifier,
                skip_final_snapshot=True,
                opts=pulumi.ResourceOptions(parent=self, depends_on=args.waits_for),
            )
            for end, identifier in args.identifiers.items()
        ]
        self.register_outputs({})
