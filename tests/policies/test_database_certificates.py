import datetime as dt
import re
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pulumi_policy import ResourceValidationArgs

from todo_policies.database_certificates import AUTHORITIES, ca_rule
from todo_policies.waivers import Ledger

if TYPE_CHECKING:
    from tests.policies.conftest import Stack

RULE = "database-ca-current"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
BUNDLE = Path(__file__).parents[2] / "app" / "certs" / "aws-rds-global-bundle.pem"
ALLOWED = ", ".join(AUTHORITIES)


def ends(bundle: Path) -> dict[str, dt.date]:
    """The last full day of each kind of authority, in the region where it ends first."""
    context = ssl.create_default_context(cafile=bundle)
    found: dict[str, dt.date] = {}
    for certificate in context.get_ca_certs():
        subject: dict[str, str] = dict(pair[0] for pair in certificate["subject"])  # type: ignore[misc]
        kind = re.search(r"Root CA (\w+) (G\d)$", subject["commonName"])
        if kind:
            name = f"rds-ca-{kind[1]}-{kind[2]}".lower()
            seconds = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
            end = dt.datetime.fromtimestamp(seconds, dt.UTC).date()
            found[name] = min(end, found.get(name, end))
    return found


def test_the_dates_are_those_of_the_bundle_that_clients_trust() -> None:
    living = {name: end for name, end in AUTHORITIES.items() if end.year > 2026}
    assert ends(BUNDLE) == living


@pytest.mark.parametrize("kind", ["rsa2048", "rsa4096", "ecc384"])
def test_a_living_authority_passes(stack: "Stack", kind: str) -> None:
    stack["database"].props["caCertIdentifier"] = f"rds-ca-{kind}-g1"
    assert stack.problems(RULE) == []


def test_an_ended_authority_is_named_with_its_end(stack: "Stack") -> None:
    stack["database"].props["caCertIdentifier"] = "rds-ca-2019"
    assert stack.problems(RULE) == [
        "database: caCertIdentifier is rds-ca-2019, which ends on 2024-08-22."
    ]


@pytest.mark.parametrize(
    ("value", "state"), [(None, "not set"), ("", ""), ("RDS-CA-RSA2048-G1", "RDS-CA-RSA2048-G1")]
)
def test_an_authority_that_nobody_knows_is_refused(
    stack: "Stack", value: object, state: str
) -> None:
    stack["database"].props["caCertIdentifier"] = value
    assert stack.problems(RULE) == [
        f"database: caCertIdentifier is {state}: allowed are {ALLOWED}."
    ]


def test_an_unknown_authority_is_a_violation(stack: "Stack") -> None:
    stack["database"].props["caCertIdentifier"] = UNKNOWN
    assert stack.breaking(RULE) == ["database"]


def judge_on(day: dt.date, stack: "Stack", **config: Any) -> list[str]:  # noqa: ANN401
    found: list[str] = []

    def report(message: str, _urn: str | None) -> None:
        found.append(message)

    policy = ca_rule(clock=lambda: day).policy(Ledger())
    args: list[ResourceValidationArgs] = stack._validation_args(config)
    for one in args:
        policy.validate(one, report)
    return found


def test_it_has_to_last_for_the_days_that_are_asked_for(stack: "Stack") -> None:
    end = AUTHORITIES["rds-ca-rsa2048-g1"]
    assert judge_on(end - dt.timedelta(days=365), stack) == []
    assert len(judge_on(end - dt.timedelta(days=364), stack)) == 1
    assert judge_on(end - dt.timedelta(days=30), stack, minimumDays=30.0) == []
    assert len(judge_on(end + dt.timedelta(days=1), stack, minimumDays=0.0)) == 1


def test_members_of_an_aurora_cluster_name_theirs(stack: "Stack") -> None:
    resource = type(stack["database"])
    stack["cluster"] = resource(type="aws:rds/cluster:Cluster", props={})
    stack["member"] = resource(type="aws:rds/clusterInstance:ClusterInstance", props={})
    assert stack.breaking(RULE) == ["member"]


def test_a_multi_az_cluster_names_its_own(stack: "Stack") -> None:
    props = {"dbClusterInstanceClass": "db.m5d.large", "caCertificateIdentifier": "rds-ca-2019"}
    stack["cluster"] = type(stack["database"])(type="aws:rds/cluster:Cluster", props=props)
    assert stack.problems(RULE) == [
        "cluster: caCertificateIdentifier is rds-ca-2019, which ends on 2024-08-22."
    ]
