import json
from collections.abc import Callable
from typing import Any

import pulumi_aws as aws
import pytest

from tests.infra import cloud
from tests.infra.recorder import TERRAFORM_OUTPUTS, Deployment
from todo_infra.endpoint_policies import interface_policy, storage_policy
from todo_infra.endpoints import route_tables
from todo_infra.errors import InfrastructureError
from todo_infra.terraform_outputs import Repository

Deploy = Callable[..., Deployment]
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
PRIVATE = TERRAFORM_OUTPUTS["private_subnet_ids"]
INTERFACES = {
    "todo-prod-ecr-api": "com.amazonaws.eu-west-1.ecr.api",
    "todo-prod-ecr-dkr": "com.amazonaws.eu-west-1.ecr.dkr",
    "todo-prod-logs": "com.amazonaws.eu-west-1.logs",
    "todo-prod-secretsmanager": "com.amazonaws.eu-west-1.secretsmanager",
}
ACCOUNT = "111122223333"
REPOSITORY = Repository(url="", account="444455556666", region="eu-west-1", name="todo")
OURS = {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}


def answer(monkeypatch: pytest.MonkeyPatch, token: str, call: Callable[[Any], Any]) -> None:
    monkeypatch.setattr("tests.infra.recorder.CALLS", {**cloud.CALLS, token: call})


def policy_of(service: str) -> list[dict[str, Any]]:
    policy = json.loads(interface_policy(service, ACCOUNT, "eu-west-1", REPOSITORY))
    statements: list[dict[str, Any]] = policy["Statement"]
    return statements


def test_what_tasks_call_is_inside_the_network(prod: Deployment) -> None:
    interfaces = [one for one in prod.all(ENDPOINT) if one.inputs["vpcEndpointType"] == "Interface"]
    assert {one.name: one.inputs["serviceName"] for one in interfaces} == INTERFACES
    for one in interfaces:
        assert one.inputs["vpcId"] == TERRAFORM_OUTPUTS["vpc_id"]
        assert one.inputs["subnetIds"] == PRIVATE
        assert one.inputs["securityGroupIds"] == ["todo-prod-endpoints-id"]
        assert one.inputs["privateDnsEnabled"] is True


def test_the_way_to_s3_is_in_the_route_tables_of_the_private_subnets(prod: Deployment) -> None:
    storage = prod.one(ENDPOINT, "todo-prod-s3").inputs
    assert storage["vpcEndpointType"] == "Gateway"
    assert storage["serviceName"] == "com.amazonaws.eu-west-1.s3"
    assert storage["routeTableIds"] == [f"rtb-of-{subnet}" for subnet in PRIVATE]


