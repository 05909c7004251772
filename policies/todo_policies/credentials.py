"""Credentials in task definitions: anyone who may describe a task definition can read them."""

import re
from collections.abc import Iterator

from pulumi_policy import Severity

from todo_policies.containers import DEFINITIONS, Container, containers, has_containers
from todo_policies.rule import ResourceRule, Subject

__all__ = ["NO_PLAINTEXT_CREDENTIALS", "words_of"]

_CREDENTIAL_WORDS = {
    "credential",
    "credentials",
    "passphrase",
    "passwd",
    "password",
    "pwd",
    "secret",
    "secrets",
    "token",
}
_CREDENTIAL_ENDINGS = {"key", "apikey"}
"""Only at the end of a name: PARTITION_KEY_COUNT is no credential, STRIPE_KEY is."""

_POINTERS = {"arn": "arn:", "file": "/", "path": "/"}
"""Endings of names that say where a credential is; its value then begins like this."""

_CREDENTIAL_VALUES = {
    "a URL with a password": re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@", re.IGNORECASE),
    "an AWS access key": re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
}
_SECRET_ARN = re.compile(r"arn:aws[a-z-]*:(secretsmanager|ssm):[a-z0-9-]+:\d{12}:.+")


def _credentials(subject: Subject) -> Iterator[str]:
    for container in containers(subject):
        for problem in _problems(container):
            yield f"container {container.name}: {problem}"


def _problems(container: Container) -> Iterator[str]:
    """The problems of one container; a message never repeats a value."""
    for name, value in container.environment.items():
        kind = _credential_in(value or "")
        if kind:
            yield f"the plain variable {name} holds {kind}."
        elif _names_a_credential(name) and not _points_to_one(name, value):
            yield f"the plain variable {name} is a credential by its name."
    for kind in filter(None, map(_credential_in, container.words)):
        yield f"its command line holds {kind}."
    for name, source in container.secrets.items():
        if source is not None and not _SECRET_ARN.fullmatch(source):
            yield f"the secret {name} does not come from a Secrets Manager or SSM ARN."


def _credential_in(value: str) -> str | None:
    return next((kind for kind, form in _CREDENTIAL_VALUES.items() if form.search(value)), None)


def words_of(name: str) -> list[str]:
    """Return the words of a variable's name, whether written API_KEY, api-key or apiKey."""
    return re.findall(r"[a-z]+|\d+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()) or [""]


def _names_a_credential(name: str) -> bool:
    words = words_of(name)
    return not _CREDENTIAL_WORDS.isdisjoint(words) or words[-1] in _CREDENTIAL_ENDINGS


def _points_to_one(name: str, value: str | None) -> bool:
    """Whether the name and the value say so; an unknown value will be judged by the update."""
    beginning = _POINTERS.get(words_of(name)[-1])
    return beginning is not None and (value is None or value.startswith(beginning))


NO_PLAINTEXT_CREDENTIALS = ResourceRule(
    name="no-plaintext-credentials",
    severity=Severity.CRITICAL,
    why="No container gets a credential in a plain variable or on its command line.",
    fix="Store it in Secrets Manager and name its ARN under the container's secrets.",
    controls=("ECS.8",),
    waivable=False,
    applies_to=has_containers,
    check=_credentials,
    deferred_input=DEFINITIONS,
)
