"""The contract with Terraform: what its outputs have to be, as pure functions of values."""

from typing import Any

import pytest

from tests.infra.recorder import TERRAFORM_OUTPUTS
from todo_infra.errors import InfrastructureError
from todo_infra.terraform_outputs import ExistingInfrastructure, Repository, parse_outputs
from todo_infra.terraform_paths import StateOutputs

KNOWN: frozenset[str] = frozenset()


def parse(
    values: dict[str, Any],
    region: str = "eu-west-1",
    *,
    zones_are_looked_up: bool = False,
    **others: Any,  # noqa: ANN401 - attributes of StateOutputs
) -> ExistingInfrastructure:
    outputs = StateOutputs(**{"values": values, "sensitive": KNOWN, **others})
    return parse_outputs(outputs, region, zones_are_looked_up=zones_are_looked_up)


def complaint(values: dict[str, Any], region: str = "eu-west-1", /, **others: Any) -> str:  # noqa: ANN401
    with pytest.raises(InfrastructureError) as caught:
        parse(values, region, **others)
    return str(caught.value)


def test_reads_the_outputs_as_terraform_writes_them() -> None:
    existing = parse(TERRAFORM_OUTPUTS)
    assert existing.vpc_id == "vpc-0a1b2c3d4e5f60718"
    assert existing.public_subnet_ids == ("subnet-0aaaaaaaaaaaaaaa1", "subnet-0aaaaaaaaaaaaaaa2")
    assert existing.private_subnet_ids == ("subnet-0bbbbbbbbbbbbbbb1", "subnet-0bbbbbbbbbbbbbbb2")
    assert existing.availability_zones == ("eu-west-1a", "eu-west-1b")
    assert existing.repository.url == "111122223333.dkr.ecr.eu-west-1.amazonaws.com/todo"
    assert existing.repository.arn == "arn:aws:ecr:eu-west-1:111122223333:repository/todo"


def test_outputs_of_other_programs_do_not_matter() -> None:
    assert parse({**TERRAFORM_OUTPUTS, "nat_gateway_ids": []}).vpc_id


@pytest.mark.parametrize("name", TERRAFORM_OUTPUTS)
def test_names_the_missing_output_and_where_to_add_it(name: str) -> None:
    outputs = {key: value for key, value in TERRAFORM_OUTPUTS.items() if key != name}
    message = complaint(outputs)
    assert message.startswith(f"output {name} is missing; the state has ")
    assert "terraform/outputs.tf" in message
    assert message.endswith(f"with todo:terraformState.outputs.{name}.")


ONE_SUBNET = ["subnet-0aaaaaaaaaaaaaaa1"]
SAME_TWICE = ["subnet-0aaaaaaaaaaaaaaa1", "subnet-0aaaaaaaaaaaaaaa1"]
HOST = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("name", "value", "need"),
    [
        ("vpc_id", "my-vpc", "has to look like vpc-"),
        ("vpc_id", "vpc-0a1b2c3d4e5f607181", "has to look like vpc-"),
        ("vpc_id", "", "is ''; it has to look like vpc-"),
        ("vpc_id", None, "has to look like vpc-"),
        ("vpc_id", ["vpc-0a1b2c3d4e5f60718"], "has to look like vpc-"),
        ("public_subnet_ids", "subnet-0aaaaaaaaaaaaaaa1", "has to be a list of strings"),
        ("public_subnet_ids", [1, 2], "has to be a list of strings"),
        ("public_subnet_ids", ["a", "b"], "has to look like subnet-"),
        ("public_subnet_ids", ONE_SUBNET, "two different ones at least"),
        ("private_subnet_ids", [], "two different ones at least"),
        ("private_subnet_ids", SAME_TWICE, "two different ones at least"),
        ("availability_zones", ["eu-west-1a"], "two different ones at least"),
        ("availability_zones", {"a": 1}, "has to be a list of strings"),
        ("availability_zones", ["euw1-az1", "euw1-az2"], "has to look like eu-west-1a"),
        ("availability_zones", ["eu-west-1", "eu-west-2"], "has to look like eu-west-1a"),
        ("repository_url", f"{HOST}/", "has to look like 123456789012.dkr.ecr"),
        ("repository_url", f"https://{HOST}/todo", "has to look like 123456789012.dkr.ecr"),
        ("repository_url", f"{HOST}/todo:latest", "has to look like 123456789012.dkr.ecr"),
        ("repository_url", "docker.io/library/todo", "has to look like 123456789012.dkr.ecr"),
        ("repository_url", 7, "has to look like 123456789012.dkr.ecr"),
    ],
)
def test_names_the_useless_output(name: str, value: object, need: str) -> None:
    message = complaint({**TERRAFORM_OUTPUTS, name: value})
    assert message.startswith(f"output {name} ")
    assert need in message


