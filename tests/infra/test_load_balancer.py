from collections.abc import Callable

from tests.infra.recorder import TERRAFORM_OUTPUTS, Deployment

LISTENER = "aws:lb/listener:Listener"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
FORWARD = [{"type": "forward", "targetGroupArn": "arn:TargetGroup:todo-prod-tg"}]
Deploy = Callable[..., Deployment]


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
    assert prod.exports["url"] == "https://alb.example"


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
    before = deploy(loadBalancer={"certificateArn": None, "allowPlainHttp": True})
    assert before.one(LISTENER).name == prod.one(LISTENER, "todo-prod-http").name


def test_the_load_balancer_stands_in_the_public_subnets(prod: Deployment) -> None:
    inputs = prod.one(BALANCER).inputs
    assert inputs["subnets"] == TERRAFORM_OUTPUTS["public_subnet_ids"]
    assert inputs["securityGroups"] == ["todo-prod-alb-id"]


def test_the_load_balancer_drops_what_does_not_conform(prod: Deployment) -> None:
    inputs = prod.one(BALANCER).inputs
    assert inputs["dropInvalidHeaderFields"] is True
    assert inputs["desyncMitigationMode"] == "defensive"


def test_deletion_protection_is_loosened_by_name_only(prod: Deployment, local: Deployment) -> None:
    assert prod.one(BALANCER).inputs["enableDeletionProtection"] is True
    assert local.one(BALANCER).inputs["enableDeletionProtection"] is False


def test_a_task_gets_requests_only_while_it_is_ready(prod: Deployment) -> None:
    group = prod.one("aws:lb/targetGroup:TargetGroup").inputs
    assert (group["targetType"], group["port"], group["protocol"]) == ("ip", 8080, "HTTP")
    assert group["healthCheck"]["path"] == "/readyz"
    assert group["healthCheck"]["matcher"] == "200"
    assert group["healthCheck"]["timeout"] < group["healthCheck"]["interval"]
    assert group["deregistrationDelay"] <= 30
