"""What RDS says of the database: TLS is required, in force, and of an authority that lives."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from ops.verify.deployed import Deployed
from ops.verify.lines import Line, failed, passed, skipped

__all__ = ["SAFE_VERSIONS", "server_lines"]

_INSTANCE = "aws:rds/instance:Instance"
_GROUP = "aws:rds/parameterGroup:ParameterGroup"
_PROXY = "aws:rds/proxy:Proxy"
SAFE_VERSIONS = {"TLSv1.2", "TLSv1.3"}
"""Of TLS, as MySQL names them."""

_DAYS_LEFT = 60
# In which AWS says that an instance serves as ever: the nightly backup is the usual one. In others
# it may restart, as in `modifying`, or be away.
_WORKS = {
    "available",
    "backing-up",
    "configuring-enhanced-monitoring",
    "configuring-iam-database-auth",
    "configuring-log-exports",
    "resetting-master-credentials",
    "storage-initialization",
    "storage-optimization",
}

Json = Mapping[str, Any]


def server_lines(deployed: Deployed, rds: Any, now: datetime) -> Iterator[Line]:  # noqa: ANN401 - boto3's
    """Say what RDS has of each instance, replicas and proxy included."""
    ours = {str(group["name"]) for group in deployed.all(_GROUP)}
    for resource in deployed.all(_INSTANCE):
        name = str(resource["identifier"])
        (instance,) = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
        yield _requires_tls(rds, resource.name, instance, ours)
        yield _authority(resource.name, instance, now)
    for proxy in deployed.all(_PROXY):
        (found,) = rds.describe_db_proxies(DBProxyName=proxy["name"])["DBProxies"]
        verdict = passed if found["RequireTLS"] else failed
        yield verdict(f"{proxy.name} TLS", f"the proxy's RequireTLS is {found['RequireTLS']}")


def _requires_tls(rds: Any, name: str, instance: Json, ours: set[str]) -> Line:  # noqa: ANN401 - boto3's
    line = f"{name} TLS"
    if (status := instance["DBInstanceStatus"]) not in _WORKS:
        return failed(line, f"the instance is {status}")
    busy = "" if status == "available" else f"; the instance is {status}, and works"
    (group,) = instance["DBParameterGroups"]
    attached = group["DBParameterGroupName"]
    if attached not in ours:
        return failed(line, f"has the parameter group {attached}, which is not the stack's")
    if (state := group["ParameterApplyStatus"]) != "in-sync":
        return failed(line, f"{attached} is {state}: what it says is not in force yet")
    values = _parameters(rds, attached)
    required = values.get("require_secure_transport", "")
    versions = {one for one in values.get("tls_version", "").split(",") if one}
    if required.upper() not in {"1", "ON"}:
        return failed(line, f"require_secure_transport is {required or 'not set'} in {attached}")
    if not versions or versions - SAFE_VERSIONS:
        return failed(line, f"tls_version is {','.join(sorted(versions)) or 'not set'}")
    told = f"required and in sync, {' and '.join(sorted(versions))} ({attached})"
    return passed(line, told + busy)


def _parameters(rds: Any, group: str) -> dict[str, str]:  # noqa: ANN401 - boto3's
    pages = rds.get_paginator("describe_db_parameters").paginate(DBParameterGroupName=group)
    return {
        one["ParameterName"]: one.get("ParameterValue", "")
        for page in pages
        for one in page["Parameters"]
    }


def _authority(name: str, instance: Json, now: datetime) -> Line:
    line, details = f"{name} certificate", instance.get("CertificateDetails", {})
    authority = details.get("CAIdentifier") or instance.get("CACertificateIdentifier", "unknown")
    if "ValidTill" not in details:
        return skipped(line, f"by {authority}; RDS does not say until when")
    days = (details["ValidTill"].astimezone(UTC) - now).days
    verdict = passed if days >= _DAYS_LEFT else failed
    return verdict(line, f"by {authority}, {days} days left")
