import subprocess
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from ops import scan
from ops.errors import OpsError
from ops.scan import DeployedImage, Finding, findings, table

DIGEST = f"sha256:{'a' * 64}"
REFERENCE = f"111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/todo@{DIGEST}"
IMAGE = DeployedImage.parse(REFERENCE)
REQUEST = {
    "registryId": "111122223333",
    "repositoryName": "team/todo",
    "imageId": {"imageDigest": DIGEST},
}
BASIC = {
    "name": "CVE-2027-1",
    "severity": "HIGH",
    "attributes": [
        {"key": "package_name", "value": "openssl"},
        {"key": "package_version", "value": "3.0.1"},
    ],
}
ENHANCED = {
    "severity": "CRITICAL",
    "title": "CVE-2027-2 - libc6",
    "packageVulnerabilityDetails": {
        "vulnerabilityId": "CVE-2027-2",
        "vulnerablePackages": [{"name": "libc6", "version": "2.41"}, {"name": "libc-bin"}],
    },
}
Answer = dict[str, Any]


@pytest.fixture
def ecr() -> Iterator[SimpleNamespace]:
    client = boto3.client(
        "ecr", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    with Stubber(client) as stub:
        yield SimpleNamespace(client=client, stub=stub)
    client.close()


@pytest.fixture
def command_line(ecr: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    regions: list[str | None] = []

    def client(service: str, region_name: str | None) -> object:
        assert service == "ecr"
        regions.append(region_name)
        return ecr.client

    monkeypatch.setattr(boto3, "client", client)
    return SimpleNamespace(stub=ecr.stub, regions=regions)


def page(*basic: Answer, status: str = "COMPLETE", **members: Any) -> Answer:  # noqa: ANN401
    return {
        "imageScanStatus": {"status": status, "description": "as ECR says"},
        "imageScanFindings": {"findings": list(basic), **members.pop("findings", {})},
        **members,
    }


def answers(stub: Stubber, *pages: Answer) -> None:
    token: dict[str, str] = {}
    for one in pages:
        stub.add_response("describe_image_scan_findings", one, REQUEST | token)
        token = {"nextToken": one["nextToken"]} if "nextToken" in one else {}


def test_an_image_of_ecr_says_where_it_is() -> None:
    assert (
        DeployedImage(
            repository="team/todo", digest=DIGEST, account="111122223333", region="eu-west-1"
        )
        == IMAGE
    )


def test_an_image_of_a_mirror_leaves_that_to_the_environment() -> None:
    image = DeployedImage.parse(f"localhost:4566/todo@{DIGEST}")
    assert image == DeployedImage(repository="todo", digest=DIGEST, account=None, region=None)


@pytest.mark.parametrize("reference", ["", "todo", "host/todo:latest", "host/todo@sha256:12"])
def test_an_image_that_is_not_named_by_digest_is_refused(reference: str) -> None:
    with pytest.raises(OpsError, match="no image by digest"):
        DeployedImage.parse(reference)


def test_findings_of_all_pages_come_by_severity(ecr: SimpleNamespace) -> None:
    low = {"name": "CVE-2027-3", "severity": "LOW"}
    answers(ecr.stub, page(low, nextToken="more"), page(BASIC))
    assert findings(ecr.client, IMAGE) == [
        Finding(severity="HIGH", name="CVE-2027-1", package="openssl 3.0.1"),
        Finding(severity="LOW", name="CVE-2027-3", package=""),
    ]


def test_findings_of_the_continuous_scan_name_each_package(ecr: SimpleNamespace) -> None:
    bare = {"severity": "SOMETHING NEW", "title": "Code"}
    answers(ecr.stub, page(status="ACTIVE", findings={"enhancedFindings": [ENHANCED, bare]}))
    assert findings(ecr.client, IMAGE) == [
        Finding(severity="CRITICAL", name="CVE-2027-2", package="libc-bin"),
        Finding(severity="CRITICAL", name="CVE-2027-2", package="libc6 2.41"),
        Finding(severity="UNDEFINED", name="Code", package=""),
    ]


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("IN_PROGRESS", "not finished yet"),
        ("PENDING", "not finished yet"),
        ("FAILED", r"no result \(FAILED: as ECR says\).*make sbom"),
        ("UNSUPPORTED_IMAGE", r"no result \(UNSUPPORTED_IMAGE"),
    ],
)
def test_a_scan_without_a_result_is_no_clean_one(
    ecr: SimpleNamespace, status: str, message: str
) -> None:
    answers(ecr.stub, page(status=status))
    with pytest.raises(OpsError, match=message):
        findings(ecr.client, IMAGE)


def test_an_answer_without_a_status_is_no_clean_one(ecr: SimpleNamespace) -> None:
    answers(ecr.stub, {})
    with pytest.raises(OpsError, match=r"no result \(missing\)"):
        findings(ecr.client, IMAGE)


