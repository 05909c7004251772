"""The operations, by name: each takes a validated request and returns the answer's members."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from local.autoscaling_api import rules
from local.autoscaling_api.activities import Activities
from local.autoscaling_api.contract import ApiError, Request
from local.autoscaling_api.pages import page
from local.autoscaling_api.state import Record, Scope, State, Table

__all__ = ["Operations", "Owner"]

_Operation = Callable[[Request], Record]

_MAX_TAGS = 50
_INITIAL_SUSPENSION = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}


@dataclass(frozen=True, kw_only=True)
class Owner:
    """The account and the region that ARNs name."""

    account: str
    region: str

    def arn(self, service: str, resource: str) -> str:
        """An ARN in this account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def arn_within(self, scope: Scope, kind: str, label: str) -> str:
        """A new ARN for something that belongs to a scalable target."""
        part = f"{kind}:{uuid.uuid4()}:resource/{scope.namespace}/{scope.resource_id}:{label}"
        return self.arn("autoscaling", part)

    def service_linked_role(self) -> str:
        """The role AWS uses when a target names none."""
        return (
            f"arn:aws:iam::{self.account}:role/aws-service-role/"
            "ecs.application-autoscaling.amazonaws.com/"
            "AWSServiceRoleForApplicationAutoScaling_ECSService"
        )


