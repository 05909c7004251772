"""Which engine a database runs: one that is supported, and whose settings its group holds.

A parameter group of another engine or version is refused by AWS at the update, or takes its
settings along to one where they mean something else.
"""

import re
from collections.abc import Iterator, Sequence

from pulumi_policy import PolicyResource, Severity

from todo_policies.databases import engine_of, family_engine, is_replica
from todo_policies.parameter_groups import ATTACHMENTS, attached_groups
from todo_policies.reading import is_set, shown
from todo_policies.rule import Rule, StackRule

__all__ = ["DATABASE_ENGINE_FITS", "RULES"]

_WITH_MINOR = {"mysql": 2, "mariadb": 2, "aurora-mysql": 2}
"""How many parts of a version a family names; one for the others: postgres17, mysql8.4."""


def _misfits(subject: PolicyResource, stack: Sequence[PolicyResource]) -> Iterator[str]:
    engine = engine_of(subject.props)
    if is_replica(subject) and not engine:
        return  # both are its source's, which is judged
    if not is_set(subject.props, "engineVersion"):
        yield "engineVersion is not set, so AWS's default applies, which changes."
        return
    version = str(subject.props.get("engineVersion"))
    for group in attached_groups(subject, ATTACHMENTS[subject.resource_type], stack):
        family = str(group.props.get("family"))
        if not _is_of(engine, version, family):
            yield (
                f"it runs {engine} {version}, but its parameter group {group.name} is of family "
                f"{shown(group.props.get('family'))}."
            )


def _is_of(engine: str, version: str, family: str) -> bool:
    if family_engine(family) != engine:
        return False
    numbers = re.findall(r"\d+", version)[: _WITH_MINOR.get(engine, 1)]
    return family == engine + ".".join(numbers)


DATABASE_ENGINE_FITS = StackRule(
    name="database-engine-fits",
    severity=Severity.HIGH,
    why="A database names the version that it runs, and its parameter group is made for that "
    "engine and version: the settings that require TLS are others elsewhere.",
    fix="Set engine_version, and the parameter group's family with it "
    "(todo:databaseOperations.engineVersion sets both).",
    controls=(),
    waivable=False,
    resource_types=frozenset(ATTACHMENTS),
    check=_misfits,
)

RULES: tuple[Rule, ...] = (DATABASE_ENGINE_FITS,)
