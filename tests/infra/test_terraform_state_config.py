"""What `todo:terraformState` may say, together with itself."""

from dataclasses import fields
from typing import Any

import pytest

from tests.infra.recorder import PROJECT_ROOT, TERRAFORM_OUTPUTS, stack_config, use_config
from todo_infra import config
from todo_infra.config import terraform_state
from todo_infra.config.terraform_state import OUTPUT_NAMES, TerraformState
from todo_infra.errors import ConfigErrors

S3 = {"backend": "s3", "bucket": "states-of-acme", "key": "network/terraform.tfstate"}
REMOTE = {"backend": "remote", "organization": "acme", "workspace": "network"}


def load(**stated: object) -> TerraformState:
    use_config(stack_config("prod") | {"todo:terraformState": stated})
    return config.load().terraform_state


def problems(**stated: object) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        load(**stated)
    return [str(problem) for problem in caught.value.problems]


def test_the_names_to_map_are_the_contracts() -> None:
    assert set(OUTPUT_NAMES) == set(TERRAFORM_OUTPUTS)
    outputs = (PROJECT_ROOT / "terraform" / "outputs.tf").read_text()
    assert all(f'output "{name}"' in outputs for name in OUTPUT_NAMES)


def test_every_field_is_of_some_backend_or_of_all() -> None:
    of_all = {"backend", "outputs", "allow_sensitive", "verify_subnets"}
    named = set(terraform_state._BACKENDS_OF)
    assert named | of_all == {field.name for field in fields(TerraformState)}
    assert not named & of_all


@pytest.mark.parametrize(
    "stated",
    [
        {},
        {"path": "network/terraform.tfstate.d/blue/terraform.tfstate"},
        S3,
        {
            **S3,
            "region": "us-east-1",
            "workspace": "blue",
            "workspaceKeyPrefix": "stages",
            "endpoint": "https://s3.example.com",
            "stsEndpoint": "https://sts.example.com",
            "roleArn": "arn:aws:iam::111122223333:role/ops/reader",
            "externalId": "42",
            "profile": "network",
        },
        REMOTE,
        {**REMOTE, "hostname": "tfe.acme.example:8443"},
        {**S3, "verifySubnets": False, "allowSensitive": True, "outputs": {"vpc_id": "vpc.id"}},
    ],
)
def test_accepts_what_goes_together(stated: dict[str, Any]) -> None:
    assert load(**stated).backend == stated.get("backend", "local")


@pytest.mark.parametrize(
    ("stated", "key", "value"),
    [
        ({"bucket": "states-of-acme"}, "bucket", "states-of-acme"),
        ({"key": "network"}, "key", "network"),
        ({"region": "us-east-1"}, "region", "us-east-1"),
        ({"workspaceKeyPrefix": "stages"}, "workspaceKeyPrefix", "stages"),
        ({"endpoint": "https://s3.example.com"}, "endpoint", "https://s3.example.com"),
        ({"stsEndpoint": "https://sts.example.com"}, "stsEndpoint", "https://sts.example.com"),
        ({"profile": "network"}, "profile", "network"),
        ({"externalId": "42"}, "externalId", "42"),
        ({**REMOTE, "bucket": "states-of-acme"}, "bucket", "states-of-acme"),
        ({**REMOTE, "profile": "network"}, "profile", "network"),
    ],
)
def test_refuses_what_only_s3_needs_elsewhere(stated: dict[str, Any], key: str, value: str) -> None:
    backend = stated.get("backend", "local")
    (problem,) = problems(**stated)
    assert problem == (
        f"todo:terraformState.{key} is {value!r}; allowed: nothing with backend {backend}. "
        "Remove it, or set todo:terraformState.backend to s3."
    )


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (
            {**S3, "path": "other.tfstate"},
            (
                "path is 'other.tfstate'; allowed: nothing with backend s3. "
                "Remove it, or set todo:terraformState.backend to local."
            ),
        ),
        (
            {**S3, "organization": "acme"},
            (
                "organization is 'acme'; allowed: nothing with backend s3. "
                "Remove it, or set todo:terraformState.backend to remote."
            ),
        ),
        (
            {"hostname": "tfe.example"},
            (
                "hostname is 'tfe.example'; allowed: nothing with backend local. "
                "Remove it, or set todo:terraformState.backend to remote."
            ),
        ),
        (
            {"workspace": "blue"},
            (
                "workspace is 'blue'; allowed: nothing with backend local. Remove "
                "it, and name the workspace's own file in todo:terraformState.path, such as "
                "terraform/terraform.tfstate.d/blue/terraform.tfstate."
            ),
        ),
        (
            {**S3, "externalId": "42"},
            (
                "externalId is '42'; allowed: nothing without roleArn. Remove it, "
                "or name the role in todo:terraformState.roleArn."
            ),
        ),
        (
            {"backend": "s3", "key": "network"},
            ("bucket is not set; allowed: the name of an S3 bucket. Backend s3 needs it."),
        ),
        (
            {"backend": "remote", "organization": "acme"},
            (
                "workspace is not set; allowed: the name of a Terraform "
                "workspace. Backend remote needs it."
            ),
        ),
    ],
)
def test_refuses_what_does_not_go_together(stated: dict[str, Any], expected: str) -> None:
    assert problems(**stated) == [f"todo:terraformState.{expected}"]


def test_names_everything_that_a_backend_lacks() -> None:
    assert [one.split()[0] for one in problems(backend="s3")] == [
        "todo:terraformState.bucket",
        "todo:terraformState.key",
    ]
    assert [one.split()[0] for one in problems(backend="remote")] == [
        "todo:terraformState.organization",
        "todo:terraformState.workspace",
    ]


@pytest.mark.parametrize("key", ["token", "accessKey", "secretKey", "sseCustomerKeyPassword"])
def test_credentials_in_config_are_refused_and_not_repeated(key: str) -> None:
    (problem,) = problems(**REMOTE, **{key: "a-value-that-is-secret"})
    assert "a-value-that-is-secret" not in problem
    assert problem.startswith(f"todo:terraformState.{key} is '(not shown)'; allowed: only the keys")


def test_a_token_is_said_to_come_from_the_environment() -> None:
    (problem,) = problems(**REMOTE, token="a-value-that-is-secret")
    assert problem.endswith("Remove it: credentials come from the environment.")


@pytest.mark.parametrize(
    "path", ["vpc_id", "network.vpc.id", "subnets.*.id", "subnets.0", "by_zone.eu-west-1a", "a.b c"]
)
def test_accepts_paths_into_outputs(path: str) -> None:
    assert load(outputs={"vpc_id": path}).outputs == {"vpc_id": path}


@pytest.mark.parametrize("path", ["", ".", "a.", ".a", "*", "a[0]", "a.**", "0", 7, None, ["a"]])
def test_refuses_what_is_no_path(path: object) -> None:
    (problem,) = problems(outputs={"vpc_id": path})
    assert "allowed: an object that maps vpc_id, " in problem
