"""The passwords: how old they are, and whether what changes them does so. None is read here."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ops.verify.deployed import Deployed
from ops.verify.lines import Line, failed, passed, skipped

__all__ = ["secret_lines"]

_SECRET = "aws:secretsmanager/secret:Secret"  # noqa: S105 - a type
_ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
_INSTANCE = "aws:rds/instance:Instance"
# Secrets Manager rotates within a window of its own, and tries again after a failure.
_LATE = timedelta(days=2)

Json = Mapping[str, Any]


def secret_lines(deployed: Deployed, manager: Any, rds: Any, now: datetime) -> Iterator[Line]:  # noqa: ANN401 - boto3's
    """Say how old each secret is, and whether its rotation works."""
    rotations = {rotation["secretId"]: rotation for rotation in deployed.all(_ROTATION)}
    for secret in deployed.all(_SECRET):
        described = manager.describe_secret(SecretId=secret.id)
        made = None if "DeletedDate" in described else _current(secret.id, manager)
        yield _secret(secret.name, described, made, rotations.get(secret.id) is not None, now)
    for instance in deployed.all(_INSTANCE):
        if instance.outputs.get("masterUserSecrets"):
            yield _managed(instance["identifier"], rds)


def _current(secret_id: str, manager: Any) -> datetime | None:  # noqa: ANN401 - boto3's
    """Return when the password was made that counts; None without one.

    The secret's own dates say less: a tag changes it, too.
    """
    request: dict[str, str] = {"SecretId": secret_id}
    while True:
        page = manager.list_secret_version_ids(**request)
        for version in page.get("Versions", ()):
            if "AWSCURRENT" in version.get("VersionStages", ()):
                made: datetime = version["CreatedDate"]
                return made.astimezone(UTC)
        if not page.get("NextToken"):
            return None
        request["NextToken"] = page["NextToken"]


def _secret(
    name: str, described: Json, made: datetime | None, planned: bool, now: datetime
) -> Line:
    if "DeletedDate" in described:
        return failed(name, f"is being deleted since {described['DeletedDate']:%Y-%m-%d}")
    if made is None:
        return failed(name, "has no current version: nobody can log in with it")
    age = f"{(now - made).days} days old"
    stages = list(described.get("VersionIdsToStages", {}).values())
    if not planned:
        return skipped(name, f"{age}; nothing rotates it (todo:secrets.rotationDays)")
    if problem := _unrotated(described, stages, now):
        return failed(name, f"{age}; {problem}")
    due = described.get("NextRotationDate")
    return passed(name, f"{age}; rotates next on {due:%Y-%m-%d}" if due else f"{age}; rotates")


def _unrotated(described: Json, stages: list[list[str]], now: datetime) -> str:
    """Say what is wrong with a rotation that was planned; empty if nothing is."""
    if not described.get("RotationEnabled"):
        return "its rotation was turned off"
    if any("AWSPENDING" in labels and "AWSCURRENT" not in labels for labels in stages):
        return "a rotation began and did not end: see its function's log"
    due = described.get("NextRotationDate")
    if due and due.astimezone(UTC) + _LATE < now:
        return f"its rotation was due on {due:%Y-%m-%d}"
    return ""


def _managed(identifier: str, rds: Any) -> Line:  # noqa: ANN401 - boto3's
    name = f"master of {identifier}"
    (instance,) = rds.describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"]
    secret = instance.get("MasterUserSecret")
    if not secret:
        return failed(name, "RDS does not manage its password any more")
    if secret["SecretStatus"] not in {"active", "rotating"}:
        return failed(name, f"RDS says its secret is {secret['SecretStatus']}")
    return passed(name, f"managed by RDS, {secret['SecretStatus']}")
