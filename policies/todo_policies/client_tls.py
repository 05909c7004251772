"""The client's half of TLS: whom the application trusts, and that nothing talks it out of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pulumi_policy import Severity

from todo_policies.containers import DEFINITIONS, Container, containers, has_containers
from todo_policies.parameters import parameter
from todo_policies.rule import ResourceRule, Subject

__all__ = ["DATABASE_CLIENT_VERIFIES_TLS"]

_FILE, _PEM = "DATABASE_CA_FILE", "DATABASE_CA_PEM"
# A database by whatever name, or an address of it: DATABASE_READER_HOST, MYSQL_HOST, PGHOST.
_DATABASE = re.compile(
    r"(DATABASE|DB|MYSQL|MARIADB|POSTGRES|POSTGRESQL|PG|RDS|AURORA)\w*?(HOST\w*|URL|URI|DSN|ENDPOINT|ADDRESS)"
    r"|MYSQL_TCP_ADDR",
    re.IGNORECASE,
)
_SWITCH = re.compile(
    r"(^|_)(TLS|SSL|SSLMODE|HTTPSVERIFY|VERIFY)(_|$)|SSLMODE|HTTPSVERIFY|TLS_REJECT"
)
_WEAK = frozenset(
    {
        *("0", "off", "false", "no", "none", "never", "disable", "disabled", "skip", "optional"),
        *("allow", "prefer", "preferred", "require", "required", "skip-verify", "verify-ca"),
        *("verify_ca", "cert_none", "cert_optional"),
    }
)


@dataclass(frozen=True, kw_only=True)
class AuthorityParameters:
    """Whom a container may trust."""

    ca_files: tuple[str, ...] = parameter(
        ("/app/certs/aws-rds-global-bundle.pem",),
        "Paths, in the image, of the authorities that DATABASE_CA_FILE may name.",
    )
    own_authority: bool = parameter(
        default=False,
        description="Accept an authority that is none of AWS's, as PEM in DATABASE_CA_PEM.",
    )


def _unverified(subject: Subject, parameters: AuthorityParameters) -> Iterator[str]:
    for container in containers(subject):
        for problem in _problems(container, parameters):
            yield f"container {container.name} {problem}"


def _problems(container: Container, parameters: AuthorityParameters) -> Iterator[str]:
    variables = {**container.environment, **container.secrets}
    hosts = [name for name in variables if _DATABASE.fullmatch(name)]
    if not hosts:
        return
    # An empty text is no authority; None is one that the update will know.
    given = [name for name in (_FILE, _PEM) if variables.get(name, "") != ""]
    if len(given) != 1:
        found = "both" if given else "neither"
        yield f"gets {hosts[0]}, but {found} of {_FILE} and {_PEM}."
    elif given == [_FILE]:
        path = variables[_FILE]
        if path is not None and path not in parameters.ca_files:
            yield f"trusts {path}, but {_FILE} may name only {' or '.join(parameters.ca_files)}."
    else:
        yield from _own_authority(variables[_PEM], parameters)
    for name, value in variables.items():
        if _SWITCH.search(name.upper()) and (value or "").strip().lower() in _WEAK:
            yield f"is told by {name} not to verify the database."


def _own_authority(pem: str | None, parameters: AuthorityParameters) -> Iterator[str]:
    if not parameters.own_authority:
        yield f"trusts an authority of its own by {_PEM}."
    elif pem is not None and "-----BEGIN CERTIFICATE-----" not in pem and "arn:" not in pem:
        yield f"gets {_PEM}, which is no certificate."


DATABASE_CLIENT_VERIFIES_TLS = ResourceRule(
    name="database-client-verifies-tls",
    severity=Severity.CRITICAL,
    why="Every container that is told of a database is told which authority its certificate comes "
    "from, and nothing that weakens it: TLS without verification keeps no one out.",
    fix="Give it exactly one of DATABASE_CA_FILE (a path that this rule's caFiles names) and "
    "DATABASE_CA_PEM (the PEM itself, where ownAuthority allows it).",
    controls=(),
    waivable=False,
    parameters=AuthorityParameters(),
    applies_to=has_containers,
    check=_unverified,
    deferred_input=DEFINITIONS,
)
