"""The client's half of TLS: whom the application trusts."""

from collections.abc import Iterator

from pulumi_policy import Severity

from todo_policies.containers import DEFINITIONS, containers, has_containers
from todo_policies.rule import ResourceRule, Subject

__all__ = ["DATABASE_CLIENT_VERIFIES_TLS"]

_AUTHORITIES = ("DATABASE_CA_FILE", "DATABASE_CA_PEM")


def _unverified(subject: Subject) -> Iterator[str]:
    for container in containers(subject):
        variables = {**container.environment, **container.secrets}
        if "DATABASE_HOST" not in variables:
            continue
        # An empty text is no authority; None is one that the update will know.
        given = [name for name in _AUTHORITIES if variables.get(name, "") != ""]
        if len(given) != 1:
            found = "both" if given else "neither"
            yield (
                f"container {container.name} gets DATABASE_HOST, "
                f"but {found} of {' and '.join(_AUTHORITIES)}."
            )


DATABASE_CLIENT_VERIFIES_TLS = ResourceRule(
    name="database-client-verifies-tls",
    severity=Severity.CRITICAL,
    why="Every container that is told of a database is told which authority its certificate comes "
    "from: TLS without verification keeps no one out.",
    fix="Give it exactly one of DATABASE_CA_FILE (a path) and DATABASE_CA_PEM (the PEM itself).",
    controls=(),
    waivable=False,
    applies_to=has_containers,
    check=_unverified,
    deferred_input=DEFINITIONS,
)
