"""The stand-in's S3 reader against the emulator's S3 and STS."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.toolchain import terraform_s3
from local.toolchain.property_values import Data, to_data
from local.toolchain.terraform_s3 import read_s3
from local.toolchain.terraform_states import StateError

BUCKET = "states-of-the-network"
CUSTOMER_KEY = b"0123456789abcdef0123456789abcdef"
AT = {"bucket": BUCKET, "key": "network/terraform.tfstate", "region": "eu-west-1"}
ROLE = "arn:aws:iam::000000000000:role/reader-of-states"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }
    ],
}


def state(vpc_id: str) -> bytes:
    outputs = {"vpc_id": {"value": vpc_id, "type": "string"}}
    return json.dumps({"version": 4, "outputs": outputs}).encode()


@pytest.fixture(scope="module")
def states(aws: dict[str, str]) -> dict[str, str]:
    """The emulator's environment, with states in a bucket and a role to read them."""
    session = boto3.Session("local", "local", region_name="eu-west-1")
    s3 = session.client("s3", endpoint_url=aws["AWS_ENDPOINT_URL"])
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for prefix, vpc_id in (("", "vpc-1"), ("env:/blue/", "vpc-2"), ("stages/blue/", "vpc-3")):
        s3.put_object(Bucket=BUCKET, Key=prefix + AT["key"], Body=state(vpc_id))
    s3.put_object(Bucket=BUCKET, Key="garbage", Body=b"\x00\xff\xfe")
    iam = session.client("iam", endpoint_url=aws["AWS_ENDPOINT_URL"])
    iam.create_role(RoleName="reader-of-states", AssumeRolePolicyDocument=json.dumps(TRUST))
    return aws


@pytest.fixture(autouse=True)
def _environment(states: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in states.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")


def vpc_of(**arguments: Data) -> object:
    return to_data(read_s3({**AT, **arguments})["vpc_id"])


@pytest.mark.parametrize(
    ("workspace", "vpc_id"),
    [
        ({}, "vpc-1"),
        ({"workspace": "default"}, "vpc-1"),
        ({"workspace": "default", "workspaceKeyPrefix": "stages"}, "vpc-1"),
        ({"workspace": "blue"}, "vpc-2"),
        ({"workspace": "blue", "workspaceKeyPrefix": "stages"}, "vpc-3"),
    ],
)
def test_reads_the_state_of_the_workspace(workspace: dict[str, Data], vpc_id: str) -> None:
    assert vpc_of(**workspace) == vpc_id


def test_an_endpoint_goes_before_that_of_the_environment(
    states: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    endpoint = states["AWS_ENDPOINT_URL"]
    assert vpc_of(endpoint=endpoint, forcePathStyle=True) == "vpc-1"
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    assert vpc_of() == "vpc-1"


def test_an_unreachable_endpoint_is_an_error_that_names_the_state() -> None:
    with pytest.raises(StateError, match=f"s3://{BUCKET}/{AT['key']}.*Could not connect"):
        vpc_of(endpoint="http://127.0.0.1:1", maxRetries=0.0)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"key": "other"}, f"s3://{BUCKET}/other: .*NoSuchKey"),
        ({"workspace": "green"}, f"s3://{BUCKET}/env:/green/{AT['key']}: .*NoSuchKey"),
        ({"bucket": "nobodys-bucket"}, "s3://nobodys-bucket/.*NoSuchBucket"),
        ({"key": "garbage"}, f"s3://{BUCKET}/garbage is not a Terraform state: it is not JSON"),
        ({"profile": "nobody"}, "config profile .nobody. could not be found"),
    ],
)
def test_what_is_not_there_is_named(arguments: dict[str, Data], reason: str) -> None:
    with pytest.raises(StateError, match=reason) as caught:
        vpc_of(**arguments)
    assert caught.value.argument == "key"