class Operations:
    """The service over one state file."""

    def __init__(self, state: State, owner: Owner) -> None:
        self._state = state
        self._owner = owner
        self._reading: dict[str, _Operation] = {
            "DescribeScalableTargets": self._describe_targets,
            "DescribeScalingPolicies": self._describe_policies,
            "DescribeScheduledActions": self._describe_scheduled_actions,
            "DescribeScalingActivities": self._describe_activities,
            "ListTagsForResource": lambda request: {"Tags": self._target_by_arn(request)["Tags"]},
        }
        self._writing: dict[str, _Operation] = {
            "RegisterScalableTarget": self._register_target,
            "DeregisterScalableTarget": self._deregister_target,
            "PutScalingPolicy": self._put_policy,
            "DeleteScalingPolicy": self._delete_policy,
            "PutScheduledAction": self._put_scheduled_action,
            "DeleteScheduledAction": self._delete_scheduled_action,
            "TagResource": self._tag,
            "UntagResource": self._untag,
        }

    def perform(self, operation: str, request: Request) -> Record:
        """Answer one request; a change is on disk before this returns.

        Raises:
            ApiError: as AWS would answer.
        """
        rules.check_scope(request)
        if operation in self._reading:
            return self._reading[operation](request)
        if operation not in self._writing:
            raise ApiError(
                "UnknownOperationException", f"{operation} is not part of this local server."
            )
        answer = self._writing[operation](request)
        self._state.save()
        return answer

    def _register_target(self, request: Request) -> Record:
        before = self._state.targets.get(Scope.of(request))
        if before is None and not {"MinCapacity", "MaxCapacity"} <= request.keys():
            raise ApiError(
                "ValidationException", "A new scalable target needs MinCapacity and MaxCapacity."
            )
        target = (before or self._new_target(request)) | {
            name: request[name]
            for name in ("MinCapacity", "MaxCapacity", "RoleARN")
            if name in request
        }
        target["SuspendedState"] = target["SuspendedState"] | request.get("SuspendedState", {})
        rules.check_capacity(target)
        self._state.targets.put(target)
        return {"ScalableTargetARN": target["ScalableTargetARN"]}

    def _new_target(self, request: Request) -> Record:
        return {
            **Scope.of(request).members(),
            "RoleARN": self._owner.service_linked_role(),
            "CreationTime": time.time(),
            "SuspendedState": _INITIAL_SUSPENSION,
            "ScalableTargetARN": self._owner.arn(
                "application-autoscaling", f"scalable-target/{uuid.uuid4().hex}"
            ),
            "Tags": dict(request.get("Tags", {})),
        }

    def _deregister_target(self, request: Request) -> Record:
        scope = self._registered(request)
        for table in (self._state.targets, self._state.policies, self._state.scheduled_actions):
            table.remove_all_of(scope)
        return {}

    def _put_policy(self, request: Request) -> Record:
        scope = self._registered(request)
        before = self._state.policies.get(self._state.policies.key_of(request), {})
        new: Record = {
            "PolicyARN": self._owner.arn_within(
                scope, "scalingPolicy", f"policyName/{request['PolicyName']}"
            ),
            "CreationTime": time.time(),
            "Alarms": [],
        }
        policy_type = request.get("PolicyType", before.get("PolicyType", "StepScaling"))
        if policy_type != before.get("PolicyType"):
            before = {name: before[name] for name in new if name in before}
        policy = {**new, **before, **request, "PolicyType": policy_type}
        rules.check_policy(policy)
        self._state.policies.put(policy)
        return {"PolicyARN": policy["PolicyARN"], "Alarms": policy["Alarms"]}

    def _delete_policy(self, request: Request) -> Record:
        return self._delete(self._state.policies, request, "scaling policy", request["PolicyName"])

    def _put_scheduled_action(self, request: Request) -> Record:
        scope = self._registered(request)
        actions = self._state.scheduled_actions
        name = request["ScheduledActionName"]
        new: Record = {
            "ScheduledActionARN": self._owner.arn_within(
                scope, "scheduledAction", f"scheduledActionName/{name}"
            ),
            "CreationTime": time.time(),
        }
        action = {**new, **actions.get(actions.key_of(request), {}), **request}
        rules.check_scheduled_action(action)
        actions.put(action)
        return {}

    def _delete_scheduled_action(self, request: Request) -> Record:
        name = request["ScheduledActionName"]
        return self._delete(self._state.scheduled_actions, request, "scheduled action", name)

    def _delete(self, table: Table, request: Request, kind: str, name: str) -> Record:
        if table.pop(table.key_of(request), None) is None:
            raise ApiError(
                "ObjectNotFoundException", f"No {kind} found for {Scope.of(request)}, name: {name}"
            )
        return {}

    def _tag(self, request: Request) -> Record:
        tags = self._target_by_arn(request)["Tags"]
        merged = tags | request["Tags"]
        if len(merged) > _MAX_TAGS:
            raise ApiError(
                "TooManyTagsException",
                f"A scalable target has at most {_MAX_TAGS} tags, not {len(merged)}.",
                ResourceName=request["ResourceARN"],
            )
        tags.update(merged)
        return {}

    def _untag(self, request: Request) -> Record:
        tags = self._target_by_arn(request)["Tags"]
        for name in request["TagKeys"]:
            tags.pop(name, None)
        return {}

    def _describe_targets(self, request: Request) -> Record:
        targets = [
            {member: value for member, value in target.items() if member != "Tags"}
            for target in self._state.targets.values()
        ]
        return page(targets, request, kind="ScalableTargets", name="ResourceId")

    def _describe_policies(self, request: Request) -> Record:
        policies = self._state.policies.values()
        return page(policies, request, kind="ScalingPolicies", name="PolicyName")

    def _describe_scheduled_actions(self, request: Request) -> Record:
        actions = self._state.scheduled_actions.values()
        return page(actions, request, kind="ScheduledActions", name="ScheduledActionName")

    def _describe_activities(self, request: Request) -> Record:
        activities = Activities(self._state).newest_first()
        return page(activities, request, kind="ScalingActivities", name="ActivityId")

    def _registered(self, request: Request) -> Scope:
        scope = Scope.of(request)
        if scope not in self._state.targets:
            raise ApiError("ObjectNotFoundException", f"No scalable target found for {scope}")
        return scope

    def _target_by_arn(self, request: Request) -> Record:
        arn = request["ResourceARN"]
        for target in self._state.targets.values():
            if target["ScalableTargetARN"] == arn:
                return target
        raise ApiError(
            "ResourceNotFoundException", f"The resource was not found: {arn}", ResourceName=arn
        )
