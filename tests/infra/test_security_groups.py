from collections.abc import Callable
from typing import Any

import pytest

from tests.infra.recorder import Deployment, Registration, deploy_stack, make_project

GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
ALB, SERVICE, DATABASE = "todo-dev-alb-id", "todo-dev-service-id", "todo-dev-database-id"
# What CIDRs are for: who reaches the listener, and AWS services where there are no endpoints.
OUTSIDE = "0.0.0.0/0"

Rule = tuple[Any, Any, Any, Any]


def rules(deployment: Deployment, type_: str) -> set[Rule]:
    """Return (group, from port, to port, the other side) of every rule."""
    return {
        (
            one.inputs["securityGroupId"],
            one.inputs["fromPort"],
            one.inputs["toPort"],
            one.inputs.get("referencedSecurityGroupId")
            or one.inputs.get("prefixListId")
            or one.inputs["cidrIpv4"],
        )
        for one in deployment.all(type_)
    }


@pytest.fixture(scope="session")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """With a certificate, so that all listeners are there, and without endpoints."""
    project = make_project(tmp_path_factory.mktemp("dev"))
    certificate = "arn:aws:acm:eu-west-1:111122223333:certificate/0a"
    return deploy_stack(
        project, "dev", loadBalancer={"certificateArn": certificate, "domain": "todo.example.com"}
    )


def test_each_group_accepts_only_the_one_before_it(dev: Deployment) -> None:
    assert rules(dev, INGRESS) == {
        (ALB, 443, 443, OUTSIDE),
        (ALB, 80, 80, OUTSIDE),
        (SERVICE, 8080, 8080, ALB),
        (DATABASE, 3306, 3306, SERVICE),
    }


def test_each_group_opens_connections_only_where_it_has_to(dev: Deployment) -> None:
    assert rules(dev, EGRESS) == {
        (ALB, 8080, 8080, SERVICE),
        (SERVICE, 3306, 3306, DATABASE),
        (SERVICE, 443, 443, OUTSIDE),
    }


@pytest.mark.parametrize("type_", [INGRESS, EGRESS])
def test_every_rule_is_for_tcp_only(prod: Deployment, type_: str) -> None:
    assert {one.inputs["ipProtocol"] for one in prod.all(type_)} == {"tcp"}


def test_with_endpoints_no_rule_but_the_listeners_names_a_network(prod: Deployment) -> None:
    by_network = [
        one.inputs["securityGroupId"]
        for type_ in (INGRESS, EGRESS)
        for one in prod.all(type_)
        if "cidrIpv4" in one.inputs or "cidrIpv6" in one.inputs
    ]
    assert set(by_network) == {"todo-prod-alb-id"}
    assert {"cidrIpv4" in one.inputs for one in prod.all(EGRESS)} == {False}


def test_the_database_opens_no_connection(prod: Deployment) -> None:
    sources = {one.inputs["securityGroupId"] for one in prod.all(EGRESS)}
    assert "todo-prod-database-id" not in sources


def test_groups_have_no_rules_beside_the_standalone_ones(prod: Deployment) -> None:
    groups: list[Registration] = prod.all(GROUP)
    assert {"todo-prod-alb", "todo-prod-service", "todo-prod-database"} <= {
        one.name for one in groups
    }
    assert all("ingress" not in one.inputs and "egress" not in one.inputs for one in groups)
    assert all(one.inputs["revokeRulesOnDelete"] is True for one in groups)


def test_only_the_allowed_networks_reach_the_listener(
    deploy: Callable[..., Deployment],
) -> None:
    networks = ["203.0.113.0/24", "198.51.100.7/32"]
    open_to = {
        (port, source)
        for group, port, _, source in rules(
            deploy(loadBalancer={"ingressCidrs": networks}), INGRESS
        )
        if group == "todo-prod-alb-id"
    }
    assert open_to == {(port, network) for port in (80, 443) for network in networks}


def test_without_a_certificate_only_the_http_port_is_open(local: Deployment) -> None:
    ports = {port for group, port, _, _ in rules(local, INGRESS) if group == "todo-local-alb-id"}
    assert ports == {80}
