"""What ECR found in the image that a stack runs: `make scan STACK=prod`.

Exits with 0 if nothing is as severe as the threshold, with 1 if something is, and with 2 if there
is no result to judge by.
"""

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from ops.errors import OpsError

__all__ = ["SEVERITIES", "DeployedImage", "Finding", "findings", "main", "table"]

SEVERITIES = ("UNDEFINED", "UNTRIAGED", "INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL")
"""From the least to the most severe."""

_REFERENCE = re.compile(r"(?P<host>[^/]+)/(?P<repository>[^@]+)@(?P<digest>sha256:[0-9a-f]{64})")
_ECR = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.")
# ECR's words for a scan that has a result; the second is of scanning that goes on for ever.
_DONE = {"COMPLETE", "ACTIVE"}
_NOT_SCANNED = (
    "ECR has not scanned this image. Turn scanning on for the repository, as terraform/registry.tf "
    "does, or ask for one scan: aws ecr start-image-scan"
)


@dataclass(frozen=True, kw_only=True)
class DeployedImage:
    """An image by digest, as a stack exports it.

    Attributes:
        repository: The repository's name.
        digest: `sha256:…`.
        account: Whose registry it is; None where a mirror's host hides it.
        region: Where the registry is; None likewise.
    """

    repository: str
    digest: str
    account: str | None
    region: str | None

    @classmethod
    def parse(cls, reference: str) -> "DeployedImage":
        """Read `host/repository@sha256:…`.

        Raises:
            OpsError: It is something else.
        """
        parts = _REFERENCE.fullmatch(reference)
        if parts is None:
            raise OpsError(f"{reference!r} is no image by digest: host/repository@sha256:….")
        ecr = _ECR.match(parts["host"])
        return cls(
            repository=parts["repository"],
            digest=parts["digest"],
            account=ecr["account"] if ecr else None,
            region=ecr["region"] if ecr else None,
        )


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One weakness in one package.

    Attributes:
        severity: One of `SEVERITIES`.
        name: Its public number, such as CVE-2027-1234.
        package: Name and version of the package; empty where ECR does not say.
    """

    severity: str
    name: str
    package: str


def findings(ecr: Any, image: DeployedImage) -> list[Finding]:  # noqa: ANN401 - a boto3 client
    """Return what ECR found, the most severe first.

    Raises:
        OpsError: There is no result: no scan, one that still runs, or one that failed.
    """
    request: dict[str, Any] = {
        "repositoryName": image.repository,
        "imageId": {"imageDigest": image.digest},
        **({"registryId": image.account} if image.account else {}),
    }
    found: list[Finding] = []
    try:
        for page in ecr.get_paginator("describe_image_scan_findings").paginate(**request):
            _require_result(page.get("imageScanStatus", {}))
            found.extend(_of_page(page.get("imageScanFindings", {})))
    except ClientError as error:
        if error.response["Error"]["Code"] == "ScanNotFoundException":
            raise OpsError(f"{_NOT_SCANNED} {_as_options(image)}.") from error
        raise OpsError(f"ECR does not answer: {error}.") from error
    except BotoCoreError as error:
        raise OpsError(f"ECR cannot be asked: {error}.") from error
    return sorted(found, key=lambda one: (-SEVERITIES.index(one.severity), one.name, one.package))


def _require_result(status: Any) -> None:  # noqa: ANN401 - AWS's own shape
    state, reason = status.get("status", "missing"), status.get("description", "")
    if state in _DONE:
        return
    if state in {"IN_PROGRESS", "PENDING"}:
        raise OpsError("The scan is not finished yet; ask again in a minute.")
    raise OpsError(
        f"The scan has no result ({state}{f': {reason}' if reason else ''}). "
        "`make sbom` lists what is in the image, for another scanner."
    )


def _of_page(page: Any) -> Iterator[Finding]:  # noqa: ANN401 - AWS's own shape
    """Yield what either kind of scan says: ECR's own, and that of Amazon Inspector."""
    for basic in page.get("findings", ()):
        notes = {note["key"]: note.get("value", "") for note in basic.get("attributes", ())}
        package = f"{notes.get('package_name', '')} {notes.get('package_version', '')}"
        yield _finding(basic.get("severity"), basic.get("name", "unnamed"), package)
    for enhanced in page.get("enhancedFindings", ()):
        details = enhanced.get("packageVulnerabilityDetails", {})
        name = details.get("vulnerabilityId") or enhanced.get("title", "unnamed")
        for package in details.get("vulnerablePackages") or [{}]:
            words = f"{package.get('name', '')} {package.get('version', '')}"
            yield _finding(enhanced.get("severity"), name, words)


def _finding(severity: str | None, name: str, package: str) -> Finding:
    known = severity if severity in SEVERITIES else "UNDEFINED"
    return Finding(severity=known, name=name, package=package.strip())


def _as_options(image: DeployedImage) -> str:
    return f"--repository-name {image.repository} --image-id imageDigest={image.digest}"


def table(found: Sequence[Finding]) -> str:
    """Return findings in columns, and how many there are of each severity."""
    if not found:
        return "No findings."
    rows = [("severity", "weakness", "package"), *((f.severity, f.name, f.package) for f in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    lines = [f"{row[0]:{widths[0]}}  {row[1]:{widths[1]}}  {row[2]}".rstrip() for row in rows]
    counts = [(sum(f.severity == one for f in found), one) for one in reversed(SEVERITIES)]
    total = ", ".join(f"{count} {severity.lower()}" for count, severity in counts if count)
    return "\n".join([*lines, "", f"{len(found)} findings: {total}"])


def _image_of(stack: str) -> str:
    """Ask Pulumi which image the stack runs."""
    command = ["pulumi", "stack", "output", "image", "--stack", stack, "--non-interactive"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except FileNotFoundError:
        raise OpsError('`pulumi` is not on PATH; `eval "$(make -s env)"` has one.') from None
    except subprocess.CalledProcessError as error:
        raise OpsError(f"Stack {stack} names no image: {error.stderr.strip()}") from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the findings and judge them."""
    parser = argparse.ArgumentParser(prog="python -m ops.scan", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--stack", help="the stack whose image it is")
    what.add_argument("--image", help="an image by digest")
    parser.add_argument("--threshold", choices=SEVERITIES[2:], default="HIGH", type=str.upper)
    options = parser.parse_args(arguments)
    try:
        reference = options.image or _image_of(options.stack)
        image = DeployedImage.parse(reference)
        # Every other AWS tool here heeds this variable; boto3 does not.
        region = image.region or os.environ.get("AWS_REGION")
        found = findings(boto3.client("ecr", region_name=region), image)
    except (OpsError, BotoCoreError) as error:
        print(f"✗ {error}", file=sys.stderr)
        return 2
    print(f"{reference}\n\n{table(found)}")
    limit = SEVERITIES.index(options.threshold)
    return int(any(SEVERITIES.index(one.severity) >= limit for one in found))


if __name__ == "__main__":
    sys.exit(main())
