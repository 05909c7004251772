"""The bridge on states as they are: Terraform wrote them (see states/README.md)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.infra.recorder import TERRAFORM_OUTPUTS
from tests.infra.terraform_bridge import STATES, Cloud, read_state, state_named
from todo_infra.config import TerraformState
from todo_infra.errors import InfrastructureError, one_line

NETWORK_MODULE = {
    "vpc_id": "network.vpc.id",
    "public_subnet_ids": "network.public.*.id",
    "private_subnet_ids": "network.private.*.id",
    "availability_zones": "network.public.*.zone",
    "repository_url": "registries.todo.repository_url",
}


def complaint(settings: TerraformState, root: Path = STATES) -> str:
    with pytest.raises(InfrastructureError) as caught:
        read_state(settings, root=root)
    return str(caught.value)


@pytest.mark.parametrize(
    ("state", "paths"),
    [
        ("plain", None),
        ("checks", None),
        ("sensitive", None),
        ("newer", None),
        ("nested", NETWORK_MODULE),
    ],
)
def test_reads_states_of_many_shapes(state: str, paths: dict[str, str] | None) -> None:
    existing = read_state(TerraformState(path=f"{state}.json", outputs=paths))
    assert existing.vpc_id == TERRAFORM_OUTPUTS["vpc_id"]
    assert existing.public_subnet_ids == tuple(TERRAFORM_OUTPUTS["public_subnet_ids"])
    assert existing.private_subnet_ids == tuple(TERRAFORM_OUTPUTS["private_subnet_ids"])
    assert existing.availability_zones == tuple(TERRAFORM_OUTPUTS["availability_zones"])
    assert existing.repository.url == TERRAFORM_OUTPUTS["repository_url"]


def test_the_states_are_of_the_shapes_they_are_here_for() -> None:
    kinds = {check["object_kind"] for check in state_named("checks")["check_results"]}
    assert kinds == {"var", "check", "resource"}
    assert "fail" in {check["status"] for check in state_named("checks")["check_results"]}
    assert isinstance(state_named("nested")["outputs"]["network"]["value"]["private"], dict)
    assert state_named("newer")["ephemeral_results"]
    assert state_named("empty")["resources"]


@pytest.mark.parametrize("state", ["empty", "destroyed"])
def test_a_state_without_outputs_says_how_to_get_some(state: str) -> None:
    message = complaint(TerraformState(path=f"{state}.json"))
    assert message.startswith(f"The Terraform state at {STATES / state}.json does not fit: it has")
    assert "terraform apply" in message


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("version_3", "is not a Terraform state of format 4 but of format 3"),
        ("version_5", "is not a Terraform state of format 4 but of format 5"),
        ("encrypted", "is an encrypted state, which cannot be read here"),
    ],
)
def test_a_state_of_another_format_is_named_with_the_reason(state: str, reason: str) -> None:
    message = complaint(TerraformState(path=f"{state}.json"))
    assert message.startswith(f"The Terraform state at {STATES / state}.json cannot be read: ")
    assert f"{reason}. Run `terraform apply` in terraform/, or correct" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is not JSON"),
        (b"\x00\xff\xfe\x80 garbage", "Cannot read the Terraform state"),
        (b'{"version": 4', "it is not JSON"),
        (b"[]", "it has no format version"),
        (b'"state"', "it has no format version"),
        (b'{"version": 4, "outputs": []}', "is not a Terraform state of format 4"),
    ],
)
def test_garbage_is_named_as_what_cannot_be_read(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    (tmp_path / "state").write_bytes(content)
    message = complaint(TerraformState(path="state"), tmp_path)
    assert message.startswith(f"The Terraform state at {tmp_path / 'state'} cannot be read: ")
    assert reason in message
    assert message.endswith("or correct todo:terraformState.path.")


@pytest.mark.parametrize("make", [lambda _path: None, Path.mkdir])
def test_a_missing_state_names_its_path_and_the_command_that_makes_it(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "terraform.tfstate")
    message = complaint(TerraformState(path="terraform.tfstate"), tmp_path)
    assert message == (
        f"There is no Terraform state at {tmp_path / 'terraform.tfstate'}. Run `terraform apply` "
        "in terraform/, or correct todo:terraformState.path."
    )


def test_nothing_is_looked_up_for_a_state_that_does_not_fit() -> None:
    cloud = Cloud()
    with pytest.raises(InfrastructureError):
        read_state(TerraformState(path="nested.json"), cloud)
    assert cloud.looked_up() == []


@pytest.mark.parametrize(
    ("error", "line"),
    [
        ("invoke of a:b:c failed: no such file. (path)", "no such file"),
        (
            "invoke of a:b:c failed: invocation of a:b:c returned an error: it is gone\n  at x",
            "it is gone",
        ),
        ("\n\n  2 problems:\n\n- no zone.\n- no VPC\n", "2 problems: no zone"),
        ("no matching EC2 Subnet found:.", "no matching EC2 Subnet found"),
        ("2 problems:", "2 problems"),
        ("", "ValueError"),
    ],
)
def test_an_error_of_a_provider_becomes_one_line(error: str, line: str) -> None:
    assert one_line(ValueError(error)) == line
