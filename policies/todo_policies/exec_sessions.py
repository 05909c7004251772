"""People in a running task, by `aws ecs execute-command`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_policy import Severity

from todo_policies.parameters import parameter
from todo_policies.reading import is_set
from todo_policies.resource_types import ECS_CLUSTER, ECS_SERVICE
from todo_policies.rule import ResourceRule, Rule, Subject

__all__ = ["RULES", "SERVICE_CLOSED_TO_PEOPLE"]


@dataclass(frozen=True, kw_only=True)
class _People:
    allow_exec: bool = parameter(False, "Let people enter tasks, where every session is recorded.")


def _open_to_people(resource: Subject, parameters: _People) -> Iterator[str]:
    if resource.resource_type == ECS_CLUSTER:
        yield from _unrecorded(resource.props.get("configuration") or {})
    elif resource.props.get("enableExecuteCommand") is True and not parameters.allow_exec:
        yield "enableExecuteCommand is True."


def _unrecorded(configuration: Mapping[str, Any]) -> Iterator[str]:
    sessions = configuration.get("executeCommandConfiguration")
    if not sessions:
        return
    log = sessions.get("logConfiguration") or {}
    if sessions.get("logging") != "OVERRIDE" or not (
        is_set(log, "cloudWatchLogGroupName") or is_set(log, "s3BucketName")
    ):
        yield "what people type in a task is recorded nowhere."
    if is_set(sessions, "kmsKeyId") and log.get("cloudWatchEncryptionEnabled") is False:
        yield "cloudWatchEncryptionEnabled is False, though sessions have a key."


SERVICE_CLOSED_TO_PEOPLE = ResourceRule(
    name="service-closed-to-people",
    severity=Severity.HIGH,
    why="Nobody enters a running task: it holds the application's credentials. Where people may, "
    "what they do is recorded.",
    fix="Set todo:deployment.allowExec to false, and use the logs or another stack.",
    controls=(),
    parameters=_People(),
    resource_types=frozenset({ECS_SERVICE, ECS_CLUSTER}),
    check=_open_to_people,
)

RULES: tuple[Rule, ...] = (SERVICE_CLOSED_TO_PEOPLE,)
