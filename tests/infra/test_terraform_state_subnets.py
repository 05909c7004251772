"""What AWS is asked about the subnets, and what has to be true of them."""

import json
from pathlib import Path

import pytest

from tests.infra.recorder import TERRAFORM_OUTPUTS
from tests.infra.terraform_bridge import SUBNETS, Cloud, read_state, state_named
from todo_infra.config import TerraformState
from todo_infra.errors import InfrastructureError

VPC = TERRAFORM_OUTPUTS["vpc_id"]
PUBLIC = TERRAFORM_OUTPUTS["public_subnet_ids"]
PRIVATE = TERRAFORM_OUTPUTS["private_subnet_ids"]
PLAIN = TerraformState(path="plain.json")
NESTED = TerraformState(
    path="nested.json",
    outputs={
        "vpc_id": "network.vpc.id",
        "public_subnet_ids": "network.public.*.id",
        "private_subnet_ids": "network.private.*.id",
        "repository_url": "registries.todo.repository_url",
    },
)


def complaint(changes: dict[str, str], settings: TerraformState = NESTED) -> str:
    """What is said when these subnets are in other zones than they seem to be."""
    moved = {subnet: (VPC, zone) for subnet, zone in changes.items()}
    with pytest.raises(InfrastructureError) as caught:
        read_state(settings, Cloud({**SUBNETS, **moved}))
    return str(caught.value)


def test_every_subnet_is_looked_up_by_default() -> None:
    cloud = Cloud()
    read_state(PLAIN, cloud)
    assert cloud.looked_up() == [*PUBLIC, *PRIVATE]


def test_nothing_is_looked_up_when_that_is_switched_off() -> None:
    cloud = Cloud(subnets={})
    existing = read_state(TerraformState(path="plain.json", verify_subnets=False), cloud)
    assert existing.availability_zones == ("eu-west-1a", "eu-west-1b")
    assert cloud.looked_up() == []


def test_zones_that_the_state_does_not_name_are_those_of_the_subnets() -> None:
    assert read_state(NESTED).availability_zones == ("eu-west-1a", "eu-west-1b")


def test_without_look_ups_the_state_has_to_name_the_zones() -> None:
    settings = TerraformState(path="nested.json", outputs=NESTED.outputs, verify_subnets=False)
    assert "output availability_zones is missing" in complaint({}, settings)


def test_a_subnet_that_is_not_there_is_named_with_the_reason() -> None:
    with pytest.raises(InfrastructureError) as caught:
        read_state(PLAIN, Cloud(subnets={}))
    message = str(caught.value)
    assert f"subnet {PUBLIC[0]} cannot be looked up: no matching EC2 Subnet found. " in message
    assert "set todo:terraformState.verifySubnets to false" in message
    assert "\n" not in message


@pytest.mark.parametrize("subnet", [*PUBLIC, *PRIVATE])
def test_a_subnet_of_another_vpc_is_refused(subnet: str) -> None:
    elsewhere = {subnet: ("vpc-0fffffffffffffff1", "eu-west-1a")}
    with pytest.raises(InfrastructureError) as caught:
        read_state(PLAIN, Cloud({**SUBNETS, **elsewhere}))
    assert f"subnet {subnet} is in vpc-0fffffffffffffff1, and output vpc_id is {VPC}." in str(
        caught.value
    )


@pytest.mark.parametrize(
    ("subnets", "name"), [(PUBLIC, "public_subnet_ids"), (PRIVATE, "private_subnet_ids")]
)
def test_subnets_in_one_zone_only_are_refused(subnets: list[str], name: str) -> None:
    message = complaint(dict.fromkeys(subnets, "eu-west-1a"))
    assert f"the subnets of output {name} are all in eu-west-1a; load balancer and " in message


def test_two_public_subnets_in_one_zone_are_refused() -> None:
    message = complaint(dict.fromkeys(PUBLIC, "eu-west-1a"))
    assert "output public_subnet_ids has 2 subnets in eu-west-1a; a load balancer takes" in message


def test_tasks_where_the_load_balancer_is_not_are_refused() -> None:
    message = complaint({PRIVATE[1]: "eu-west-1c"})
    assert "eu-west-1c has private subnets and no public one; a load balancer" in message


def test_zones_of_the_state_that_are_not_the_subnets_are_refused() -> None:
    message = complaint({PUBLIC[1]: "eu-west-1c", PRIVATE[1]: "eu-west-1c"}, PLAIN)
    assert message.endswith(
        "does not fit: output availability_zones is eu-west-1a, eu-west-1b, and the subnets are "
        "in eu-west-1a, eu-west-1c. Run `terraform apply`, or leave the output out: the zones are "
        "looked up."
    )


def test_two_private_subnets_may_share_a_zone(tmp_path: Path) -> None:
    third = "subnet-0bbbbbbbbbbbbbbb3"
    state = state_named("plain")
    state["outputs"]["private_subnet_ids"]["value"].append(third)
    (tmp_path / "state").write_text(json.dumps(state))
    cloud = Cloud({**SUBNETS, third: (VPC, "eu-west-1a")})
    existing = read_state(TerraformState(path="state"), cloud, tmp_path)
    assert existing.private_subnet_ids == (*PRIVATE, third)
