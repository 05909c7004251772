"""Where a database's master password comes from, and who gets it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pulumi_policy import PolicyResource, Severity

from todo_policies.containers import DEFINITIONS, Container, containers, has_containers
from todo_policies.credentials import words_of
from todo_policies.databases import is_replica
from todo_policies.parameters import parameter
from todo_policies.reading import is_set
from todo_policies.resource_types import CLUSTER, INSTANCE, PROXY
from todo_policies.rule import ResourceRule, StackRule, Subject

__all__ = ["DATABASE_CREDENTIALS_MANAGED", "DATABASE_MASTER_ACCOUNT"]

_PASSWORDS = {
    INSTANCE: ("password", "passwordWo"),
    CLUSTER: ("masterPassword", "masterPasswordWo"),
}
_SECRET_SOURCES = frozenset(
    {
        "aws:secretsmanager/secretVersion:SecretVersion",
        "aws:ssm/parameter:Parameter",
        "random:index/randomPassword:RandomPassword",
    }
)
_WEAK_HANDSHAKES = frozenset({"MYSQL_NATIVE_PASSWORD", "POSTGRES_MD5"})
"""SHA-1 and MD5: what is overheard, or read in the server, is as good as the password."""

_MASTER_WORDS = frozenset({"admin", "master", "root", "superuser"})
_MANAGED_BY_RDS = ":secret:rds!"


@dataclass(frozen=True, kw_only=True)
class CredentialParameters:
    """Who keeps the master password."""

    managed_by_rds: bool = parameter(
        default=True,
        description="Ask for a master password that RDS makes, keeps in Secrets Manager and "
        "rotates, instead of one that the program made once.",
    )


def _unmanaged(
    subject: PolicyResource, _stack: Sequence[PolicyResource], parameters: CredentialParameters
) -> Iterator[str]:
    if subject.resource_type == PROXY:
        yield from _proxy_accounts(subject)
        return
    given = [key for key in _PASSWORDS[subject.resource_type] if is_set(subject.props, key)]
    if is_replica(subject):
        yield from (f"{key} is set, but a replica's accounts are its source's." for key in given)
        return
    managed = subject.props.get("manageMasterUserPassword") is True
    for key in given:
        sources = {one.resource_type for one in subject.property_dependencies.get(key, ())}
        if _SECRET_SOURCES.isdisjoint(sources):
            yield f"{key} comes from no secret of this stack, so it is written down somewhere."
    if not managed and (parameters.managed_by_rds or not given):
        yield "manageMasterUserPassword is not True, so nobody rotates the master password."


def _proxy_accounts(proxy: Subject) -> Iterator[str]:
    accounts = proxy.props.get("auths") or ()
    if not accounts:
        yield "auths is not set, so no account of the proxy is kept in a secret."
    for index, account in enumerate(accounts):
        if account.get("authScheme") != "SECRETS" or not is_set(account, "secretArn"):
            yield f"auths[{index}] does not take its account from a secret."
        if account.get("clientPasswordAuthType") in _WEAK_HANDSHAKES:
            yield f"auths[{index}] lets clients log in by {account['clientPasswordAuthType']}."
    if proxy.props.get("debugLogging") is True:
        yield "debugLogging is True, so that statements are logged with what is in them."


def _master_in_service(subject: Subject) -> Iterator[str]:
    for container in containers(subject):
        if not _serves(container):
            continue
        for name, source in container.secrets.items():
            if _is_masters(name, source):
                yield f"container {container.name} serves, but gets the master's secret as {name}."
        for name, value in container.environment.items():
            if _is_masters(name, value):
                yield f"container {container.name} serves, but is told of the master by {name}."


def _serves(container: Container) -> bool:
    """Whether it lives as long as its task; a migration ends before that."""
    definition = container.definition
    return definition.get("essential") is not False or bool(definition.get("portMappings"))


def _is_masters(variable: str, source: str | None) -> bool:
    if not _MASTER_WORDS.isdisjoint(words_of(variable)):
        return True
    secret = source or ""
    if _MANAGED_BY_RDS in secret:
        return True
    _, found, name = secret.partition(":secret:")
    return bool(found) and not _MASTER_WORDS.isdisjoint(words_of(name))


DATABASE_CREDENTIALS_MANAGED = StackRule(
    name="database-credentials-managed",
    severity=Severity.CRITICAL,
    why="A database's passwords are made by machines, kept in Secrets Manager, and rotated; a "
    "proxy takes them from there, and logs no statements.",
    fix="Set manage_master_user_password=True and no password; auth_scheme SECRETS with a "
    "secret_arn, and no debug_logging, on a proxy.",
    controls=(),
    waivable=False,
    parameters=CredentialParameters(),
    resource_types=frozenset({*_PASSWORDS, PROXY}),
    check=_unmanaged,
)

DATABASE_MASTER_ACCOUNT = ResourceRule(
    name="database-master-account",
    severity=Severity.CRITICAL,
    why="What serves requests has the least-privileged account; the master's secret goes to a "
    "container that ends, such as a migration.",
    fix="Give the serving container the secret of an account of its own, and make the one that "
    "needs the master's non-essential.",
    controls=(),
    waivable=False,
    applies_to=has_containers,
    check=_master_in_service,
    deferred_input=DEFINITIONS,
)
