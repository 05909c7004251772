from pathlib import Path

import boto3
import pytest

from local.errors import LocalError
from local.workspace import Workspace


def test_the_default_port_is_the_one_that_the_local_stack_names() -> None:
    workspace = Workspace()
    config = (workspace.root / "Pulumi.local.yaml").read_text()
    assert f"localhost:{workspace.port}" in config


@pytest.mark.parametrize("value", ["", "http", "80", "65535", "-1", "4566 "])
def test_an_unusable_port_is_refused_naming_the_variable(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_PORT", value)
    with pytest.raises(LocalError, match=r"LOCAL_PORT is .* from 1024 to 65532"):
        Workspace.from_environment()


def test_systems_on_two_ports_share_no_name_port_or_process_record() -> None:
    one, two = Workspace(port=4566), Workspace(port=4600)
    assert one.name != two.name
    assert {one.port, one.autoscaling_port}.isdisjoint({two.port, two.autoscaling_port})


def test_the_users_own_pulumi_and_aws_settings_are_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PULUMI_HOME", "/home/user/.pulumi")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the user's own")
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "the user's own")
    environment = Workspace(root=Path("/checkout")).environment()
    assert environment["PULUMI_HOME"] == "/checkout/.local/pulumi"
    assert environment["AWS_SECRET_ACCESS_KEY"] == "local"
    assert "AWS_PROFILE" not in environment
    assert "AWS_SESSION_TOKEN" not in environment


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_hosts_that_no_proxy_leads_to_stay_so(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for each in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv(name, "mirror.example.com")
    environment = Workspace().environment()
    expected = "mirror.example.com,localhost,127.0.0.1"
    assert (environment["NO_PROXY"], environment["no_proxy"]) == (expected, expected)


def test_a_bucket_is_reached_without_a_name_that_would_have_to_be_resolved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in Workspace(port=4600).environment().items():
        monkeypatch.setenv(name, value)
    url = boto3.client("s3").generate_presigned_url("get_object", {"Bucket": "logs", "Key": "a"})
    assert url.startswith("http://127.0.0.1:4600/logs/a?")
