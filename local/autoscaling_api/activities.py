"""Scaling activities: what was done, and why, in the words that AWS uses.

Words: "Scaling activities for Application Auto Scaling" (docs.aws.amazon.com/autoscaling/
application/userguide). The figures that a decision was made from are in `Details`.
"""

from __future__ import annotations

import time
import uuid
from typing import Final

from local.autoscaling_api.state import Record, Scope, State

__all__ = ["Activities"]

_KEPT: Final = 1000


class Activities:
    """The activities of all scalable targets, newest first."""

    def __init__(self, state: State) -> None:
        self._state = state

    def newest_first(self) -> list[Record]:
        """All of them."""
        return list(reversed(list(self._state.activities.values())))

    def in_progress(self, scope: Scope) -> list[Record]:
        """Those of a target whose tasks have not all started, or not all ended."""
        return [
            activity
            for activity in list(self._state.activities.values())
            if Scope.of(activity) == scope and activity["StatusCode"] == "InProgress"
        ]

    def began(self, scope: Scope, capacity: int, cause: str, details: str) -> None:
        """A desired count was set."""
        for activity in self.in_progress(scope):
            self._end(activity, "Overridden", "Desired capacity was overridden by a newer change.")
        self._add(
            scope,
            Description=f"Setting desired count to {capacity}.",
            Cause=cause,
            Details=details,
            StatusCode="InProgress",
            StatusMessage=f"Successfully set desired count to {capacity}. "
            "Waiting for change to be fulfilled by ecs.",
        )

    def fulfilled(self, activity: Record, capacity: int) -> None:
        """All tasks run that were asked for, and no other."""
        words = f"Successfully set desired count to {capacity}. "
        self._end(activity, "Successful", f"{words}Change successfully fulfilled by ecs.")

    def scheduled(self, scope: Scope, name: str, bounds: Record, problem: str = "") -> None:
        """A scheduled action changed the bounds, or could not."""
        members = [("MinCapacity", "min capacity"), ("MaxCapacity", "max capacity")]
        words = " and ".join(f"{w} to {bounds[m]}" for m, w in members if m in bounds)
        self._add(
            scope,
            Description=f"Setting {words}",
            Cause=f"scheduled action name {name} was triggered",
            EndTime=time.time(),
            StatusCode="Failed" if problem else "Successful",
            StatusMessage=problem or f"Successfully set {words}",
        )

    def _add(self, scope: Scope, **members: object) -> None:
        activities = self._state.activities
        while len(activities) >= _KEPT:
            del activities[next(iter(activities))]
        record = {"ActivityId": str(uuid.uuid4()), **scope.members(), "StartTime": time.time()}
        activities.put({**record, **members})
        self._state.save()

    def _end(self, activity: Record, code: str, message: str) -> None:
        activity.update(EndTime=time.time(), StatusCode=code, StatusMessage=message)
        self._state.save()
