"""The local system before and after: what scales in it, and the requests that are sent to it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import boto3

from local.autoscaling_api.loop import tracking_of
from local.autoscaling_api.tracking import Tracking
from local.system import load_balancer_host
from local.time_lapse import PARAMETER
from local.workspace import REGION, Workspace
from ops.errors import OpsError

__all__ = ["Counts", "Scaling", "Stage"]

_REQUESTS: Final = "ALBRequestCountPerTarget"
_TRACKING: Final = "TargetTrackingScalingPolicyConfiguration"
_NAMESPACE: Final = {"ServiceNamespace": "ecs"}
_MINUTE: Final = 60
_LISTS, _TODOS = 3, 10
_OF_POLICY: Final = (
    *("PolicyName", "ServiceNamespace", "ResourceId", "ScalableDimension", "PolicyType"),
    _TRACKING,
)

Record = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """What scales: bounds, and the policies by what they track."""

    minimum: int
    maximum: int
    policies: dict[str, Tracking]

    @property
    def requests(self) -> float:
        """Requests a second that a task is given before there are more."""
        return self.policies[_REQUESTS].target / _MINUTE


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Tasks at a moment: how many should run, how many get requests."""

    desired: int
    serving: int


class Stage:
    """The local system's service.

    Raises:
        OpsError: if it is not there, or does not scale by requests.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._ecs, self._elbv2, self._ssm = map(self._client, ("ecs", "elbv2", "ssm"))
        self._scaling = self._client(
            "application-autoscaling", endpoint=workspace.autoscaling_endpoint
        )
        targets = self._scaling.describe_scalable_targets(**_NAMESPACE)["ScalableTargets"]
        found = self._scaling.describe_scaling_policies(**_NAMESPACE)["ScalingPolicies"]
        self._policies = {
            policy[_TRACKING]["PredefinedMetricSpecification"]["PredefinedMetricType"]: policy
            for policy in found
            if "PredefinedMetricSpecification" in policy.get(_TRACKING, {})
        }
        if len(targets) != 1 or _REQUESTS not in self._policies:
            raise OpsError(
                f"The local system has {len(targets)} scalable services, and policies for "
                f"{', '.join(self._policies) or 'nothing'}; one that scales by requests is needed: "
                "`make up` deploys it."
            )
        (self._target,) = targets
        _, self._cluster, self._service = self._target["ResourceId"].split("/")

    def _client(self, service: str, endpoint: str | None = None) -> Any:  # noqa: ANN401 - boto3's
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=endpoint or self._workspace.endpoint,
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106 - nobody checks it
        )

    def scaling(self) -> Scaling:
        """How it scales by what is registered."""
        policies = {name: tracking_of(policy) for name, policy in self._policies.items()}
        return Scaling(
            minimum=self._target["MinCapacity"],
            maximum=self._target["MaxCapacity"],
            policies=policies,
        )

    @contextmanager
    def rehearsing(self, requests_per_task: float, seconds_per_minute: float) -> Iterator[Scaling]:
        """Have as few tasks as may be, another request target, and shorter minutes, for a while."""
        before = {name: self._policies[_REQUESTS][name] for name in _OF_POLICY}
        tracking = before[_TRACKING] | {"TargetValue": round(requests_per_task * _MINUTE)}
        during = before | {_TRACKING: tracking}
        seconds = f"{seconds_per_minute:g}"
        try:
            self._scaling.put_scaling_policy(**during)
            self._ecs.update_service(
                cluster=self._cluster,
                service=self._service,
                desiredCount=self._target["MinCapacity"],
            )
            self._ssm.put_parameter(Name=PARAMETER, Value=seconds, Type="String", Overwrite=True)
            changed = {**self._policies, _REQUESTS: during}
            yield Scaling(
                minimum=self._target["MinCapacity"],
                maximum=self._target["MaxCapacity"],
                policies={name: tracking_of(policy) for name, policy in changed.items()},
            )
        finally:
            self._scaling.put_scaling_policy(**before)
            self._ssm.delete_parameters(Names=[PARAMETER])

    def counts(self) -> Counts:
        """The tasks at this moment."""
        answer = self._ecs.describe_services(cluster=self._cluster, services=[self._service])
        (service,) = answer["services"]
        group = service["loadBalancers"][0]["targetGroupArn"]
        health = self._elbv2.describe_target_health(TargetGroupArn=group)
        states = [each["TargetHealth"]["State"] for each in health["TargetHealthDescriptions"]]
        return Counts(desired=service["desiredCount"], serving=states.count("healthy"))

    def activities(self, since: datetime) -> list[Record]:
        """What was decided since then, oldest first."""
        found = self._scaling.describe_scaling_activities(**_NAMESPACE)["ScalingActivities"]
        return [activity for activity in reversed(found) if activity["StartTime"] >= since]

    @contextmanager
    def targets(self, file: Path) -> Iterator[None]:
        """Have lists with to-dos, and a file of requests: of ten, nine read and one writes."""
        host = load_balancer_host(self._workspace)
        base = f"http://127.0.0.1:{self._workspace.http_port}"
        lists = [self._new_list(host) for _ in range(_LISTS)]
        words = []
        for path, todos in lists:
            for number, todo in enumerate(todos):
                body = file.with_name(f"body-{number % 2}.json")
                body.write_text(json.dumps({"completed": bool(number % 2)}))
                words += [f"GET {base}{path}\nHost: {host}\n"] * 9
                words.append(
                    f"PATCH {base}{path}/{todo}\nHost: {host}\n"
                    f"Content-Type: application/json\n@{body}\n"
                )
        file.write_text("\n".join(words))
        try:
            yield
        finally:
            for path, _ in lists:
                self._ask(host, "DELETE", path)

    def _new_list(self, host: str) -> tuple[str, list[str]]:
        made = self._ask(host, "POST", "/api/lists")
        path = f"/api/lists/{made['id']}/todos"
        todos = [
            str(self._ask(host, "POST", path, {"title": f"rehearsal {number}"})["id"])
            for number in range(_TODOS)
        ]
        return path, todos

    def _ask(self, host: str, method: str, path: str, body: Record | None = None) -> Record:
        connection = http.client.HTTPConnection("127.0.0.1", self._workspace.http_port, timeout=10)
        headers = {"Host": host, "Content-Type": "application/json"}
        try:
            connection.request(method, path, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            words = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise OpsError(
                f"The page does not answer: {error}. `make status` says more."
            ) from error
        finally:
            connection.close()
        if answer.status >= http.client.BAD_REQUEST:
            raise OpsError(f"{method} {path} was answered with {answer.status}: {words[:200]!r}")
        return dict(json.loads(words)) if words else {}
