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
        off: keys of `Pulumi.local.yaml`, or of the defaults, that switch it off.
    """

    part: str
    here: str
    aws: str
    off: tuple[str, ...] = ()


_EMULATOR = (
    Difference(
        part="Application Auto Scaling",
        here="target tracking and one-time schedules, by AWS's rules as far as they are published",
        aws="how late metrics come, how much at a time it takes away, cron(...) and rate(...)",
    ),
    Difference(
        part="load balancer",
        here="HAProxy with the checks, the drain and the rules that the stack asked for",
        aws="AWS's own: cross-zone traffic, access logs, its TLS policies, its limits",
    ),
    Difference(
        part="database",
        here="one container whose data ends with it; snapshots and restores are dumps and its log",
        aws="how long a restore takes and how late a moment can be; backups of a deleted database, "
        "storage encryption, failover, managed master password",
        off=(
            "databaseOperations.multiAz",
            "databaseOperations.managedMasterPassword",
            "databaseOperations.deletionProtection",
            "databaseOperations.protect",
            "databaseOperations.finalSnapshot",
            "databaseOperations.globalTransactionIds",
        ),
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

# What a stack at AWS may have and the local one has not: there is nothing here that it could do.
_SWITCHED_OFF = (
    Difference(
        part="alarms and budget",
        here="none: what is measured is what scaling needs, and nothing costs",
        aws="that they go off, tell people, and take a deployment back",
        off=("observability.alarms", "observability.monthlyBudgetUsd"),
    ),
    Difference(
        part="dashboard",
        here="none",
        aws="its graphs, and that they show what they say",
        off=("observability.dashboard",),
    ),
    Difference(
        part="audit trail, flow logs",
        here="none: nobody calls AWS, and no connection crosses its network",
        aws="what they record, and that nobody else reads or removes it",
        off=("audit.trail", "network.flowLogs"),
    ),
    Difference(
        part="firewall (WAF), access logs",
        here="none: every request reaches the load balancer, and no line of it is kept",
        aws="what managed rules and the rate limit refuse, and what the logs say",
        off=("loadBalancer.waf", "loadBalancer.accessLogs"),
    ),
    Difference(
        part="HTTPS from the browser",
        here="plain HTTP, without certificate and domain",
        aws="certificate, TLS policy, redirection of port 80",
        off=("loadBalancer.certificateArn", "loadBalancer.domain", "loadBalancer.hostedZoneId"),
    ),
    Difference(
        part="VPC endpoints",
        here="none: tasks reach the emulator by its name",
        aws="the way to AWS's services, and what the endpoints' policies refuse",
        off=("network.vpcEndpoints",),
    ),
    Difference(
        part="read replicas",
        here="none; the engine tests read from a pair of servers of their own",
        aws="replicas of RDS, their delay, and what becomes of reads when one is lost",
        off=("database.readReplicas",),
    ),
    Difference(
        part="RDS Proxy",
        here="none: tasks connect to the database itself",
        aws="the login through the proxy, and that it survives a failover",
        off=("databaseOperations.proxy",),
    ),
    Difference(
        part="rotation function",
        here="none; `make faults` changes the password by itself, and the app follows",
        aws="AWS's function: its way to the database, its schedule, a failure of it",
        off=("secrets.rotationDays",),
    ),
    Difference(
        part="what the database reports",
        here="the container's own output",
        aws="exported logs, Performance Insights, figures of the operating system",
        off=(
            "databaseOperations.logExports",
            "databaseOperations.performanceInsights",
            "databaseOperations.monitoringSeconds",
        ),
    ),
)


def differences() -> list[Difference]:
    """What the emulator does otherwise, what is off, and what this machine could not download."""
    found = [*_EMULATOR, *_SWITCHED_OFF]
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
