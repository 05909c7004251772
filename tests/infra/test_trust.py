from pathlib import Path

import pytest

from tests.infra.recorder import CERTIFICATE, Deployment
from todo_infra.config import DatabaseOperations
from todo_infra.errors import ConfigError
from todo_infra.trust import certificate_authority_environment

KEY = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"


def environment(root: Path, file: str | None) -> dict[str, object]:
    settings = DatabaseOperations(certificate_authority_file=file)
    return dict(certificate_authority_environment(root, settings))


def test_trusts_the_aws_authorities_by_default(tmp_path: Path) -> None:
    assert environment(tmp_path, None) == {
        "DATABASE_CA_FILE": "/app/certs/aws-rds-global-bundle.pem"
    }


def test_trusts_the_named_authority_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(CERTIFICATE)
    assert environment(tmp_path, "ca.pem") == {"DATABASE_CA_PEM": CERTIFICATE}


@pytest.mark.parametrize(
    "content", [None, b"", b"no certificate", b"\xff\xfe", (CERTIFICATE + KEY).encode()]
)
def test_refuses_a_file_that_is_no_certificate_alone(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "ca.pem").write_bytes(content)
    with pytest.raises(ConfigError, match=r"certificateAuthorityFile is 'ca\.pem'") as caught:
        environment(tmp_path, "ca.pem")
    assert "PRIVATE KEY-----" not in str(caught.value)


def test_every_container_trusts_exactly_one_authority(prod: Deployment, local: Deployment) -> None:
    for deployment, variable in ((prod, "DATABASE_CA_FILE"), (local, "DATABASE_CA_PEM")):
        for container in deployment.containers().values():
            names = [one["name"] for one in container["environment"]]
            assert [name for name in names if "_CA_" in name] == [variable]
