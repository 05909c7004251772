"""States in S3 and at Terraform Enterprise, read through the stand-in from servers on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import trustme

from tests.infra.terraform_bridge import STATES, Cloud, read_state
from tests.local.toolchain.conftest import aws  # noqa: F401 - a fixture
from tests.local.toolchain.terraform_enterprise import TOKEN, Host, terraform_enterprise
from todo_infra.config import TerraformState
from todo_infra.errors import InfrastructureError
from todo_infra.terraform_state import remote_token

BUCKET = "states-of-acme"
KEY = "network/terraform.tfstate"
VPC, VPC_OF_BLUE = "vpc-0a1b2c3d4e5f60718", "vpc-0b1b2c3d4e5f60718"


def complaint(settings: TerraformState) -> str:
    with pytest.raises(InfrastructureError) as caught:
        read_state(settings)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture(scope="module")
def states(aws: dict[str, str]) -> dict[str, str]:  # noqa: F811 - the fixture
    """The environment of an AWS that keeps states in a bucket."""
    s3 = boto3.client(
        "s3",
        endpoint_url=aws["AWS_ENDPOINT_URL"],
        region_name="eu-west-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    place = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
    for key, state in (
        (KEY, "plain"),
        (f"env:/blue/{KEY}", "workspace"),
        (f"stages/blue/{KEY}", "checks"),
        ("sensitive", "sensitive"),
        ("encrypted", "encrypted"),
    ):
        s3.put_object(Bucket=BUCKET, Key=key, Body=(STATES / f"{state}.json").read_bytes())
    return aws


@pytest.fixture
def in_s3(states: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name, value in states.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    return states


def s3(**changes: Any) -> TerraformState:  # noqa: ANN401 - fields of the settings
    stated = {"backend": "s3", "bucket": BUCKET, "key": KEY, "verify_subnets": False}
    return TerraformState(**{**stated, **changes})


@pytest.mark.usefixtures("in_s3")
@pytest.mark.parametrize(
    ("changes", "vpc_id"),
    [
        ({}, VPC),
        ({"workspace": "default"}, VPC),
        ({"workspace": "blue"}, VPC_OF_BLUE),
        ({"workspace": "blue", "workspace_key_prefix": "stages"}, VPC),
        ({"key": "sensitive"}, VPC),
    ],
)
def test_reads_a_state_in_s3(changes: dict[str, str], vpc_id: str) -> None:
    assert read_state(s3(**changes)).vpc_id == vpc_id


def test_reads_a_state_from_what_speaks_s3_elsewhere(
    in_s3: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    assert read_state(s3(endpoint=in_s3["AWS_ENDPOINT_URL"])).vpc_id == VPC


@pytest.mark.usefixtures("in_s3")
@pytest.mark.parametrize(
    ("changes", "location", "reason"),
    [
        ({"key": "nothing"}, f"s3://{BUCKET}/nothing", "NoSuchKey"),
        ({"bucket": "nobodys"}, f"s3://nobodys/{KEY}", "NoSuchBucket"),
        ({"workspace": "green"}, f"s3://{BUCKET}/{KEY} (workspace green)", "NoSuchKey"),
        ({"key": "encrypted"}, f"s3://{BUCKET}/encrypted", "is an encrypted state"),
        ({"profile": "nobody"}, f"s3://{BUCKET}/{KEY}", "profile (nobody) could not be found"),
    ],
)
def test_says_which_state_in_s3_cannot_be_read(
    changes: dict[str, str], location: str, reason: str
) -> None:
    message = complaint(s3(**changes))
    assert message.startswith(f"The Terraform state at {location} cannot be read: ")
    assert reason in message
    assert message.endswith("kms:Decrypt if the state is encrypted with a key of yours.")


@pytest.mark.usefixtures("in_s3")
def test_prints_no_value_of_a_state_in_s3() -> None:
    message = complaint(s3(key="sensitive", outputs={"vpc_id": "admin_password"}))
    assert message == (
        f"The Terraform state at s3://{BUCKET}/sensitive does not fit: output vpc_id (at "
        "admin_password) is a text of 28 characters (not shown, as it may be sensitive); it has "
        "to look like vpc-0123456789abcdef0."
    )


class Asked(Cloud):
    """Refuses every state: what was asked for is what counts."""

    def call(self, args: Any) -> tuple[dict[str, Any], list[tuple[str, str]]]:  # noqa: ANN401
        self.asked.append((args.token, args.args))
        return {}, [("", "no")]


def asked(settings: TerraformState) -> tuple[str, dict[str, Any]]:
    cloud = Asked()
    with pytest.raises(InfrastructureError, match="cannot be read: no\\."):
        read_state(settings, cloud)
    ((token, arguments),) = cloud.asked
    return token, {name: value for name, value in arguments.items() if value is not None}


def test_asks_s3_for_nothing_but_what_is_stated() -> None:
    assert asked(s3()) == (
        "terraform:state:getS3Reference",
        {"bucket": BUCKET, "key": KEY, "region": "eu-west-1"},
    )


def test_asks_s3_for_all_that_is_stated() -> None:
    others = {
        "workspace": "blue",
        "workspace_key_prefix": "stages",
        "sts_endpoint": "https://sts.example.com",
        "role_arn": "arn:aws:iam::111122223333:role/reader",
        "external_id": "42",
        "profile": "network",
    }
    _, arguments = asked(s3(region="us-east-1", **others))
    assert arguments == {
        "bucket": BUCKET,
        "key": KEY,
        "region": "us-east-1",
        "workspace": "blue",
        "workspaceKeyPrefix": "stages",
        "stsEndpoint": "https://sts.example.com",
        "roleArn": "arn:aws:iam::111122223333:role/reader",
        "externalId": "42",
        "profile": "network",
    }


def test_an_endpoint_of_its_own_is_not_checked_against_aws() -> None:
    _, arguments = asked(s3(endpoint="https://s3.example.com"))
    assert arguments == {
        "bucket": BUCKET,
        "key": KEY,
        "region": "eu-west-1",
        "endpoint": "https://s3.example.com",
        "forcePathStyle": True,
        "skipCredentialsValidation": True,
        "skipRegionValidation": True,
    }


@pytest.fixture
def enterprise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """A host that keeps the plain state, and an environment without any token."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("TFE_TOKEN", "TFE_HOSTNAME", "TF_TOKEN_app_terraform_io"):
        monkeypatch.delenv(name, raising=False)
    with terraform_enterprise(authority, (STATES / "plain.json").read_bytes()) as host:
        yield host


