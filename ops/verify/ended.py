"""Why a task ended: what ECS says, exit codes, and the last words of what failed in it."""

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from ops.verify.deployed import Deployed
from ops.verify.tasks import containers_of, log_stream

__all__ = ["end_of", "went_wrong"]

# Of those that a container says at the end, one is enough: the newest.
_LINES = 20

Json = Mapping[str, Any]


def went_wrong(task: Json, deployed: Deployed) -> bool:
    """Whether a task ended by itself, or for its health; one that gave way to another did not."""
    ours = containers_of(task, deployed)
    by_itself = any(one.get("reason") or one.get("exitCode") for one in ours)
    return by_itself or "failed" in task.get("stoppedReason", "")


def end_of(task: Json, deployed: Deployed, logs: Any) -> str:  # noqa: ANN401 - boto3's
    """Return what is known of a task's end; its log is that of the version deployed last."""
    ends = [
        " ".join(filter(None, [one["name"], _how(one), _last_words(task, one, deployed, logs)]))
        for one in containers_of(task, deployed)
        if one.get("reason") or one.get("exitCode")
    ]
    return "; ".join(filter(None, [task.get("stoppedReason", ""), *ends]))


def _how(container: Json) -> str:
    return str(container.get("reason") or f"exit code {container['exitCode']}")


def _last_words(task: Json, container: Json, deployed: Deployed, logs: Any) -> str:  # noqa: ANN401
    """Return the last line that a container logged, in quotes; nothing where none can be had."""
    name = container["name"]
    log = deployed.containers().get(name, {}).get("logConfiguration", {}).get("options", {})
    if "awslogs-stream-prefix" not in log:
        return ""
    try:
        found = logs.get_log_events(
            logGroupName=log["awslogs-group"],
            logStreamName=log_stream(task, name, log),
            startFromHead=False,
            limit=_LINES,
        )["events"]
    except ClientError:
        return ""
    said = [text for event in found if (text := _text(event["message"]))]
    return f'("{said[-1]}")' if said else ""


def _text(message: str) -> str:
    """Return what a line says: our own are JSON, those of a crash are not."""
    try:
        return str(json.loads(message)["message"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return message.strip()