def test_refuses_a_subnet_that_is_public_and_private() -> None:
    both = TERRAFORM_OUTPUTS["public_subnet_ids"][0]
    private = [both, *TERRAFORM_OUTPUTS["private_subnet_ids"]]
    with pytest.raises(InfrastructureError, match=f"{both} is in both"):
        parse({**TERRAFORM_OUTPUTS, "private_subnet_ids": private})


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_a_repository_arn_names_the_partition_of_its_region(region: str, partition: str) -> None:
    repository = Repository(url="", account="111122223333", region=region, name="team/todo")
    assert repository.arn == f"arn:{partition}:ecr:{region}:111122223333:repository/team/todo"


def test_all_that_does_not_fit_is_said_at_once() -> None:
    message = complaint({**TERRAFORM_OUTPUTS, "vpc_id": "x", "repository_url": "y"})
    assert message.startswith("\n  - output vpc_id is 'x'; it has to look like vpc-")
    assert "\n  - output repository_url is 'y'; it has to look like 123456789012." in message


def test_a_long_value_is_shortened() -> None:
    message = complaint({**TERRAFORM_OUTPUTS, "vpc_id": "x" * 1000})
    assert "…; it has to look like" in message
    assert len(message) < 200


def test_a_subnet_or_zone_named_twice_counts_once() -> None:
    twice = {name: [*value, *value] for name, value in TERRAFORM_OUTPUTS.items() if "_id" in name}
    twice |= {"vpc_id": TERRAFORM_OUTPUTS["vpc_id"]}
    zones = ["eu-west-1b", "eu-west-1a", "eu-west-1b"]
    existing = parse({**TERRAFORM_OUTPUTS, **twice, "availability_zones": zones})
    assert existing.public_subnet_ids == tuple(TERRAFORM_OUTPUTS["public_subnet_ids"])
    assert existing.availability_zones == ("eu-west-1b", "eu-west-1a")


def test_every_zone_needs_a_subnet_of_each_kind() -> None:
    zones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
    message = complaint({**TERRAFORM_OUTPUTS, "availability_zones": zones})
    for name in ("public_subnet_ids", "private_subnet_ids"):
        assert f"output {name} has 2 subnets for 3 zones (eu-west-1a, eu-west-1b, " in message


def test_a_network_of_another_region_is_refused() -> None:
    message = complaint(TERRAFORM_OUTPUTS, "eu-central-1")
    assert "output availability_zones holds eu-west-1a, which is not in eu-central-1." in message
    assert "output repository_url is in eu-west-1, and this stack in eu-central-1." in message
    assert "Set aws:region" in message


def test_a_repository_of_another_region_is_refused() -> None:
    url = "111122223333.dkr.ecr.us-east-1.amazonaws.com/todo"
    message = complaint({**TERRAFORM_OUTPUTS, "repository_url": url})
    assert message.startswith("output repository_url is in us-east-1, and this stack in eu-west-1.")


@pytest.mark.parametrize("zone", ["us-west-2-lax-1a", "us-east-1-wl1-bos-wlz-1", "us-west-2d"])
def test_zones_of_every_kind_are_zones(zone: str) -> None:
    region = "-".join(zone.split("-")[:3]).rstrip("d")
    zones = [zone, f"{region}a"]
    url = f"111122223333.dkr.ecr.{region}.amazonaws.com/todo"
    changes = {"availability_zones": zones, "repository_url": url}
    assert parse({**TERRAFORM_OUTPUTS, **changes}, region).availability_zones == tuple(zones)


