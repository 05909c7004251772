from collections.abc import Mapping
from typing import Any

import pytest

from todo_infra.config.load_balancer import LoadBalancer, contradictions

ARN = "arn:aws:acm:eu-west-1:111122223333:certificate/0a"
ZONE = "Z0123456789ABC"
DOMAIN = "todo.example.com"


def problems(**settings: Any) -> list[str]:  # noqa: ANN401 - each field has its own type
    return [str(one) for one in contradictions(LoadBalancer(**settings), "todo:loadBalancer")]


@pytest.mark.parametrize(
    ("settings", "serves_https"),
    [
        ({"certificate_arn": ARN, "domain": DOMAIN}, True),
        ({"domain": DOMAIN, "hosted_zone_id": ZONE}, True),
        ({"allow_plain_http": True}, False),
        ({"allow_plain_http": True, "certificate_arn": ARN, "domain": DOMAIN}, True),
    ],
)
def test_there_are_three_ways_to_be_reached(
    settings: Mapping[str, Any], serves_https: bool
) -> None:
    assert problems(**settings) == []
    assert LoadBalancer(**settings).serves_https is serves_https


def test_plain_http_is_asked_for_by_name() -> None:
    (problem,) = problems()
    assert problem.startswith("todo:loadBalancer.certificateArn is not set; allowed: the ARN of")
    assert "a todo:loadBalancer.domain with its hostedZoneId" in problem
    assert "set todo:loadBalancer.allowPlainHttp to true" in problem


def test_a_certificate_needs_the_name_it_is_for() -> None:
    (problem,) = problems(certificate_arn=ARN)
    assert problem == (
        "todo:loadBalancer.domain is not set; allowed: the name that the certificate is for. "
        "Give it: under the load balancer's own name, browsers refuse the certificate."
    )


def test_a_zone_and_a_certificate_exclude_each_other() -> None:
    (problem,) = problems(certificate_arn=ARN, domain=DOMAIN, hosted_zone_id=ZONE)
    assert problem == (
        "todo:loadBalancer.hostedZoneId is 'Z0123456789ABC'; allowed: nothing beside "
        "certificateArn. Remove todo:loadBalancer.certificateArn to have certificate and address "
        "made in that zone, or set the address yourself."
    )


def test_a_domain_needs_a_certificate_or_the_zone_that_answers_for_it() -> None:
    (problem,) = problems(domain=DOMAIN)
    assert problem == (
        "todo:loadBalancer.hostedZoneId is not set; allowed: the id of the hosted zone that "
        "answers for todo.example.com. Give it, and certificate and address of todo.example.com "
        "are made there; or give todo:loadBalancer.certificateArn."
    )


def test_a_zone_is_of_no_use_without_a_domain() -> None:
    (problem,) = problems(allow_plain_http=True, hosted_zone_id=ZONE)
    assert problem == (
        "todo:loadBalancer.hostedZoneId is 'Z0123456789ABC'; allowed: nothing without domain. "
        "Give todo:loadBalancer.domain too, or remove it."
    )
