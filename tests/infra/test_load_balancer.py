import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.infra.recorder import PROJECT_ROOT, TERRAFORM_OUTPUTS, Deployment

LISTENER = "aws:lb/listener:Listener"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
FORWARD = [{"type": "forward", "targetGroupArn": "arn:TargetGroup:todo-prod-tg"}]
Deploy = Callable[..., Deployment]
PLAIN = {"certificateArn": None, "domain": None, "allowPlainHttp": True}
DOMAIN = {
    "certificateArn": None,
    "domain": "todo.example.com",
    "hostedZoneId": "Z0123456789ABC",
}


def test_https_serves_and_http_only_redirects(prod: Deployment) -> None:
    https = prod.one(LISTENER, "todo-prod-https").inputs
    assert (https["port"], https["protocol"]) == (443, "HTTPS")
    assert https["sslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
    assert https["certificateArn"].startswith("arn:aws:acm:eu-west-1:")
    assert https["defaultActions"] == FORWARD
    http = prod.one(LISTENER, "todo-prod-http").inputs
    assert (http["port"], http["protocol"]) == (80, "HTTP")
    assert http["defaultActions"] == [
        {
            "type": "redirect",
            "redirect": {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"},
        }
    ]
    # Not the load balancer's own name, for which there is no certificate.
    assert prod.exports["url"] == "https://todo.example.com"


def test_plain_http_serves_only_without_a_certificate(local: Deployment) -> None:
    listener = local.one(LISTENER).inputs
    assert (listener["port"], listener["protocol"]) == (80, "HTTP")
    assert [action["type"] for action in listener["defaultActions"]] == ["forward"]
    assert local.exports["url"] == "http://alb.example"


def test_a_certificate_wins_over_the_permission_for_plain_http(deploy: Deploy) -> None:
    listeners = deploy(loadBalancer={"allowPlainHttp": True}).all(LISTENER)
    actions = {one.inputs["port"]: one.inputs["defaultActions"][0]["type"] for one in listeners}
    assert actions == {443: "forward", 80: "redirect"}


def test_a_first_certificate_changes_the_http_listener_in_place(
    prod: Deployment, deploy: Deploy
) -> None:
    before = deploy(loadBalancer=PLAIN)
    assert before.one(LISTENER).name == prod.one(LISTENER, "todo-prod-http").name


def test_the_load_balancer_stands_in_the_public_subnets(prod: Deployment) -> None:
    inputs = prod.one(BALANCER).inputs
    assert inputs["subnets"] == TERRAFORM_OUTPUTS["public_subnet_ids"]
    assert inputs["securityGroups"] == ["todo-prod-alb-id"]


def test_the_load_balancer_drops_what_does_not_conform(prod: Deployment) -> None:
    inputs = prod.one(BALANCER).inputs
    assert inputs["dropInvalidHeaderFields"] is True
    assert inputs["desyncMitigationMode"] == "defensive"


def test_the_application_learns_who_asks_and_under_which_name(prod: Deployment) -> None:
    inputs = prod.one(BALANCER).inputs
    assert inputs["xffHeaderProcessingMode"] == "append"
    assert inputs["preserveHostHeader"] is True
    # The last address in the chain is the load balancer's word.
    assert environment(prod)["FORWARDED_HOPS"] == "1"


def environment(deployment: Deployment) -> dict[str, str]:
    variables = deployment.containers()["app"]["environment"]
    return {one["name"]: one["value"] for one in variables}


def test_clients_talk_http2_over_connections_that_are_kept(prod: Deployment) -> None:
    inputs = prod.one(BALANCER).inputs
    assert inputs["enableHttp2"] is True
    assert inputs["ipAddressType"] == "ipv4"
    assert 60 <= inputs["clientKeepAlive"] <= 3600


def test_the_load_balancer_closes_an_idle_connection_before_the_application_does(
    prod: Deployment,
) -> None:
    server = (PROJECT_ROOT / "app" / "todo_app" / "server.py").read_text()
    (kept,) = re.findall(r"^_HEAD_MILLISECONDS: Final = ([\d_]+)$", server, re.MULTILINE)
    assert prod.one(BALANCER).inputs["idleTimeout"] * 1000 < int(kept)


def test_a_load_balancer_without_its_firewall_answers_nobody(prod: Deployment) -> None:
    assert prod.one(BALANCER).inputs["enableWafFailOpen"] is False


@pytest.mark.parametrize("type_", ["aws:acm/certificate:Certificate", "aws:route53/record:Record"])
def test_without_a_domain_nothing_is_written_into_dns(prod: Deployment, type_: str) -> None:
    assert prod.all(type_) == []


def test_a_domain_is_where_the_application_is_opened(deploy: Deploy) -> None:
    deployment = deploy(loadBalancer=DOMAIN)
    address = deployment.one("aws:route53/record:Record", "todo-prod-address").inputs
    assert (address["zoneId"], address["name"], address["type"]) == (
        "Z0123456789ABC",
        "todo.example.com",
        "A",
    )
    assert address["aliases"] == [
        {"name": "alb.example", "zoneId": "zone-of-load-balancers", "evaluateTargetHealth": True}
    ]
    assert deployment.exports["url"] == "https://todo.example.com"


def test_a_domain_gets_https_with_its_own_certificate(deploy: Deploy) -> None:
    deployment = deploy(loadBalancer=DOMAIN)
    https = deployment.one(LISTENER, "todo-prod-https").inputs
    assert https["certificateArn"] == "issued:arn:Certificate:todo-prod-certificate"
    http = deployment.one(LISTENER, "todo-prod-http").inputs
    assert [action["type"] for action in http["defaultActions"]] == ["redirect"]


def test_deletion_protection_is_loosened_by_name_only(prod: Deployment, local: Deployment) -> None:
    assert prod.one(BALANCER).inputs["enableDeletionProtection"] is True
    assert local.one(BALANCER).inputs["enableDeletionProtection"] is False


def test_a_task_gets_requests_only_while_it_is_ready(prod: Deployment) -> None:
    group = prod.one("aws:lb/targetGroup:TargetGroup").inputs
    assert (group["targetType"], group["port"], group["protocol"]) == ("ip", 8080, "HTTP")
    assert group["healthCheck"]["path"] == "/readyz"
    assert group["healthCheck"]["matcher"] == "200"
    assert group["healthCheck"]["timeout"] < group["healthCheck"]["interval"]
    assert group["healthCheck"]["interval"] == 5
    assert group["deregistrationDelay"] <= 30


def test_a_slow_task_gets_fewer_requests(prod: Deployment) -> None:
    group = prod.one("aws:lb/targetGroup:TargetGroup").inputs
    assert group["loadBalancingAlgorithmType"] == "least_outstanding_requests"


def crowd(begins: datetime) -> dict[str, Any]:
    form, ends = "%Y-%m-%dT%H:%MZ", begins + timedelta(hours=4)
    times = {"from": f"{begins:{form}}", "until": f"{ends:{form}}"}
    return {"events": [{"name": "sale", "peakRequestsPerSecond": 6000, **times}]}


def test_capacity_is_there_before_a_crowd_that_comes_at_once(deploy: Deploy) -> None:
    soon = datetime.now(UTC) + timedelta(hours=2)
    inputs = deploy(capacity=crowd(soon)).one(BALANCER).inputs
    assert inputs["minimumLoadBalancerCapacity"] == {"capacityUnits": 100}


def test_no_capacity_is_paid_for_long_before_a_crowd_or_without_one(
    prod: Deployment, deploy: Deploy
) -> None:
    later = datetime.now(UTC) + timedelta(days=3)
    for deployment in (prod, deploy(capacity=crowd(later))):
        assert "minimumLoadBalancerCapacity" not in deployment.one(BALANCER).inputs
