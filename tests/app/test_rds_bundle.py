from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from todo_app.tls import verifying_context

BUNDLE = Path(__file__).parents[2] / "app/certs/aws-rds-global-bundle.pem"


@pytest.fixture(scope="module")
def certificates() -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(BUNDLE.read_bytes())


def name(certificate: x509.Certificate) -> str:
    (attribute,) = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(attribute.value)


@pytest.mark.parametrize(
    "region", ["us-east-1", "us-west-2", "eu-central-1", "eu-west-1", "ap-southeast-2", "sa-east-1"]
)
def test_has_the_root_rds_uses_by_default(
    certificates: list[x509.Certificate], region: str
) -> None:
    # The authority that RDS calls rds-ca-rsa2048-g1.
    assert f"Amazon RDS {region} Root CA RSA2048 G1" in map(name, certificates)


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_has_the_roots_rds_proxy_uses(certificates: list[x509.Certificate], number: int) -> None:
    assert f"Amazon Root CA {number}" in map(name, certificates)


def test_no_root_has_expired(certificates: list[x509.Certificate]) -> None:
    now = datetime.now(UTC)
    expired = [name(c) for c in certificates if c.not_valid_after_utc <= now]
    assert not expired, f"EXPIRED: renew {BUNDLE.name}, README.md beside it says how: {expired}"


def test_every_certificate_is_a_root(certificates: list[x509.Certificate]) -> None:
    for certificate in certificates:
        certificate.verify_directly_issued_by(certificate)
        assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_the_application_can_load_all_of_it(certificates: list[x509.Certificate]) -> None:
    context = verifying_context(BUNDLE.read_text("ascii"))
    assert len(context.get_ca_certs()) == len(set(certificates))


def test_is_the_bundle_that_was_checked() -> None:
    # The format of sha256sum, which the build of the image calls.
    digest = hashlib.sha256(BUNDLE.read_bytes()).hexdigest()
    assert BUNDLE.with_suffix(".pem.sha256").read_text() == f"{digest}  {BUNDLE.name}\n"
