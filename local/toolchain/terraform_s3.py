"""Reads Terraform states from S3, with the arguments of `terraform:state:getS3Reference`."""

import base64
import binascii
import os
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pulumi.provider.experimental.property_value import PropertyValue

from local.toolchain.terraform_states import Arguments, StateError, outputs_of, text

__all__ = ["ARGUMENTS", "read_s3"]

_DEFAULT_WORKSPACE_PREFIX = "env:"
_SECONDS_TO_CONNECT = 10

# None of these changes what a reader gets: two belong to writing a state, one to a service that
# is not asked, and boto3 makes none of the checks that the others would skip.
_WITHOUT_EFFECT = frozenset(
    (
        "encrypt",
        "kmsKeyId",
        "iamEndpoint",
        "skipCredentialsValidation",
        "skipMetadataApiCheck",
        "skipRegionValidation",
    )
)
_ROLE_ARGUMENTS = {
    "assumeRoleDurationSeconds": "DurationSeconds",
    "assumeRolePolicy": "Policy",
    "assumeRolePolicyArns": "PolicyArns",
    "assumeRoleTags": "Tags",
    "assumeRoleTransitiveTagKeys": "TransitiveTagKeys",
    "externalId": "ExternalId",
}
ARGUMENTS = (
    _WITHOUT_EFFECT
    | frozenset(_ROLE_ARGUMENTS)
    | frozenset(
        (
            "accessKey",
            "bucket",
            "endpoint",
            "forcePathStyle",
            "key",
            "maxRetries",
            "profile",
            "region",
            "roleArn",
            "secretKey",
            "sessionName",
            "sharedCredentialsFile",
            "sseCustomerKey",
            "stsEndpoint",
            "token",
            "workspace",
            "workspaceKeyPrefix",
        )
    )
)


def read_s3(arguments: Arguments) -> dict[str, PropertyValue]:
    """Read a state from an S3 bucket, with the AWS SDK's own way of finding credentials.

    Raises:
        StateError: if there is no readable state, or an argument is unknown.
    """
    if unknown := sorted(set(arguments) - ARGUMENTS):
        raise StateError(unknown[0], f"{unknown[0]} is no argument of an S3 reference.")
    bucket, key = str(arguments["bucket"]), _object_key(arguments)
    location = f"s3://{bucket}/{key}"
    try:
        client = _session(arguments).client(
            "s3",
            endpoint_url=text(arguments, "endpoint") or _endpoint_of_environment("S3"),
            config=_client_config(arguments),
        )
        found = client.get_object(Bucket=bucket, Key=key, **_customer_key(arguments))
        body = found["Body"].read()
    except (BotoCoreError, ClientError) as error:
        raise StateError("key", f"Cannot read the Terraform state {location}: {error}") from None
    return outputs_of(body.decode(errors="replace"), location, argument="key")


def _object_key(arguments: Arguments) -> str:
    """The object that holds a workspace's state, by the rule of Terraform's S3 backend."""
    key, workspace = str(arguments["key"]), text(arguments, "workspace")
    if workspace is None or workspace == "default":
        return key
    prefix = text(arguments, "workspaceKeyPrefix") or _DEFAULT_WORKSPACE_PREFIX
    return f"{prefix}/{workspace}/{key}"


def _session(arguments: Arguments) -> boto3.Session:
    core = botocore.session.Session(profile=text(arguments, "profile"))
    if file := text(arguments, "sharedCredentialsFile"):
        core.set_config_variable("credentials_file", file)
    session = boto3.Session(
        aws_access_key_id=text(arguments, "accessKey"),
        aws_secret_access_key=text(arguments, "secretKey"),
        aws_session_token=text(arguments, "token"),
        region_name=text(arguments, "region"),
        botocore_session=core,
    )
    return _in_role(session, arguments) if text(arguments, "roleArn") else session


def _in_role(session: boto3.Session, arguments: Arguments) -> boto3.Session:
    sts = session.client(
        "sts",
        endpoint_url=text(arguments, "stsEndpoint") or _endpoint_of_environment("STS"),
        config=_client_config(arguments),
    )
    wanted: dict[str, Any] = {
        name: arguments[ours] for ours, name in _ROLE_ARGUMENTS.items() if arguments.get(ours)
    }
    if "DurationSeconds" in wanted:
        wanted["DurationSeconds"] = int(wanted["DurationSeconds"])
    if "PolicyArns" in wanted:
        wanted["PolicyArns"] = [{"arn": arn} for arn in wanted["PolicyArns"]]
    if "Tags" in wanted:
        wanted["Tags"] = [{"Key": key, "Value": tag} for key, tag in wanted["Tags"].items()]
    answer = sts.assume_role(
        RoleArn=text(arguments, "roleArn") or "",
        RoleSessionName=text(arguments, "sessionName") or "pulumi-terraform-state",
        **wanted,
    )
    return boto3.Session(
        aws_access_key_id=answer["Credentials"]["AccessKeyId"],
        aws_secret_access_key=answer["Credentials"]["SecretAccessKey"],
        aws_session_token=answer["Credentials"]["SessionToken"],
        region_name=session.region_name,
    )


def _client_config(arguments: Arguments) -> Config:
    retries = arguments.get("maxRetries")
    return Config(
        connect_timeout=_SECONDS_TO_CONNECT,
        s3={"addressing_style": "path" if arguments.get("forcePathStyle") else "auto"},
        retries={"max_attempts": int(retries)} if isinstance(retries, float | int) else None,
    )


def _customer_key(arguments: Arguments) -> dict[str, Any]:
    encoded = text(arguments, "sseCustomerKey")
    if encoded is None:
        return {}
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise StateError("sseCustomerKey", "sseCustomerKey is not base64.") from None
    return {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": key}


def _endpoint_of_environment(service: str) -> str | None:
    return os.environ.get(f"AWS_ENDPOINT_URL_{service}") or os.environ.get("AWS_ENDPOINT_URL")
