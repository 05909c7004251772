from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.policies.conftest import Stack

RULE = "database-client-verifies-tls"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
BUNDLE = "/app/certs/aws-rds-global-bundle.pem"
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:authority-AbCdEf"
NEITHER = "neither of DATABASE_CA_FILE and DATABASE_CA_PEM."


def set_environment(stack: "Stack", **variables: str) -> None:
    container: dict[str, Any] = stack["task"].props["containerDefinitions"][0]
    container["environment"] = [{"name": key, "value": value} for key, value in variables.items()]


@pytest.mark.parametrize(
    "name",
    [
        "DATABASE_HOST",
        "DATABASE_READER_HOST",
        "DATABASE_READ_HOSTS",
        "DATABASE_URL",
        "DB_HOST",
        "MYSQL_HOST",
        "PGHOST",
        "PGHOSTADDR",
        "POSTGRES_DSN",
        "RDS_ENDPOINT",
    ],
)
def test_whoever_is_told_of_a_database_is_told_whom_to_trust(stack: "Stack", name: str) -> None:
    set_environment(stack, **{name: "db.example"})
    assert stack.problems(RULE) == [f"task: container app gets {name}, but {NEITHER}"]
    set_environment(stack, **{name: "db.example"}, DATABASE_CA_FILE=BUNDLE)
    assert stack.problems(RULE) == []


@pytest.mark.parametrize("name", ["DATABASE_NAME", "DATABASE_PORT", "HTTP_HOST", "SMTP_HOST"])
def test_what_names_no_database_needs_no_authority(stack: "Stack", name: str) -> None:
    set_environment(stack, **{name: "value"})
    assert stack.problems(RULE) == []


@pytest.mark.parametrize("path", ["/dev/null", "/app/certs/ours.pem", "aws-rds-global-bundle.pem"])
def test_only_the_files_that_are_named_may_be_trusted(stack: "Stack", path: str) -> None:
    set_environment(stack, DATABASE_HOST="db.example", DATABASE_CA_FILE=path)
    assert stack.problems(RULE) == [
        f"task: container app trusts {path}, but DATABASE_CA_FILE may name only {BUNDLE}."
    ]
    assert stack.problems(RULE, caFiles=[path]) == []


def test_an_authority_of_its_own_has_to_be_allowed_and_a_certificate(stack: "Stack") -> None:
    set_environment(stack, DATABASE_HOST="db.example", DATABASE_CA_PEM=PEM)
    assert stack.problems(RULE) == [
        "task: container app trusts an authority of its own by DATABASE_CA_PEM."
    ]
    assert stack.problems(RULE, ownAuthority=True) == []
    set_environment(stack, DATABASE_HOST="db.example", DATABASE_CA_PEM=SECRET)
    assert stack.problems(RULE, ownAuthority=True) == []
    set_environment(stack, DATABASE_HOST="db.example", DATABASE_CA_PEM="none")
    assert stack.problems(RULE, ownAuthority=True) == [
        "task: container app gets DATABASE_CA_PEM, which is no certificate."
    ]


def test_two_authorities_are_one_too_many(stack: "Stack") -> None:
    set_environment(stack, DATABASE_HOST="db", DATABASE_CA_FILE=BUNDLE, DATABASE_CA_PEM=PEM)
    assert stack.problems(RULE, ownAuthority=True) == [
        "task: container app gets DATABASE_HOST, but both of DATABASE_CA_FILE and DATABASE_CA_PEM."
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_TLS", "off"),
        ("DATABASE_SSL", "0"),
        ("DATABASE_SSL_MODE", "PREFERRED"),
        ("DATABASE_SSLMODE", "require"),
        ("PGSSLMODE", "prefer"),
        ("DATABASE_TLS_VERIFY", "False"),
        ("NODE_TLS_REJECT_UNAUTHORIZED", "0"),
        ("PYTHONHTTPSVERIFY", "0"),
        ("MYSQL_SSL_VERIFY", "skip-verify"),
        ("PGSSLMODE", "verify-ca"),
    ],
)
def test_nothing_may_weaken_the_verification(stack: "Stack", name: str, value: str) -> None:
    set_environment(stack, DATABASE_HOST="db.example", DATABASE_CA_FILE=BUNDLE, **{name: value})
    assert stack.problems(RULE) == [
        f"task: container app is told by {name} not to verify the database."
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PGSSLMODE", "verify-full"),
        ("DATABASE_SSL_MODE", "VERIFY_IDENTITY"),
        ("TLS_PORT", "8443"),
        ("HASSLE", "off"),
    ],
)
def test_what_strengthens_it_or_is_about_something_else_passes(
    stack: "Stack", name: str, value: str
) -> None:
    set_environment(stack, DATABASE_HOST="db.example", DATABASE_CA_FILE=BUNDLE, **{name: value})
    assert stack.problems(RULE) == []


def test_what_is_unknown_in_a_component_is_judged_by_the_update(stack: "Stack") -> None:
    stack["task"].type = "todo:index:Service"
    set_environment(stack, DATABASE_HOST=UNKNOWN, DATABASE_CA_FILE=UNKNOWN)
    assert stack.problems(RULE) == []
    set_environment(stack, DATABASE_HOST=UNKNOWN)
    assert stack.breaking(RULE) == ["task"]
