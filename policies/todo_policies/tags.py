"""Tags: whose a resource is, when somebody finds it on the bill."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_policy import Severity

from todo_policies.parameters import parameter
from todo_policies.reading import shown
from todo_policies.resource_types import (
    BUCKET,
    ECS_CLUSTER,
    ECS_SERVICE,
    INSTANCE,
    KEY,
    LOAD_BALANCER,
    LOG_GROUP,
    ROLE,
    SECRET,
    TASK_DEFINITION,
    TOPIC,
)
from todo_policies.rule import ResourceRule, Rule, Subject

__all__ = [
    "REQUIRED_TAGS",
    "RULES",
    "SERVICE_TAGS_ITS_TASKS",
]

_TAGGED = frozenset(
    {
        BUCKET,
        ECS_CLUSTER,
        ECS_SERVICE,
        INSTANCE,
        KEY,
        LOAD_BALANCER,
        LOG_GROUP,
        ROLE,
        SECRET,
        TASK_DEFINITION,
        TOPIC,
    }
)
"""What costs something, holds something, or may do something."""


@dataclass(frozen=True, kw_only=True)
class _Tags:
    required: tuple[str, ...] = parameter(
        (), "Tags that resources have, of their own or by aws:defaultTags of the stack."
    )


def _untagged(subject: Subject, parameters: _Tags) -> Iterator[str]:
    tags = {**_default_tags(subject), **(subject.props.get("tags") or {})}
    missing = [name for name in parameters.required if not tags.get(name)]
    if missing:
        yield f"it has no tag {', '.join(missing)}."


def _default_tags(subject: Subject) -> Mapping[str, Any]:
    """The tags that the provider gives to all; nested config of a provider is JSON text."""
    provider = getattr(subject, "provider", None)
    default = provider.props.get("defaultTags") if provider else None
    if isinstance(default, str):
        default = json.loads(default)
    return (default or {}).get("tags") or {}


REQUIRED_TAGS = ResourceRule(
    name="required-tags",
    severity=Severity.LOW,
    why="Resources have the tags that the organization counts and finds them by.",
    fix="Set aws:defaultTags in the stack's config; it reaches every resource.",
    controls=(),
    parameters=_Tags(),
    resource_types=_TAGGED,
    check=_untagged,
)


def _untagged_tasks(service: Subject) -> Iterator[str]:
    source = service.props.get("propagateTags")
    if source not in ("SERVICE", "TASK_DEFINITION"):
        yield f"propagateTags is {shown(source)}, so its tasks have no tags."
    if service.props.get("enableEcsManagedTags") is not True:
        yield f"enableEcsManagedTags is {shown(service.props.get('enableEcsManagedTags'))}."


SERVICE_TAGS_ITS_TASKS = ResourceRule(
    name="service-tags-its-tasks",
    severity=Severity.LOW,
    why="Tasks carry the tags of their service: they are what the bill is about.",
    fix="Set propagate_tags='SERVICE' and enable_ecs_managed_tags=True.",
    controls=(),
    resource_types=frozenset({ECS_SERVICE}),
    check=_untagged_tasks,
)

RULES: tuple[Rule, ...] = (
    REQUIRED_TAGS,
    SERVICE_TAGS_ITS_TASKS,
)