def test_an_argument_that_the_sdk_does_not_have_is_refused() -> None:
    with pytest.raises(StateError, match="useLockfile is no argument"):
        vpc_of(useLockfile=True)


def test_arguments_of_writing_and_of_checks_change_nothing() -> None:
    without_effect: dict[str, Data] = {
        "encrypt": True,
        "kmsKeyId": "alias/state",
        "iamEndpoint": "http://127.0.0.1:1",
        "skipCredentialsValidation": True,
        "skipMetadataApiCheck": True,
        "skipRegionValidation": True,
    }
    assert vpc_of(**without_effect) == "vpc-1"


def test_reads_in_a_role(states: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, Mapping[str, Any]]] = []
    real = boto3.Session

    class Session(real):  # type: ignore[misc, valid-type]
        def client(self, name: str, **kwargs: Any) -> Any:  # noqa: ANN401
            client = super().client(name, **kwargs)

            def keep(params: Mapping[str, Any], **_: object) -> None:
                asked.append((self.get_credentials().access_key, dict(params)))

            client.meta.events.register("provide-client-params.*.*", keep)
            return client

    monkeypatch.setattr(boto3, "Session", Session)
    found = vpc_of(
        roleArn=ROLE,
        sessionName="deployment",
        externalId="42",
        assumeRoleDurationSeconds=900.0,
        assumeRolePolicy=json.dumps({"Version": "2012-10-17", "Statement": []}),
        assumeRolePolicyArns=["arn:aws:iam::aws:policy/ReadOnlyAccess"],
        assumeRoleTags={"team": "platform"},
        assumeRoleTransitiveTagKeys=["team"],
        stsEndpoint=states["AWS_ENDPOINT_URL"],
    )
    assert found == "vpc-1"
    (first, role), (second, _) = asked
    assert (first, second == first) == ("local", False)
    assert role == {
        "RoleArn": ROLE,
        "RoleSessionName": "deployment",
        "ExternalId": "42",
        "DurationSeconds": 900,
        "Policy": '{"Version": "2012-10-17", "Statement": []}',
        "PolicyArns": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}],
        "Tags": [{"Key": "team", "Value": "platform"}],
        "TransitiveTagKeys": ["team"],
    }


def test_a_role_that_cannot_be_had_is_an_error() -> None:
    with pytest.raises(StateError, match="Could not connect"):
        vpc_of(roleArn=ROLE, stsEndpoint="http://127.0.0.1:1/", maxRetries=0.0)


def test_credentials_come_from_where_they_are_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[str] = []
    real = terraform_s3._session

    def spy(arguments: Mapping[str, Any]) -> boto3.Session:
        session = real(arguments)
        credentials = session.get_credentials()
        assert credentials
        used.append(credentials.access_key)
        return session

    monkeypatch.setattr(terraform_s3, "_session", spy)
    file = tmp_path / "credentials"
    file.write_text("[team]\naws_access_key_id = of-the-file\naws_secret_access_key = x\n")
    vpc_of(accessKey="given", secretKey="x", token="y")
    vpc_of(sharedCredentialsFile=str(file), profile="team")
    vpc_of()
    assert used == ["given", "of-the-file", "local"]


def test_a_state_under_a_customers_key_is_read_with_it(states: dict[str, str]) -> None:
    s3 = boto3.client("s3", endpoint_url=states["AWS_ENDPOINT_URL"])
    under_key = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": CUSTOMER_KEY}
    s3.put_object(Bucket=BUCKET, Key="under-key", Body=state("vpc-4"), **under_key)
    encoded = base64.b64encode(CUSTOMER_KEY).decode()
    assert vpc_of(key="under-key", sseCustomerKey=encoded) == "vpc-4"
    with pytest.raises(StateError, match="/under-key: "):
        vpc_of(key="under-key")


def test_a_customers_key_that_is_no_base64_is_refused() -> None:
    with pytest.raises(StateError, match="sseCustomerKey is not base64"):
        vpc_of(sseCustomerKey="*")
