from collections.abc import Callable
from typing import Any

import pytest

from tests.infra.recorder import Deployment, Registration

GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
ALB, SERVICE, DATABASE = "todo-prod-alb-id", "todo-prod-service-id", "todo-prod-database-id"

Rule = tuple[Any, Any, Any, Any]


def rules(deployment: Deployment, type_: str) -> set[Rule]:
    """Return (group, from port, to port, the other side) of every rule."""
    return {
        (
            one.inputs["securityGroupId"],
            one.inputs["fromPort"],
            one.inputs["toPort"],
            one.inputs.get("referencedSecurityGroupId") or one.inputs["cidrIpv4"],
        )
        for one in deployment.all(type_)
    }


def test_each_group_accepts_only_the_one_before_it(prod: Deployment) -> None:
    assert rules(prod, INGRESS) == {
        (ALB, 443, 443, "0.0.0.0/0"),
        (ALB, 80, 80, "0.0.0.0/0"),
        (SERVICE, 8080, 8080, ALB),
        (DATABASE, 3306, 3306, SERVICE),
    }


def test_each_group_opens_connections_only_where_it_has_to(prod: Deployment) -> None:
    assert rules(prod, EGRESS) == {
        (ALB, 8080, 8080, SERVICE),
        (SERVICE, 3306, 3306, DATABASE),
        (SERVICE, 443, 443, "0.0.0.0/0"),
    }


@pytest.mark.parametrize("type_", [INGRESS, EGRESS])
def test_every_rule_is_for_tcp_only(prod: Deployment, type_: str) -> None:
    assert {one.inputs["ipProtocol"] for one in prod.all(type_)} == {"tcp"}


def test_groups_have_no_rules_beside_the_standalone_ones(prod: Deployment) -> None:
    groups: list[Registration] = prod.all(GROUP)
    assert len(groups) == 3
    assert all("ingress" not in one.inputs and "egress" not in one.inputs for one in groups)


def test_only_the_allowed_networks_reach_the_listener(
    deploy: Callable[..., Deployment],
) -> None:
    networks = ["203.0.113.0/24", "198.51.100.7/32"]
    open_to = {
        (port, source)
        for group, port, _, source in rules(
            deploy(loadBalancer={"ingressCidrs": networks}), INGRESS
        )
        if group == ALB
    }
    assert open_to == {(port, network) for port in (80, 443) for network in networks}


def test_without_a_certificate_only_the_http_port_is_open(local: Deployment) -> None:
    ports = {port for group, port, _, _ in rules(local, INGRESS) if group == "todo-local-alb-id"}
    assert ports == {80}