def test_a_route_table_that_subnets_share_is_named_once(
    deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "aws:ec2/getRouteTable:getRouteTable"
    answer(monkeypatch, token, lambda _: {"routeTableId": "rtb-shared"})
    storage = deploy().one(ENDPOINT, "todo-prod-s3").inputs
    assert storage["routeTableIds"] == ["rtb-shared"]


def test_an_entrance_takes_one_subnet_of_each_zone(
    deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    subnets = [*PRIVATE, "subnet-0ccccccccccccccc1"]
    monkeypatch.setitem(TERRAFORM_OUTPUTS, "private_subnet_ids", subnets)
    # The fixture of the project has written the state before.
    token = "terraform:state:getLocalReference"
    answer(monkeypatch, token, lambda _: {"outputs": TERRAFORM_OUTPUTS})
    deployment = deploy()
    assert deployment.one(ENDPOINT, "todo-prod-logs").inputs["subnetIds"] == PRIVATE
    assert len(deployment.one(ENDPOINT, "todo-prod-s3").inputs["routeTableIds"]) == 3


def test_the_entrances_accept_the_service_and_open_nothing(prod: Deployment) -> None:
    group = prod.one(GROUP, "todo-prod-endpoints").inputs
    assert "ingress" not in group
    assert "egress" not in group
    accepted = [
        tuple(one.inputs[key] for key in ("referencedSecurityGroupId", "fromPort", "toPort"))
        for one in prod.all(INGRESS)
        if one.inputs["securityGroupId"] == "todo-prod-endpoints-id"
    ]
    assert ("todo-prod-service-id", 443, 443) in accepted
    assert {ports[1:] for ports in accepted} == {(443, 443)}
    assert "todo-prod-endpoints-id" not in {
        one.inputs["securityGroupId"] for one in prod.all(EGRESS)
    }


def test_tasks_reach_entrances_and_image_layers_and_no_other_place(prod: Deployment) -> None:
    egress = [
        one.inputs
        for one in prod.all(EGRESS)
        if one.inputs["securityGroupId"] == "todo-prod-service-id" and one.inputs["toPort"] == 443
    ]
    assert {one.get("referencedSecurityGroupId") or one["prefixListId"] for one in egress} == {
        "todo-prod-endpoints-id",
        "pl-of-todo-prod-s3",
    }
    assert all("cidrIpv4" not in one and one["fromPort"] == 443 for one in egress)


def test_who_pulls_no_image_does_not_reach_its_layers(deploy: Deploy) -> None:
    egress = deploy(secrets={"rotationDays": 30}).all(EGRESS)
    to_storage = {one.inputs["securityGroupId"] for one in egress if "prefixListId" in one.inputs}
    to_entrances = {
        one.inputs["securityGroupId"]
        for one in egress
        if one.inputs.get("referencedSecurityGroupId") == "todo-prod-endpoints-id"
    }
    assert to_storage == {"todo-prod-service-id"}
    assert to_entrances == {"todo-prod-service-id", "todo-prod-app-rotation-id"}


def test_tasks_start_when_their_way_is_there(prod: Deployment) -> None:
    waits_for = prod.one("aws:ecs/service:Service").waits_for
    assert {"todo-prod-service-to-endpoints-egress", "todo-prod-service-to-storage"} <= waits_for
    assert set(INTERFACES) <= prod.one(EGRESS, "todo-prod-service-to-endpoints-egress").waits_for


def test_ecr_is_for_pulling_the_one_image() -> None:
    assert policy_of("ecr.dkr") == policy_of("ecr.api")
    token, pull = policy_of("ecr.api")
    assert (token["Action"], token["Resource"]) == (["ecr:GetAuthorizationToken"], "*")
    assert pull["Resource"] == "arn:aws:ecr:eu-west-1:444455556666:repository/todo"
    assert pull["Action"] == [
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:GetDownloadUrlForLayer",
    ]


@pytest.mark.parametrize("service", ["kms", "logs", "secretsmanager"])
def test_other_services_are_for_what_is_the_accounts_own(service: str) -> None:
    first = policy_of(service)[0]
    assert first["Action"] == [f"{service}:*"]
    assert first["Resource"] == f"arn:aws:{service}:eu-west-1:{ACCOUNT}:*"


def test_what_knows_no_resource_is_listed_by_name() -> None:
    everywhere = {
        (service, *one["Action"])
        for service in ("ecr.api", "kms", "logs", "secretsmanager", "ssmmessages")
        for one in policy_of(service)
        if one["Resource"] == "*"
    }
    assert everywhere == {
        ("ecr.api", "ecr:GetAuthorizationToken"),
        ("secretsmanager", "secretsmanager:GetRandomPassword"),
        ("ssmmessages", "ssmmessages:*"),
    }


@pytest.mark.parametrize(
    "service", ["ecr.api", "ecr.dkr", "kms", "logs", "secretsmanager", "ssmmessages"]
)
def test_every_entrance_is_for_identities_of_this_account(service: str) -> None:
    for one in policy_of(service):
        assert (one["Effect"], one["Principal"], one["Condition"]) == ("Allow", "*", OURS)


def test_s3_is_for_image_layers_and_the_accounts_own_buckets() -> None:
    layers, own = json.loads(storage_policy(ACCOUNT, "eu-west-1"))["Statement"]
    assert (layers["Action"], layers["Resource"]) == (
        "s3:GetObject",
        "arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*",
    )
    assert own["Condition"] == {
        "StringEquals": {"aws:PrincipalAccount": ACCOUNT, "aws:ResourceAccount": ACCOUNT}
    }


def test_the_deployed_policies_are_those_that_are_tested_here(prod: Deployment) -> None:
    ours = Repository(url="", account=ACCOUNT, region="eu-west-1", name="todo")
    for name, service in INTERFACES.items():
        short = service.removeprefix("com.amazonaws.eu-west-1.")
        expected = interface_policy(short, ACCOUNT, "eu-west-1", ours)
        assert prod.one(ENDPOINT, name).inputs["policy"] == expected
    storage = prod.one(ENDPOINT, "todo-prod-s3").inputs["policy"]
    assert storage == storage_policy(ACCOUNT, "eu-west-1")


def test_refuses_a_subnet_without_a_route_table(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(**_: str) -> None:
        raise LookupError("query returned no results.\nmore")

    monkeypatch.setattr(aws.ec2, "get_route_table", nothing)
    with pytest.raises(InfrastructureError) as caught:
        route_tables(PRIVATE)
    assert str(caught.value) == (
        f"the route table of subnet {PRIVATE[0]} cannot be looked up: query returned no results. "
        "The way to S3 goes into it, so the subnet has to be associated with one; or set "
        "todo:network.vpcEndpoints to false."
    )


@pytest.mark.parametrize("stack", ["dev", "local"])
def test_there_are_none_unless_they_are_asked_for(deploy: Deploy, stack: str) -> None:
    deployment = deploy(stack)
    assert deployment.all(ENDPOINT) == []
    assert f"todo-{stack}-endpoints" not in [one.name for one in deployment.registrations]
    assert "aws:ec2/getRouteTable:getRouteTable" not in deployment.calls
    (anywhere,) = [one for one in deployment.all(EGRESS) if "cidrIpv4" in one.inputs]
    assert anywhere.inputs["securityGroupId"] == f"todo-{stack}-service-id"
    assert (anywhere.inputs["cidrIpv4"], anywhere.inputs["toPort"]) == ("0.0.0.0/0", 443)


def test_tasks_that_people_enter_reach_what_that_takes(deploy: Callable[..., Deployment]) -> None:
    def services(deployment: Deployment) -> set[str]:
        return {one.inputs["serviceName"].split(".", 3)[3] for one in deployment.all(ENDPOINT)}

    closed, opened = deploy(), deploy(deployment={"allowExec": True})
    assert services(opened) - services(closed) == {"ssmmessages", "kms"}
