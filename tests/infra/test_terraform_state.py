from pathlib import Path

import pytest

from tests.infra.recorder import TERRAFORM_OUTPUTS
from todo_infra.config import TerraformState
from todo_infra.errors import InfrastructureError
from todo_infra.terraform_state import Repository, parse_outputs, read


def test_reads_the_outputs_as_terraform_writes_them() -> None:
    existing = parse_outputs(TERRAFORM_OUTPUTS)
    assert existing.vpc_id == "vpc-0a1b2c3d4e5f60718"
    assert existing.public_subnet_ids == ("subnet-0aaaaaaaaaaaaaaa1", "subnet-0aaaaaaaaaaaaaaa2")
    assert existing.private_subnet_ids == ("subnet-0bbbbbbbbbbbbbbb1", "subnet-0bbbbbbbbbbbbbbb2")
    assert existing.availability_zones == ("eu-west-1a", "eu-west-1b")
    assert existing.repository.url == "111122223333.dkr.ecr.eu-west-1.amazonaws.com/todo"
    assert existing.repository.arn == "arn:aws:ecr:eu-west-1:111122223333:repository/todo"


def test_outputs_of_other_programs_do_not_matter() -> None:
    assert parse_outputs({**TERRAFORM_OUTPUTS, "nat_gateway_ids": []}).vpc_id


@pytest.mark.parametrize("name", TERRAFORM_OUTPUTS)
def test_names_the_missing_output_and_where_to_add_it(name: str) -> None:
    outputs = {key: value for key, value in TERRAFORM_OUTPUTS.items() if key != name}
    with pytest.raises(InfrastructureError, match=rf"output {name} is missing.*outputs\.tf"):
        parse_outputs(outputs)


ONE_SUBNET = ["subnet-0aaaaaaaaaaaaaaa1"]
SAME_TWICE = ["subnet-0aaaaaaaaaaaaaaa1", "subnet-0aaaaaaaaaaaaaaa1"]
HOST = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("vpc_id", "my-vpc", "has to look like vpc-"),
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
        ("repository_url", f"{HOST}/", "has to look like 123456789012.dkr.ecr"),
        ("repository_url", f"https://{HOST}/todo", "has to look like 123456789012.dkr.ecr"),
        ("repository_url", f"{HOST}/todo:latest", "has to look like 123456789012.dkr.ecr"),
        ("repository_url", "docker.io/library/todo", "has to look like 123456789012.dkr.ecr"),
        ("repository_url", 7, "has to look like 123456789012.dkr.ecr"),
    ],
)
def test_names_the_useless_output(name: str, value: object, complaint: str) -> None:
    with pytest.raises(InfrastructureError, match=f"output {name} .*{complaint}"):
        parse_outputs({**TERRAFORM_OUTPUTS, name: value})


def test_refuses_a_subnet_that_is_public_and_private() -> None:
    both = TERRAFORM_OUTPUTS["public_subnet_ids"][0]
    private = [both, *TERRAFORM_OUTPUTS["private_subnet_ids"]]
    with pytest.raises(InfrastructureError, match=f"{both} is in both"):
        parse_outputs({**TERRAFORM_OUTPUTS, "private_subnet_ids": private})


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_a_repository_arn_names_the_partition_of_its_region(region: str, partition: str) -> None:
    repository = Repository(url="", account="111122223333", region=region, name="team/todo")
    assert repository.arn == f"arn:{partition}:ecr:{region}:111122223333:repository/team/todo"


def test_a_missing_state_names_its_path_and_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError) as caught:
        read(tmp_path, TerraformState(path="terraform/terraform.tfstate"))
    assert str(tmp_path / "terraform" / "terraform.tfstate") in str(caught.value)
    assert "terraform apply" in str(caught.value)
    assert "todo:terraformState.path" in str(caught.value)


def test_an_unreadable_state_names_its_path_and_the_reason_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state").write_text("{ garbled")

    def fail(**_: str) -> None:
        raise RuntimeError("Expecting property name\n  at line 1")

    monkeypatch.setattr("pulumi_terraform.state.get_local_reference", fail)
    with pytest.raises(InfrastructureError) as caught:
        read(tmp_path, TerraformState(path="state"))
    message = str(caught.value)
    assert message.startswith(
        f"The Terraform state at {tmp_path / 'state'} cannot be read: Expecting property name. "
    )
    assert "terraform apply" in message
    assert "\n" not in message
