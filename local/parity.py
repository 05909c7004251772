"""What a local run does not exercise, so that nobody mistakes it for AWS."""

from __future__ import annotations

from dataclasses import dataclass

from local import images, pulumi_engine
from local.workspace import Workspace

__all__ = ["Difference", "differences", "parity"]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing that a local run does otherwise than AWS.

    Attributes:
        part: what differs.
        here: what a local run does.
        aws: what that leaves untried.
    """

    part: str
    here: str
    aws: str


_EMULATOR = (
    Difference(
        part="Application Auto Scaling",
        here="targets and policies are stored",
        aws="scaling in and out: the number of tasks stays as it is",
    ),
    Difference(
        part="load balancer",
        here="forwards to every task, by its name as host",
        aws="health checks, draining of connections, TLS",
    ),
    Difference(
        part="order of containers in a task",
        here="all start at once; the app waits for its schema",
        aws="`dependsOn` holding the app back until the migration succeeded",
    ),
    Difference(
        part="limits of containers",
        here="not applied: CPU, memory, user, read-only root, dropped capabilities",
        aws="all of them",
    ),
    Difference(
        part="database",
        here="one container whose data ends with it",
        aws="storage encryption, backups, failover, managed master password",
    ),
    Difference(
        part="image scans, spare capacity",
        here="no scanner; every task runs on demand",
        aws="`make scan`; tasks that AWS takes away",
    ),
    Difference(
        part="security groups, IAM",
        here="stored, not enforced; tasks get keys that nobody checks",
        aws="who may reach what; what a role may do",
    ),
)


def differences() -> list[Difference]:
    """The emulator's differences, and those of what this machine could not download."""
    found = list(_EMULATOR)
    if not pulumi_engine.is_official():
        found.append(
            Difference(
                part="Pulumi engine",
                here="built from its Go modules; AWS plugin over Pulumi's Terraform bridge",
                aws="Pulumi's own builds of CLI and plugins, and AWS provider 6",
            )
        )
    found += [
        Difference(
            part=official,
            here="a stand-in of Debian packages" + (" (MariaDB)" if "mysql" in official else ""),
            aws=f"the official image {official}",
        )
        for official in images.stand_ins()
    ]
    return found


def parity(_workspace: Workspace) -> int:
    """Print the differences."""
    print("A local run is the same program, but it does not exercise all that AWS does.\n")
    for difference in differences():
        print(
            f"  {difference.part}\n    here     {difference.here}\n    untried  {difference.aws}\n"
        )
    return 0
