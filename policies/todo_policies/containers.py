"""Container definitions, read from where they are known first.

A task definition holds them as one JSON string. In a preview that string is unknown as a whole as
soon as any part of it is, such as the image's digest. A component that passes the same list as its
own input `containerDefinitions` shows it to the rules part by part, previews included.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pulumi_policy.proxy import UnknownValueError

from todo_policies.reading import known
from todo_policies.resource_types import TASK_DEFINITION
from todo_policies.rule import Subject

__all__ = ["DEFINITIONS", "Container", "containers", "has_containers"]

DEFINITIONS = "containerDefinitions"
"""The input, of a task definition or of a component, that holds container definitions."""


@dataclass(frozen=True, kw_only=True)
class Container:
    """What the rules want to know of a container.

    Attributes:
        name: its name.
        environment: plain variables; None for a value that is unknown before the update.
        secrets: name of each injected variable and where it comes from; None if unknown.
        words: the command lines, that of its health check included; None for an unknown word.
        log_options: what its log driver is told; None for a value that is unknown.
        log_secrets: the same, of what the driver gets from elsewhere.
        definition: the whole, as ECS has it.
    """

    name: str
    environment: Mapping[str, str | None]
    secrets: Mapping[str, str | None]
    words: Sequence[str | None]
    log_options: Mapping[str, str | None]
    log_secrets: Mapping[str, str | None]
    definition: Mapping[str, Any]


def has_containers(subject: Subject) -> bool:
    """Whether a resource is a task definition, or a component that declares its containers."""
    return subject.resource_type == TASK_DEFINITION or DEFINITIONS in subject.props


def containers(subject: Subject) -> Iterator[Container]:
    """The containers a resource defines.

    Raises:
        UnknownValueError: if the definitions, or the names in them, are unknown.
        ValueError: if they are not a list of container definitions.
    """
    definitions = subject.props.get(DEFINITIONS)
    if isinstance(definitions, str):
        definitions = _parsed(definitions)
    if isinstance(definitions, (str, Mapping)) or not isinstance(definitions, Sequence):
        raise ValueError(f"{DEFINITIONS} is not a list.")  # noqa: TRY004 - as malformed JSON is
    for definition in definitions:
        logs = known(definition, "logConfiguration") or {}
        options = known(logs, "options") or {}
        yield Container(
            name=str(definition.get("name")),
            environment=_named(definition, "environment", "value"),
            secrets=_named(definition, "secrets", "valueFrom"),
            words=list(_words(definition)),
            log_options={str(name): _known(options, name) for name in options},
            log_secrets=_named(logs, "secretOptions", "valueFrom"),
            definition=definition,
        )


@lru_cache(maxsize=32)
def _parsed(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """Read a text once for all rules; none of them changes what is in it."""
    return json.loads(text)


def _named(definition: Mapping[str, Any], member: str, value: str) -> dict[str, str | None]:
    return {str(entry.get("name")): _known(entry, value) for entry in definition.get(member) or ()}


def _known(entry: Mapping[str, Any], key: str) -> str | None:
    try:
        return str(entry.get(key, ""))
    except UnknownValueError:
        return None


def _words(definition: Mapping[str, Any]) -> Iterator[str | None]:
    check = known(definition, "healthCheck") or {}
    for owner, member in ((definition, "entryPoint"), (definition, "command"), (check, "command")):
        words = owner.get(member) or ()
        for index in range(len(words)):
            try:
                yield str(words[index])
            except UnknownValueError:
                yield None
