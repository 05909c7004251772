"""Credentials in task definitions: anyone who may describe a task definition can read them."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

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
_OPTION = re.compile(r"--?([A-Za-z][\w.-]*)")
_ASSIGNMENT = re.compile(r"-{0,2}([A-Za-z][\w.-]*)=(.+)", re.DOTALL)
_OF_A_VARIABLE = re.compile(r"""["']?\$(\w+|\{\w+\})["']?""")
"""What a shell takes from a variable, which is judged where that is set."""

_SECRET_ARN = re.compile(r"arn:aws[a-z-]*:(secretsmanager|ssm):[a-z0-9-]+:\d{12}:.+")


def _credentials(subject: Subject) -> Iterator[str]:
    for container in containers(subject):
        for problem in _problems(container):
            yield f"container {container.name}: {problem}"


def _problems(container: Container) -> Iterator[str]:
    """The problems of one container; a message never repeats a value."""
    for name, value in container.environment.items():
        yield from _in_clear(f"the plain variable {name}", name, value)
    for name, value in container.log_options.items():
        yield from _in_clear(f"the option {name} of its log driver", name, value)
    for kind in filter(None, (_credential_in(word or "") for word in container.words)):
        yield f"its command line holds {kind}."
    for name, value in _given(container.words):
        if _is_credential(name, value) and not _OF_A_VARIABLE.fullmatch(value or ""):
            yield f"its command line gives {name}, a credential by its name."
    for name, source in (*container.secrets.items(), *container.log_secrets.items()):
        if source is not None and not _SECRET_ARN.fullmatch(source):
            yield f"the secret {name} does not come from a Secrets Manager or SSM ARN."
    if container.definition.get("environmentFiles"):
        yield "environmentFiles takes variables from a bucket, where nothing judges them."


def _in_clear(what: str, name: str, value: str | None) -> Iterator[str]:
    kind = _credential_in(value or "")
    if kind:
        yield f"{what} holds {kind}."
    elif _is_credential(name, value):
        yield f"{what} is a credential by its name."


def _given(words: Sequence[str | None]) -> Iterator[tuple[str, str | None]]:
    """Yield what a command line gives: --name=value, NAME=value or --name and value apart.

    What is handed to a shell is one word, and has some in it.
    """
    parts = [part for word in words for part in ([None] if word is None else word.split())]
    for part, following in pairwise([*parts, "-"]):
        assigned, option = _ASSIGNMENT.fullmatch(part or ""), _OPTION.fullmatch(part or "")
        if assigned:
            yield assigned[1], assigned[2]
        elif option and not (following or "").startswith("-"):
            yield option[1], following


def _credential_in(value: str) -> str | None:
    return next((kind for kind, form in _CREDENTIAL_VALUES.items() if form.search(value)), None)


def words_of(name: str) -> list[str]:
    """Return the words of a variable's name, whether written API_KEY, api-key or apiKey."""
    return re.findall(r"[a-z]+|\d+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()) or [""]


def _names_a_credential(name: str) -> bool:
    words = words_of(name)
    return not _CREDENTIAL_WORDS.isdisjoint(words) or words[-1] in _CREDENTIAL_ENDINGS


def _is_credential(name: str, value: str | None) -> bool:
    return _names_a_credential(name) and not _points_to_one(name, value)


def _points_to_one(name: str, value: str | None) -> bool:
    """Whether the name and the value say so; an unknown value will be judged by the update."""
    beginning = _POINTERS.get(words_of(name)[-1])
    return beginning is not None and (value is None or value.startswith(beginning))


NO_PLAINTEXT_CREDENTIALS = ResourceRule(
    name="no-plaintext-credentials",
    severity=Severity.CRITICAL,
    why="No container gets a credential in a plain variable, on its command line, as an option of "
    "its log driver, or from a file in a bucket.",
    fix="Store it in Secrets Manager and name its ARN under the container's secrets, or under the "
    "log driver's secretOptions.",
    controls=("ECS.8",),
    waivable=False,
    applies_to=has_containers,
    check=_credentials,
    deferred_input=DEFINITIONS,
)
