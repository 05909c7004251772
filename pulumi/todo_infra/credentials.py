"""Passwords that are made once, kept in Secrets Manager, and never shown."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from . import config

__all__ = ["GeneratedCredentials", "GeneratedCredentialsArgs", "encode_secret"]

# RDS takes at most 41 characters for MySQL, and none of / " @ and space.
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html
_PASSWORD_LENGTH = 40


@dataclass(frozen=True, kw_only=True)
class GeneratedCredentialsArgs:
    """Whose password it is.

    Attributes:
        username: The account's name in the database.
        description: Shown beside the secret.
        settings: The stack's config for secrets.
        key_arn: Encrypts the secret; None leaves it to the key that AWS manages.
        server: Where the account is, for whoever rotates the password; see `encode_secret`.
    """

    username: str
    description: str
    settings: config.Secrets
    key_arn: pulumi.Input[str] | None
    server: Mapping[str, pulumi.Input[str | int | bool]] | None = None


def encode_secret(
    username: str, password: str, server: Mapping[str, str | int | bool] | None = None
) -> str:
    """Return the JSON that the secret holds, with the keys RDS itself uses.

    Args:
        username: The account's name.
        password: Its password.
        server: What AWS's rotation function reads beside them: engine, host, port, dbname, ssl.
    """
    return json.dumps({"username": username, "password": password, **(server or {})})


class GeneratedCredentials(pulumi.ComponentResource):
    """A user name and a generated password in a secret of their own.

    Attributes:
        secret_arn: Known when the secret has a value, so that no reader comes too early.
        password: The stored password, as a Pulumi secret.
    """

    secret_arn: pulumi.Output[str]
    password: pulumi.Output[str]

    def __init__(
        self, name: str, args: GeneratedCredentialsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("todo:index:GeneratedCredentials", name, None, opts)
        generated = aws.secretsmanager.get_random_password_output(
            password_length=_PASSWORD_LENGTH,
            exclude_punctuation=True,
            require_each_included_type=True,
            opts=pulumi.InvokeOutputOptions(parent=self),
        )
        password: pulumi.Output[str] = pulumi.Output.secret(generated.random_password)
        secret = aws.secretsmanager.Secret(
            f"{name}-secret",
            description=args.description,
            kms_key_id=args.key_arn,
            recovery_window_in_days=args.settings.recovery_window_days,
            opts=pulumi.ResourceOptions(parent=self),
        )
        version = aws.secretsmanager.SecretVersion(
            f"{name}-version",
            secret_id=secret.id,
            secret_string=pulumi.Output.all(password, args.server).apply(
                lambda known: encode_secret(args.username, known[0], known[1])
            ),
            # Every run draws a new password; the one that was stored first stays, and so do
            # those of later rotations, of which this program knows nothing.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["secret_string"]),
        )
        self.secret_arn = version.secret_id  # a secret's id is its ARN
        self.password = pulumi.Output.secret(
            version.secret_string.apply(lambda text: str(json.loads(text or "{}")["password"]))
        )
        self.register_outputs({"secret_arn": self.secret_arn})
