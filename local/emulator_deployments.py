"""What ECS says of a service's deployments afterwards, and MiniStack does not.

Each is listed with how it ended. One that failed is part of its service only as long as it has
tasks: whoever waits until a service has one deployment alone waits for that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

__all__ = ["Deployments"]

_ENDED: Final = ("SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL")
_REASONS: Final = {
    "ROLLBACK_IN_PROGRESS": "Service deployment is rolling back: "
    "the circuit breaker threshold was exceeded.",
    "ROLLBACK_SUCCESSFUL": "Service deployment rolled back: "
    "the circuit breaker threshold was exceeded.",
}

Record = dict[str, Any]


class Deployments:
    """Remembers the deployments of all services.

    Args:
        ecs: MiniStack's ECS.
    """

    def __init__(self, ecs: Any) -> None:  # noqa: ANN401 - a module
        self._ecs = ecs
        self._seen: dict[str, dict[str, Record]] = {}  # by ARN of the service, and id

    def extend(self) -> None:
        """Change MiniStack's ECS; its exact version is pinned."""
        ecs, refresh = self._ecs, self._ecs._refresh_service_state

        def refreshing(cluster: str, group: str) -> None:
            refresh(cluster, group)
            service = ecs._services.get(f"{cluster}/{str(group).partition(':')[2]}")
            if service:
                self._note(service)

        ecs._refresh_service_state = refreshing
        ecs._ACTION_MAP["ListServiceDeployments"] = self._list
        ecs._ACTION_MAP["DescribeServiceDeployments"] = self._describe

    def _note(self, service: Record) -> None:
        """Note how its deployments are, and let go of those that failed and have no tasks left."""
        seen = self._seen.setdefault(service["serviceArn"], {})
        primary = next((one for one in service["deployments"] if one["status"] == "PRIMARY"), None)
        for deployment in service["deployments"]:
            known = seen.setdefault(deployment["id"], _record(service, deployment))
            if known["status"] not in _ENDED:
                status = self._status(deployment, primary)
                known |= {"status": status, "statusReason": _REASONS.get(status)}
                if status in _ENDED:
                    known["finishedAt"] = self._ecs._iso()
        if primary is None or primary["rolloutState"] != "COMPLETED":
            return
        gone = [
            one["id"]
            for one in service["deployments"]
            if one is not primary and one["rolloutState"] == "FAILED" and not self._tasks(one)
        ]
        if gone:
            service["deployments"] = [
                one for one in service["deployments"] if one["id"] not in gone
            ]

    def _status(self, deployment: Record, primary: Record | None) -> str:
        if deployment["rolloutState"] == "FAILED":
            if deployment is primary:
                return "STOPPED"  # there is nothing to go back to
            back = primary is not None and primary["rolloutState"] == "COMPLETED"
            return "ROLLBACK_SUCCESSFUL" if back else "ROLLBACK_IN_PROGRESS"
        if deployment["rolloutState"] == "COMPLETED":
            # MiniStack says so of a service's first one from the beginning.
            stable = sum(bool(task.get("_startup_stable")) for task in self._tasks(deployment))
            return "SUCCESSFUL" if stable >= deployment["desiredCount"] else "IN_PROGRESS"
        return "IN_PROGRESS" if deployment is primary else "STOPPED"

    def _tasks(self, deployment: Record) -> list[Record]:
        return [
            task
            for task in list(self._ecs._tasks.values())
            if task.get("_deployment_id") == deployment["id"]
            and task.get("lastStatus") in self._ecs._PRE_STOP_STATUSES
        ]

    def _list(self, request: Record) -> Any:  # noqa: ANN401 - MiniStack's answer
        """`ListServiceDeployments`: newest first, all on one page."""
        ecs = self._ecs
        cluster = ecs._resolve_cluster_name(request.get("cluster", "default"))
        name = (ecs._resolve_service_ref(request.get("service", "")) or ("",))[0]
        service = ecs._services.get(f"{cluster}/{name}")
        if service is None:
            return ecs.error_response_json("ServiceNotFoundException", "Service not found.", 400)
        wanted, between = request.get("status") or (), request.get("createdAt") or {}
        found = [
            one
            for one in reversed(self._seen.get(service["serviceArn"], {}).values())
            if (not wanted or one["status"] in wanted) and _is_within(one["createdAt"], between)
        ]
        return ecs.json_response({"serviceDeployments": ecs._sanitize(found)})

    def _describe(self, request: Record) -> Any:  # noqa: ANN401 - MiniStack's answer
        """`DescribeServiceDeployments`, by their ARNs."""
        all_of_them = {one["serviceDeploymentArn"]: one for one in self._all()}
        arns = request.get("serviceDeploymentArns") or ()
        answer = {
            "serviceDeployments": [
                _described(all_of_them[arn]) for arn in arns if arn in all_of_them
            ],
            "failures": [
                {"arn": arn, "reason": "MISSING"} for arn in arns if arn not in all_of_them
            ],
        }
        return self._ecs.json_response(self._ecs._sanitize(answer))

    def _all(self) -> Iterator[Record]:
        for deployments in self._seen.values():
            yield from deployments.values()


def _record(service: Mapping[str, Any], deployment: Mapping[str, Any]) -> Record:
    """What `ListServiceDeployments` says of a deployment that has just begun."""
    number = deployment["id"].rpartition("/")[2]

    def arn(kind: str) -> str:
        return f"{service['serviceArn'].replace(':service/', f':{kind}/', 1)}/{number}"

    return {
        "serviceDeploymentArn": arn("service-deployment"),
        "serviceArn": service["serviceArn"],
        "clusterArn": service["clusterArn"],
        "createdAt": deployment["createdAt"],
        "startedAt": deployment["createdAt"],
        "finishedAt": None,
        "targetServiceRevisionArn": arn("service-revision"),
        "status": "IN_PROGRESS",
        "statusReason": None,
    }


def _described(brief: Mapping[str, Any]) -> Record:
    """The same as `DescribeServiceDeployments` says it."""
    kept = {key: value for key, value in brief.items() if key != "targetServiceRevisionArn"}
    return {**kept, "targetServiceRevision": {"arn": brief["targetServiceRevisionArn"]}}


def _is_within(moment: str, between: Mapping[str, float]) -> bool:
    at = datetime.fromisoformat(moment).timestamp()
    return between.get("after", at) <= at <= between.get("before", at)
