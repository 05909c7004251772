"""The stand-in's reader of remote states against a host that speaks the API, over TLS."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from local.toolchain.property_values import Data, to_data
from local.toolchain.terraform_remote import read_remote
from local.toolchain.terraform_states import StateError
from tests.local.toolchain.terraform_enterprise import TOKEN, Host, terraform_enterprise

STATE = json.dumps({"version": 4, "outputs": {"vpc_id": {"value": "vpc-1"}}}).encode()
DOWNLOAD = "/api/state-versions/sv-1/hosted_state"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(autouse=True)
def _environment(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trusts the authority, knows no proxy, and nobody has logged in."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def host(authority: trustme.CA) -> Iterator[Host]:
    with terraform_enterprise(authority, STATE) as found:
        yield found


@pytest.fixture
def other(authority: trustme.CA) -> Iterator[Host]:
    with terraform_enterprise(authority, STATE) as found:
        yield found


def read(host: Host, **changes: Data) -> Data:
    arguments: dict[str, Data] = {
        "hostname": host.name,
        "organization": "acme",
        "token": TOKEN,
        "workspaces": {"name": "network"},
    }
    return to_data(read_remote({**arguments, **changes})["vpc_id"])


def test_reads_the_current_state_of_the_workspace(host: Host) -> None:
    assert read(host) == "vpc-1"
    assert [path for path, _ in host.asked] == [
        "/api/v2/organizations/acme/workspaces/network",
        "/api/v2/workspaces/ws-1/current-state-version",
        DOWNLOAD,
    ]
    assert {authorization for _, authorization in host.asked} == {f"Bearer {TOKEN}"}


def test_the_token_goes_to_no_other_host_that_keeps_the_state(host: Host, other: Host) -> None:
    host.download = f"https://{other.name}/signed/state"
    assert read(host) == "vpc-1"
    assert other.asked == [("/signed/state", None)]


def test_the_token_goes_to_no_other_host_that_a_redirect_names(host: Host, other: Host) -> None:
    host.redirects[DOWNLOAD] = f"https://{other.name}/signed/state"
    assert read(host) == "vpc-1"
    assert other.asked == [("/signed/state", None)]
    assert host.asked[-1] == (DOWNLOAD, f"Bearer {TOKEN}")


def test_the_state_does_not_travel_unencrypted(host: Host) -> None:
    host.download = f"http://{host.name}/signed/state"
    with pytest.raises(StateError, match="not encrypted"):
        read(host)
    host.download = None
    host.redirects[DOWNLOAD] = f"http://{host.name}/signed/state"
    with pytest.raises(StateError, match="not encrypted"):
        read(host)
    assert "/signed/state" not in [path for path, _ in host.asked]


def test_a_host_with_a_certificate_of_nobody_known_gets_no_token(
    host: Host, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "another-ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "another-ca.pem"))
    with pytest.raises(StateError, match="certificate verify failed"):
        read(host)
    assert host.asked == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"token": "wrong"}, "401 .the token is not valid there"),
        ({"organization": "nobody"}, "404 .there is no such thing, or the token may not read it"),
        ({"workspaces": {"name": "nothing"}}, "404"),
        ({"workspaces": {"prefix": "net"}}, "`name`, not `prefix`"),
        ({"workspaces": None}, "Name the workspace in full"),
        ({"organization": "html", "workspaces": {"name": "page"}}, "does not speak its API"),
    ],
)
def test_what_goes_wrong_is_said(host: Host, changes: dict[str, Data], reason: str) -> None:
    with pytest.raises(StateError, match=reason) as caught:
        read(host, **changes)
    assert TOKEN not in str(caught.value)


def test_a_host_that_is_not_there_is_named() -> None:
    with pytest.raises(StateError, match=r"localhost:1/acme/network: .*refused"):
        read(Host(name="localhost:1"))


def test_without_a_token_it_says_how_to_get_one(host: Host) -> None:
    with pytest.raises(StateError, match=f"terraform login {host.name}"):
        read(host, token=None)
    assert host.asked == []


def test_takes_the_token_that_terraform_login_has_stored(host: Host, tmp_path: Path) -> None:
    (tmp_path / ".terraform.d").mkdir()
    stored = {"credentials": {host.name: {"token": TOKEN}}}
    (tmp_path / ".terraform.d" / "credentials.tfrc.json").write_text(json.dumps(stored))
    assert read(host, token=None) == "vpc-1"


def test_the_default_is_hcp_terraform() -> None:
    with pytest.raises(StateError, match=r"no token for app\.terraform\.io"):
        read(Host(), token=None)