WITHOUT_ZONES = {
    name: value for name, value in TERRAFORM_OUTPUTS.items() if name != "availability_zones"
}


def test_zones_may_be_left_out_when_they_are_looked_up() -> None:
    assert parse(WITHOUT_ZONES, zones_are_looked_up=True).availability_zones == ()


def test_zones_that_config_names_have_to_be_there() -> None:
    paths = {"availability_zones": "azs"}
    message = complaint(WITHOUT_ZONES, zones_are_looked_up=True, paths=paths)
    assert message.startswith("output availability_zones (at azs) is missing")


def test_a_state_without_outputs_says_so_and_nothing_else() -> None:
    message = complaint({})
    assert message.startswith("it has no outputs. Add those of terraform/outputs.tf")
    assert "\n" not in message


NESTED: dict[str, Any] = {
    "vpc": {"id": TERRAFORM_OUTPUTS["vpc_id"], "tags": {}, "name": None, "cidrs": [1, True]},
    "subnets": {
        "private": [{"id": one} for one in TERRAFORM_OUTPUTS["private_subnet_ids"]],
        # By zone, in the order of nobody: items follow the order of their keys.
        "public": {
            "eu-west-1b": TERRAFORM_OUTPUTS["public_subnet_ids"][1],
            "eu-west-1a": TERRAFORM_OUTPUTS["public_subnet_ids"][0],
        },
    },
    "zones": TERRAFORM_OUTPUTS["availability_zones"],
    "registries": [{"url": TERRAFORM_OUTPUTS["repository_url"]}],
}
PATHS = {
    "vpc_id": "vpc.id",
    "private_subnet_ids": "subnets.private.*.id",
    "public_subnet_ids": "subnets.public.*",
    "availability_zones": "zones",
    "repository_url": "registries.0.url",
}


def test_follows_paths_through_objects_and_lists() -> None:
    assert parse(NESTED, paths=PATHS) == parse(TERRAFORM_OUTPUTS)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (
            "vcp.id",
            "output vpc_id (at vcp.id) is missing; the state has registries, subnets, vpc, ",
        ),
        ("vcp.id", "Did you mean vpc? Correct todo:terraformState.outputs.vpc_id."),
        ("nowhere", "zones. Correct todo:terraformState.outputs.vpc_id."),
        ("vpc.vpc_id", "is not there: vpc is an object with the keys cidrs, id, name, tags and "),
        ("vpc.vpc_id", "has no 'vpc_id'. Correct todo:terraformState.outputs.vpc_id."),
        ("vpc.tags.id", "vpc.tags is an empty object and has no 'id'"),
        ("vpc.id.0", "vpc.id is a text of 21 characters and has no '0'"),
        ("vpc.id.*", "vpc.id is a text of 21 characters and has no '*'"),
        ("vpc.name.x", "vpc.name is nothing and has no 'x'"),
        ("vpc.cidrs.0.x", "vpc.cidrs.0 is a number and has no 'x'"),
        ("vpc.cidrs.1.x", "vpc.cidrs.1 is a boolean and has no 'x'"),
        ("zones.2", "zones is a list of 2 and has no '2'"),
        ("zones.first", "zones is a list of 2 and has no 'first'"),
        ("subnets.public.*.id", "subnets.public.eu-west-1a is a text of 24 characters and has no"),
        ("zones", "output vpc_id (at zones) is ['eu-west-1a', 'eu-west-1b']; it has to look like"),
    ],
)
def test_a_path_that_leads_nowhere_says_how_far_it_came(path: str, reason: str) -> None:
    assert reason in complaint(NESTED, paths={**PATHS, "vpc_id": path})


def test_a_path_that_leads_nowhere_in_a_list_is_one_complaint() -> None:
    message = complaint(NESTED, paths={**PATHS, "private_subnet_ids": "subnets.private.*.name"})
    assert message.startswith(
        "output private_subnet_ids (at subnets.private.*.name) is not there: subnets.private.0 is"
    )


def test_a_state_with_many_outputs_is_not_listed_to_its_end() -> None:
    many = {f"output_{number:02}": number for number in range(40)}
    message = complaint({**many, **WITHOUT_ZONES})
    assert "the state has output_00, output_01, " in message
    assert "output_11, …. Add it" in message
