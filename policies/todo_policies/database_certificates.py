"""Who signs the certificates of databases, and until when that holds."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from pulumi_policy import Severity

from todo_policies.parameters import parameter
from todo_policies.reading import shown
from todo_policies.resource_types import CLUSTER, CLUSTER_INSTANCE, INSTANCE
from todo_policies.rule import ResourceRule, Subject
from todo_policies.waivers import today

__all__ = ["AUTHORITIES", "DATABASE_CA_CURRENT", "ca_rule"]

AUTHORITIES = {
    "rds-ca-2015": dt.date(2020, 3, 5),
    "rds-ca-2019": dt.date(2024, 8, 22),
    "rds-ca-rsa2048-g1": dt.date(2061, 5, 18),
    "rds-ca-rsa4096-g1": dt.date(2121, 5, 18),
    "rds-ca-ecc384-g1": dt.date(2121, 5, 18),
}
"""Last full day of each authority, in the region where it ends first.

The living ones are those of AWS's bundle in app/certs, to which a test holds them; the others are
of https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html.
"""


@dataclass(frozen=True, kw_only=True)
class AuthorityParameters:
    """How long an authority has to last."""

    minimum_days: int = parameter(
        365, "Days that the authority has to be valid for, from today on.", minimum=0
    )


def _outdated(
    database: Subject, parameters: AuthorityParameters, *, clock: Callable[[], dt.date] = today
) -> Iterator[str]:
    if database.resource_type == CLUSTER and not database.props.get("dbClusterInstanceClass"):
        return  # Aurora's members name their own
    key = "caCertificateIdentifier" if database.resource_type == CLUSTER else "caCertIdentifier"
    authority = database.props.get(key)
    if authority not in AUTHORITIES:
        yield f"{key} is {shown(authority)}: allowed are {', '.join(AUTHORITIES)}."
        return
    end = AUTHORITIES[authority]
    if (end - clock()).days < parameters.minimum_days:
        yield f"{key} is {authority}, which ends on {end}."


DATABASE_CA_CURRENT = ResourceRule(
    name="database-ca-current",
    severity=Severity.HIGH,
    why="The authority behind a database's certificate is named and far from its end: past it, "
    "every client that verifies is locked out, and those that do not are not safe.",
    fix="Set ca_cert_identifier to rds-ca-rsa2048-g1, which clients of AWS's global bundle trust.",
    controls=(),
    waivable=False,
    parameters=AuthorityParameters(),
    resource_types=frozenset({INSTANCE, CLUSTER, CLUSTER_INSTANCE}),
    check=_outdated,
)


def ca_rule(clock: Callable[[], dt.date]) -> ResourceRule:
    """Return the rule, judged on the day that a clock gives."""
    return replace(DATABASE_CA_CURRENT, check=partial(_outdated, clock=clock))