def test_an_image_that_was_not_scanned_comes_with_the_way_to_do_it(ecr: SimpleNamespace) -> None:
    ecr.stub.add_client_error("describe_image_scan_findings", "ScanNotFoundException")
    with pytest.raises(OpsError) as caught:
        findings(ecr.client, IMAGE)
    assert str(caught.value).endswith(
        f"aws ecr start-image-scan --repository-name team/todo --image-id imageDigest={DIGEST}."
    )


def test_a_refusal_of_ecrs_is_shown(ecr: SimpleNamespace) -> None:
    ecr.stub.add_client_error(
        "describe_image_scan_findings", "RepositoryNotFoundException", "There is none."
    )
    with pytest.raises(OpsError, match=r"ECR does not answer: .*There is none\."):
        findings(ecr.client, IMAGE)


def test_an_endpoint_that_does_not_answer_is_named() -> None:
    nowhere = boto3.client(
        "ecr",
        region_name="eu-west-1",
        endpoint_url="http://127.0.0.1:9",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    with pytest.raises(OpsError, match=r"ECR cannot be asked: .*127\.0\.0\.1:9"):
        findings(nowhere, IMAGE)
    nowhere.close()


def test_the_table_is_readable() -> None:
    found = [
        Finding(severity="CRITICAL", name="CVE-2027-2", package="libc6 2.41"),
        Finding(severity="LOW", name="CVE-2027-33", package=""),
        Finding(severity="LOW", name="CVE-2027-4", package="zlib 1"),
    ]
    assert table(found).splitlines() == [
        "severity  weakness     package",
        "CRITICAL  CVE-2027-2   libc6 2.41",
        "LOW       CVE-2027-33",
        "LOW       CVE-2027-4   zlib 1",
        "",
        "3 findings: 1 critical, 2 low",
    ]
    assert table([]) == "No findings."


@pytest.mark.parametrize(
    ("severity", "threshold", "code"),
    [
        ("HIGH", [], 1),
        ("MEDIUM", [], 0),
        ("MEDIUM", ["--threshold", "medium"], 1),
        ("CRITICAL", [], 1),
        ("HIGH", ["--threshold", "CRITICAL"], 0),
    ],
)
def test_the_exit_code_says_whether_something_is_too_severe(
    command_line: SimpleNamespace,
    capsys: pytest.CaptureFixture[str],
    severity: str,
    threshold: list[str],
    code: int,
) -> None:
    answers(command_line.stub, page(BASIC | {"severity": severity}))
    assert scan.main(["--image", REFERENCE, *threshold]) == code
    assert command_line.regions == ["eu-west-1"]
    shown = capsys.readouterr().out
    assert shown.startswith(f"{REFERENCE}\n\nseverity")
    assert "openssl 3.0.1" in shown


def test_the_environment_names_the_region_of_a_mirror(
    command_line: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    request = {key: value for key, value in REQUEST.items() if key != "registryId"}
    command_line.stub.add_response("describe_image_scan_findings", page(), request)
    assert scan.main(["--image", f"localhost:4566/team/todo@{DIGEST}"]) == 0
    assert command_line.regions == ["eu-north-1"]


def test_without_a_region_there_is_no_result(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    assert scan.main(["--image", f"localhost:4566/team/todo@{DIGEST}"]) == 2
    assert capsys.readouterr().err == "✗ You must specify a region.\n"


def test_no_result_is_an_exit_code_of_its_own(
    command_line: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    command_line.stub.add_client_error("describe_image_scan_findings", "ScanNotFoundException")
    assert scan.main(["--image", REFERENCE]) == 2
    assert capsys.readouterr().err.startswith("✗ ECR has not scanned this image.")


def test_a_stack_is_asked_for_its_image(
    command_line: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []

    def run(command: list[str], **_: object) -> SimpleNamespace:
        commands.append(command)
        return SimpleNamespace(stdout=f"{REFERENCE}\n")

    monkeypatch.setattr(subprocess, "run", run)
    answers(command_line.stub, page())
    assert scan.main(["--stack", "prod"]) == 0
    assert commands[0][:6] == ["pulumi", "stack", "output", "image", "--stack", "prod"]


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (FileNotFoundError(), "✗ `pulumi` is not on PATH"),
        (
            subprocess.CalledProcessError(255, "pulumi", stderr="error: no stack named 'x'\n"),
            "✗ Stack x names no image: error: no stack named 'x'",
        ),
    ],
)
def test_a_stack_without_an_image_is_explained(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    failure: Exception,
    message: str,
) -> None:
    def run(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr(subprocess, "run", run)
    assert scan.main(["--stack", "x"]) == 2
    assert capsys.readouterr().err.startswith(message)
