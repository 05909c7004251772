"""The certificate authority by which the application knows its database."""

from pathlib import Path

import pulumi

from .config import DatabaseOperations
from .errors import ConfigError

__all__ = ["certificate_authority_environment"]

_KEY = "todo:databaseOperations.certificateAuthorityFile"
# The bundle for every AWS region, as it lies in the application's image.
_AWS_BUNDLE = "/app/certs/aws-rds-global-bundle.pem"


def certificate_authority_environment(
    root: Path, operations: DatabaseOperations
) -> dict[str, pulumi.Input[str]]:
    """Return the variable that tells the application whom to trust.

    Args:
        root: The project's root directory.
        operations: Names a PEM file below it, or trusts the AWS authorities.

    Raises:
        ConfigError: The file is missing, is no certificate, or holds a private key.
    """
    file = operations.certificate_authority_file
    if file is None:
        return {"DATABASE_CA_FILE": _AWS_BUNDLE}
    allowed = "a readable file of PEM certificates, without a private key"
    fix = f"Put the authority's certificate there, or remove {_KEY} to trust the AWS authorities."
    try:
        pem = (root / file).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(_KEY, file, allowed, fix) from error
    if "-----BEGIN CERTIFICATE-----" not in pem or "PRIVATE KEY-----" in pem:
        raise ConfigError(_KEY, file, allowed, fix)
    return {"DATABASE_CA_PEM": pem}
