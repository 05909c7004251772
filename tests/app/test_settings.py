from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.app.logins import ACCOUNT
from todo_app.credentials import FixedCredentials, SecretsManagerCredentials
from todo_app.settings import SettingsError, load_migrate_settings, load_serve_settings

APP = Path(__file__).parents[2] / "app"
SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:todo-app-secret-AbCdEf"


class Recorder(Mapping[str, str]):
    """An environment that remembers which names were asked for."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self._variables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)


def test_reads_everything_from_the_environment(environment: dict[str, str]) -> None:
    settings = load_serve_settings(environment | {"DATABASE_POOL_SIZE": "3", "HTTP_PORT": "9000"})
    assert (settings.database.host, settings.database.port) == ("127.0.0.1", 1)
    assert settings.database.name == "todo"
    assert settings.credentials == FixedCredentials(ACCOUNT)
    assert (settings.pool.size, settings.http.port) == (3, 9000)


def test_listens_on_this_machine_only_unless_told_otherwise(environment: dict[str, str]) -> None:
    assert load_serve_settings(environment).http.host == "127.0.0.1"


def test_names_every_problem_in_one_message() -> None:
    with pytest.raises(SettingsError) as caught:
        load_migrate_settings({"DATABASE_PORT": "70000", "LOG_LEVEL": "loud"})
    message = str(caught.value)
    for name in (
        "DATABASE_HOST",
        "DATABASE_PORT is '70000'",
        "DATABASE_USER",
        "DATABASE_PASSWORD",
        "DATABASE_SECRET_ARN",
        "DATABASE_CA_FILE",
        "DATABASE_CA_PEM",
        "DATABASE_ADMIN_USER",
        "DATABASE_ADMIN_PASSWORD",
        "LOG_LEVEL is 'loud'",
    ):
        assert name in message


@pytest.mark.parametrize(
    "name", ["DATABASE_HOST", "DATABASE_USER", "DATABASE_PASSWORD", "DATABASE_CA_FILE"]
)
def test_refuses_to_start_without(environment: dict[str, str], name: str) -> None:
    for without in (
        environment | {name: ""},
        {k: environment[k] for k in environment.keys() - {name}},
    ):
        with pytest.raises(SettingsError, match=name):
            load_serve_settings(without)


def test_takes_the_account_from_a_secret(environment: dict[str, str]) -> None:
    environment |= {"DATABASE_USER": "", "DATABASE_PASSWORD": "", "DATABASE_SECRET_ARN": SECRET_ARN}
    for settings in (load_serve_settings(environment), load_migrate_settings(environment)):
        assert isinstance(settings.credentials, SecretsManagerCredentials)
        assert SECRET_ARN in repr(settings.credentials)


@pytest.mark.parametrize(
    "given",
    [
        {"DATABASE_USER": "todo_app"},
        {"DATABASE_PASSWORD": "hunter2"},
        {"DATABASE_USER": "todo_app", "DATABASE_SECRET_ARN": SECRET_ARN},
        {"DATABASE_PASSWORD": "hunter2", "DATABASE_SECRET_ARN": SECRET_ARN},
        {
            "DATABASE_USER": "todo_app",
            "DATABASE_PASSWORD": "hunter2",
            "DATABASE_SECRET_ARN": SECRET_ARN,
        },
        {},
    ],
    ids=lambda given: " + ".join(given) or "nothing",
)
def test_refuses_an_account_that_is_given_by_halves_or_twice(
    environment: dict[str, str], given: dict[str, str]
) -> None:
    neither = {"DATABASE_USER": "", "DATABASE_PASSWORD": ""}
    for load in (load_serve_settings, load_migrate_settings):
        with pytest.raises(SettingsError) as caught:
            load(environment | neither | given)
        (problem,) = caught.value.problems
        assert problem.endswith(f"set now: {', '.join(given) or 'none of them'}")
        assert "hunter2" not in problem


def test_refuses_two_authorities(environment: dict[str, str], ca_pem: str) -> None:
    with pytest.raises(SettingsError, match="exactly one of DATABASE_CA_FILE"):
        load_serve_settings(environment | {"DATABASE_CA_PEM": ca_pem})


@pytest.mark.parametrize(
    "content", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n", "ä"]
)
def test_refuses_an_authority_that_is_no_certificate(
    environment: dict[str, str], tmp_path: Path, content: str
) -> None:
    path = tmp_path / "bad.pem"
    path.write_text(content, "utf-8")
    with pytest.raises(SettingsError, match=rf"DATABASE_CA_FILE \({path}\) is not usable: no read"):
        load_serve_settings(environment | {"DATABASE_CA_FILE": str(path)})


def test_refuses_an_authority_file_that_is_not_there(environment: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"DATABASE_CA_FILE \(/nowhere\).*No such file"):
        load_serve_settings(environment | {"DATABASE_CA_FILE": "/nowhere"})


def test_takes_the_authority_as_text(environment: dict[str, str], ca_pem: str) -> None:
    settings = load_serve_settings(
        environment | {"DATABASE_CA_FILE": "", "DATABASE_CA_PEM": ca_pem}
    )
    assert len(settings.database.tls.get_ca_certs()) == 1


def test_every_connection_is_verified(environment: dict[str, str]) -> None:
    tls = load_serve_settings(environment).database.tls
    assert tls.verify_mode is ssl.CERT_REQUIRED
    assert tls.check_hostname
    assert len(tls.get_ca_certs()) == 1, "the machine's own authorities must not be trusted"


def test_replicas_differ_from_the_database_in_their_host_only(environment: dict[str, str]) -> None:
    assert load_serve_settings(environment).readers == ()
    hosts = {"DATABASE_READER_HOST": "a.example, b.example"}
    settings = load_serve_settings(environment | hosts)
    assert settings.readers == tuple(
        replace(settings.database, host=host) for host in ("a.example", "b.example")
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_READER_HOST", "a.example,,b.example"),
        ("DATABASE_READER_HOST", ","),
        ("DATABASE_PORT", "0"),
        ("DATABASE_PORT", "3306.5"),
        ("DATABASE_PORT", "٣"),
        ("DATABASE_POOL_SIZE", "-1"),
        ("DATABASE_POOL_WAIT_SECONDS", "61"),
        ("DATABASE_QUERY_SECONDS", "soon"),
        ("DATABASE_CONNECT_SECONDS", "0"),
        ("HTTP_PORT", "65536"),
        ("DATABASE_NAME", "todo`; DROP"),
        ("DATABASE_NAME", "x" * 65),
        ("DATABASE_USER", "a'b"),
        ("DATABASE_USER", "x" * 33),
    ],
)
def test_refuses_values_out_of_bounds(environment: dict[str, str], name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_serve_settings(environment | {name: value})
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].startswith(f"{name} is {value!r}")
    assert "allowed" in caught.value.problems[0]


@pytest.mark.parametrize(
    "arn",
    [
        "todo-app-secret",
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:",
        "arn:aws:ssm:eu-west-1:111122223333:parameter/todo",
        f"{SECRET_ARN}\n",
    ],
)
def test_refuses_a_secret_that_is_not_named_by_its_arn(
    environment: dict[str, str], arn: str
) -> None:
    environment |= {"DATABASE_USER": "", "DATABASE_PASSWORD": "", "DATABASE_SECRET_ARN": arn}
    with pytest.raises(SettingsError, match=r"DATABASE_SECRET_ARN is .* allowed"):
        load_serve_settings(environment)


def test_refuses_to_run_as_the_master(environment: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="account of its own"):
        load_migrate_settings(environment | {"DATABASE_ADMIN_USER": environment["DATABASE_USER"]})


def test_secrets_are_never_shown(environment: dict[str, str]) -> None:
    shown = repr(load_serve_settings(environment)) + repr(load_migrate_settings(environment))
    with pytest.raises(SettingsError) as caught:
        load_migrate_settings(environment | {"DATABASE_PORT": "x"})
    shown += str(caught.value)
    assert environment["DATABASE_PASSWORD"] not in shown
    assert environment["DATABASE_ADMIN_PASSWORD"] not in shown


def test_serve_does_not_look_at_the_master_account(environment: dict[str, str]) -> None:
    recorder = Recorder(environment)
    load_serve_settings(recorder)
    assert not {name for name in recorder.asked if "ADMIN" in name}


def test_the_example_lists_every_variable_with_a_comment(environment: dict[str, str]) -> None:
    recorder = Recorder(environment)
    load_serve_settings(recorder)
    load_migrate_settings(recorder)
    example = (APP / ".env.example").read_text()
    listed = re.findall(r"^(?:# )?([A-Z][A-Z_]+)=", example, re.MULTILINE)
    assert sorted(listed) == sorted(recorder.asked)
    paragraphs = [p.splitlines() for p in example.split("\n\n")]
    assert all(p[0].startswith("# ") and not re.match(r"# [A-Z_]+=", p[0]) for p in paragraphs)


def test_the_example_shows_the_real_defaults(environment: dict[str, str]) -> None:
    example = (APP / ".env.example").read_text()
    shown = dict(re.findall(r"^# ([A-Z][A-Z_]+)=(.+)$", example, re.MULTILINE))
    for load in (load_serve_settings, load_migrate_settings):
        without = {k: v for k, v in environment.items() if k not in shown}
        assert repr(load(without | shown)) == repr(load(without))


def test_the_example_holds_no_secret() -> None:
    example = (APP / ".env.example").read_text()
    assert re.findall(r"PASSWORD=(.*)$", example, re.MULTILINE) == ["", ""]
