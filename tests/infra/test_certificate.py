from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.infra import cloud
from tests.infra.recorder import Deployment, deploy_stack
from todo_infra.errors import InfrastructureError

Deploy = Callable[..., Deployment]
ZONE = "Z0123456789ABC"
GET_ZONE = "aws:route53/getZone:getZone"


def settings(domain: str = "todo.example.com") -> dict[str, Any]:
    return {"certificateArn": None, "domain": domain, "hostedZoneId": ZONE}


def test_the_certificate_is_for_the_domain_and_proven_in_dns(deploy: Deploy) -> None:
    deployment = deploy(loadBalancer=settings())
    certificate = deployment.one("aws:acm/certificate:Certificate").inputs
    assert certificate["domainName"] == "todo.example.com"
    assert certificate["validationMethod"] == "DNS"


def test_the_proof_is_in_the_domains_zone_and_may_be_there_already(deploy: Deploy) -> None:
    proof = deploy(loadBalancer=settings()).one(
        "aws:route53/record:Record", "todo-prod-certificate"
    )
    assert proof.inputs == {
        "zoneId": ZONE,
        "name": "_proof.todo.example.com.",
        "type": "CNAME",
        "records": ["_value.acm-validations.aws."],
        "ttl": 300,
        "allowOverwrite": True,
    }


def test_the_certificate_is_used_once_it_is_issued(deploy: Deploy) -> None:
    issued = deploy(loadBalancer=settings()).one(
        "aws:acm/certificateValidation:CertificateValidation"
    )
    assert issued.inputs == {
        "certificateArn": "arn:Certificate:todo-prod-certificate",
        "validationRecordFqdns": ["_proof.todo.example.com"],
    }


def refusal(project: Path, **changes: Any) -> str:  # noqa: ANN401 - any config
    """Run the program, which has to stop before any resource, and return its message."""
    recorded = Deployment()
    with pytest.raises(InfrastructureError) as caught:
        deploy_stack(project, "prod", recorded, **changes)
    assert recorded.without_stack() == []
    return str(caught.value)


@pytest.mark.parametrize("domain", ["example.com", "todo.example.com", "a.b.example.com"])
def test_a_zone_answers_for_its_own_name_and_those_below(deploy: Deploy, domain: str) -> None:
    deployment = deploy(loadBalancer=settings(domain))
    assert deployment.exports["url"] == f"https://{domain}"
    assert deployment.calls[GET_ZONE] == [{"zoneId": ZONE}]


def test_without_a_domain_no_zone_is_looked_up(prod: Deployment) -> None:
    assert GET_ZONE not in prod.calls


@pytest.mark.parametrize("domain", ["todo.example.org", "todo-example.com", "myexample.com"])
def test_refuses_a_zone_that_the_proof_would_never_be_found_in(project: Path, domain: str) -> None:
    assert refusal(project, loadBalancer=settings(domain)) == (
        f"hosted zone {ZONE} is example.com, which {domain} is not in. Set "
        "todo:loadBalancer.hostedZoneId to the zone of the domain."
    )


def test_refuses_a_private_zone(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private = {"name": "example.com.", "privateZone": True}
    monkeypatch.setattr("tests.infra.recorder.CALLS", {**cloud.CALLS, GET_ZONE: lambda _: private})
    assert refusal(project, loadBalancer=settings()) == (
        f"hosted zone {ZONE} (example.com) is private, and a certificate's domain is proven in a "
        "public one. Set todo:loadBalancer.hostedZoneId to that."
    )