def remote(host: Host, **changes: Any) -> TerraformState:  # noqa: ANN401 - fields of the settings
    stated = {
        "backend": "remote",
        "hostname": host.name,
        "organization": "acme",
        "workspace": "network",
        "verify_subnets": False,
    }
    return TerraformState(**{**stated, **changes})


def test_reads_a_state_at_terraform_enterprise(
    enterprise: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TFE_HOSTNAME", enterprise.name)
    monkeypatch.setenv("TFE_TOKEN", TOKEN)
    assert read_state(remote(enterprise)).vpc_id == VPC
    assert {authorization for _, authorization in enterprise.asked} == {f"Bearer {TOKEN}"}


def test_a_token_for_another_host_is_not_sent(
    enterprise: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TFE_TOKEN", TOKEN)  # of HCP Terraform, as no other host is named
    monkeypatch.setenv("TF_TOKEN_app_terraform_io", TOKEN)
    assert "There is no token for localhost" in complaint(remote(enterprise))
    assert enterprise.asked == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"workspace": "nothing"}, "404 (there is no such thing, or the token may not read it)"),
        ({"organization": "nobody"}, "404 (there is no such thing, or the token may not read it)"),
    ],
)
def test_says_which_remote_state_cannot_be_read(
    enterprise: Host, changes: dict[str, str], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TFE_HOSTNAME", enterprise.name)
    monkeypatch.setenv("TFE_TOKEN", TOKEN)
    settings = remote(enterprise, **changes)
    message = complaint(settings)
    location = f"{enterprise.name}/{settings.organization}/{settings.workspace}"
    assert message.startswith(f"The Terraform state at {location} cannot be read: ")
    assert reason in message
    assert "the token comes from TF_TOKEN_" in message
    assert TOKEN not in message


def test_a_wrong_token_is_not_repeated(enterprise: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFE_HOSTNAME", enterprise.name)
    monkeypatch.setenv("TFE_TOKEN", "a-token-that-has-expired")
    message = complaint(remote(enterprise))
    assert "401 (the token is not valid there)" in message
    assert "a-token-that-has-expired" not in message


def test_asks_a_remote_for_the_workspace_by_its_name(
    enterprise: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TFE_TOKEN", "token-of-hcp")
    assert asked(remote(enterprise, hostname="app.terraform.io")) == (
        "terraform:state:getRemoteReference",
        {
            "hostname": "app.terraform.io",
            "organization": "acme",
            "token": "token-of-hcp",
            "workspaces": {"name": "network"},
        },
    )


@pytest.mark.parametrize(
    ("hostname", "environment", "token"),
    [
        ("app.terraform.io", {"TF_TOKEN_app_terraform_io": "a"}, "a"),
        ("app.terraform.io", {"TF_TOKEN_app_terraform_io": "a", "TFE_TOKEN": "b"}, "a"),
        ("app.terraform.io", {"TFE_TOKEN": "b"}, "b"),
        ("app.terraform.io", {"TFE_TOKEN": "b", "TFE_HOSTNAME": "tfe.example"}, None),
        ("tfe.example", {"TFE_TOKEN": "b", "TFE_HOSTNAME": "tfe.example"}, "b"),
        ("tfe.example", {"TFE_TOKEN": "b"}, None),
        ("my-tfe.example", {"TF_TOKEN_my__tfe_example": "c"}, "c"),
        ("my-tfe.example", {"TF_TOKEN_my_tfe_example": "c"}, None),
        ("app.terraform.io", {"TF_TOKEN_app_terraform_io": "", "TFE_TOKEN": ""}, None),
        ("app.terraform.io", {}, None),
    ],
)
def test_a_token_counts_for_its_host(
    hostname: str, environment: dict[str, str], token: str | None
) -> None:
    assert remote_token(hostname, environment) == token
