"""The loop against a cloud whose metrics and counts are ours; real minutes, but no waiting."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local.autoscaling_api.aws import Metric, Service
from local.autoscaling_api.loop import Loop
from local.autoscaling_api.operations import Operations, Owner
from local.autoscaling_api.state import State
from local.time_lapse import TimeLapse

SERVICE = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/todo/app",
    "ScalableDimension": "ecs:service:DesiredCount",
}
START = datetime(2027, 1, 10, 8, tzinfo=UTC).timestamp()
REQUESTS = Metric(
    namespace="AWS/ApplicationELB",
    name="RequestCountPerTarget",
    statistic="Sum",
    dimensions=(("LoadBalancer", "app/web/1f"), ("TargetGroup", "targetgroup/app/2e")),
)
CPU = Metric(
    namespace="AWS/ECS",
    name="CPUUtilization",
    statistic="Average",
    dimensions=(("ClusterName", "todo"), ("ServiceName", "app")),
)


@dataclass
class World:
    """An account with a service, an API, and a clock that only we move."""

    state: State
    tasks: int = 2
    slow: bool = False
    running: int = 2
    exists: bool = True
    now: float = START
    seconds: str | None = None
    values: dict[Metric, float] = field(default_factory=dict)
    asked: list[tuple[Metric, float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.api = Operations(self.state, Owner(account="0" * 12, region="eu-west-1"))
        self.loop = Loop(self.state, self, TimeLapse(lambda: self.seconds, 60))

    def value(self, metric: Metric, start: float, seconds: float) -> float | None:
        self.asked.append((metric, start, seconds))
        return self.values.get(metric)

    def service(self, cluster: str, name: str) -> Service | None:
        assert (cluster, name) == ("todo", "app")
        if not self.slow:
            self.running = self.tasks
        return Service(desired=self.tasks, running=self.running) if self.exists else None

    def set_desired(self, cluster: str, name: str, count: int) -> None:
        assert (cluster, name) == ("todo", "app")
        self.tasks = count

    def register(self, low: int = 2, high: int = 8, **more: Any) -> None:  # noqa: ANN401
        bounds = {"MinCapacity": low, "MaxCapacity": high}
        self.api.perform("RegisterScalableTarget", SERVICE | bounds | more)

    def put_policy(self, name: str, kind: str, target: float, *, label: str | None = None) -> None:
        metric = {"PredefinedMetricType": kind} | ({"ResourceLabel": label} if label else {})
        tracking = {"TargetValue": target, "PredefinedMetricSpecification": metric}
        request = SERVICE | {
            "PolicyName": name,
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": tracking,
        }
        self.api.perform("PutScalingPolicy", request)

    def minutes(self, count: int, length: float = 60) -> None:
        for _ in range(count):
            self.now += length
            self.loop.turn(self.now)

    def activities(self) -> list[dict[str, Any]]:
        request = {"ServiceNamespace": "ecs"}
        answer = self.api.perform("DescribeScalingActivities", request)["ScalingActivities"]
        found: list[dict[str, Any]] = answer
        return found


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(State(tmp_path / "state.json"))
    made.loop.turn(made.now)
    return made


def watched(world: World) -> World:
    world.register()
    label = "app/web/1f/targetgroup/app/2e"
    world.put_policy("requests", "ALBRequestCountPerTarget", 600, label=label)
    world.put_policy("cpu", "ECSServiceAverageCPUUtilization", 60)
    return world


def test_three_minutes_of_much_traffic_add_tasks_and_say_why(world: World) -> None:
    watched(world).values = {REQUESTS: 1200, CPU: 50}
    world.minutes(2)
    assert world.tasks == 2
    world.minutes(1)
    assert world.tasks == 4
    (activity,) = world.activities()
    assert activity["Description"] == "Setting desired count to 4."
    assert activity["Details"] == (
        "3 of 3 datapoints above 600 (1200, 1200, 1200); 2 x 1200 / 600 is 4 tasks"
    )
    assert activity["Cause"].startswith("monitor alarm TargetTracking-service/todo/app-AlarmHigh-")
    assert activity["Cause"].endswith(" in state ALARM triggered policy requests")
    assert activity["StatusCode"] == "InProgress"
    world.values = {}
    world.minutes(1)
    (activity,) = world.activities()
    assert activity["StatusCode"] == "Successful"
    assert activity["StatusMessage"] == (
        "Successfully set desired count to 4. Change successfully fulfilled by ecs."
    )


def test_a_minute_is_asked_for_once_and_when_its_metrics_are_there(world: World) -> None:
    watched(world)
    for _ in range(60):
        world.now += 1
        world.loop.turn(world.now)
    assert world.asked == [(REQUESTS, START - 60, 60), (CPU, START - 60, 60)]


def test_a_quiet_quarter_of_an_hour_removes_tasks_if_all_policies_agree(world: World) -> None:
    world.tasks = 6
    watched(world).values = {REQUESTS: 90, CPU: 59}
    world.minutes(20)
    assert world.tasks == 6
    world.values[CPU] = 10
    world.minutes(15)
    assert world.tasks == 2


def test_without_metrics_nothing_changes(world: World) -> None:
    world.tasks = 5
    watched(world)
    world.minutes(40)
    assert world.tasks == 5
    assert world.activities() == []


def test_tasks_that_do_not_start_are_not_asked_for_again(world: World) -> None:
    watched(world).values = {REQUESTS: 1200, CPU: 50}
    world.slow = True
    world.minutes(10)
    assert world.tasks == 4
    assert [each["StatusCode"] for each in world.activities()] == ["InProgress"]


def test_new_bounds_are_kept_at_once(world: World) -> None:
    world.register(low=3)
    world.minutes(1, length=1)
    assert world.tasks == 3
    world.register(low=1, high=2)
    world.minutes(1, length=1)
    assert world.tasks == 2
    causes = [each["Cause"] for each in world.activities()]
    assert causes == ["maximum capacity was set to 2", "minimum capacity was set to 3"]


def schedule(world: World, name: str, at: str, **bounds: int) -> None:
    request = {"ScheduledActionName": name, "Schedule": f"at({at})", "ScalableTargetAction": bounds}
    world.api.perform("PutScheduledAction", SERVICE | request)


def waiting(world: World) -> list[str]:
    answer = world.api.perform("DescribeScheduledActions", {"ServiceNamespace": "ecs"})
    return [action["ScheduledActionName"] for action in answer["ScheduledActions"]]


def test_an_event_raises_the_floor_when_it_is_due_and_is_gone(world: World) -> None:
    world.register()
    schedule(world, "launch", "2027-01-10T08:00:30", MinCapacity=6)
    schedule(world, "over", "2027-01-10T09:00:00", MinCapacity=2)
    world.minutes(29, length=1)
    assert world.tasks == 2
    world.minutes(1, length=1)
    assert world.tasks == 6
    assert waiting(world) == ["over"]
    newest, event = world.activities()
    assert newest["Cause"] == "minimum capacity was set to 6"
    assert event["Cause"] == "scheduled action name launch was triggered"
    assert event["StatusMessage"] == "Successfully set min capacity to 6"


def test_an_event_beyond_the_maximum_fails_and_says_so(world: World) -> None:
    world.register()
    schedule(world, "launch", "2027-01-10T08:00:30", MinCapacity=9)
    world.minutes(1)
    assert world.tasks == 2
    (activity,) = world.activities()
    assert activity["StatusCode"] == "Failed"
    assert (
        "Maximum capacity (8) cannot be less than minimum capacity (9)"
        in (activity["StatusMessage"])
    )


@pytest.mark.parametrize(
    ("suspended", "tasks"),
    [
        ("DynamicScalingOutSuspended", 2),
        ("ScheduledScalingSuspended", 4),
        ("DynamicScalingInSuspended", 6),
    ],
)
def test_what_is_suspended_is_not_done(world: World, suspended: str, tasks: int) -> None:
    watched(world).values = {REQUESTS: 1200, CPU: 50}
    world.register(SuspendedState={suspended: True})
    if suspended == "DynamicScalingInSuspended":
        world.tasks = 6
        world.values = {REQUESTS: 0, CPU: 0}
    schedule(world, "launch", "2027-01-10T08:00:30", MinCapacity=2, MaxCapacity=8)
    world.minutes(20 if world.tasks == 6 else 3)
    assert world.tasks == tasks
    described = {each["Description"] for each in world.activities()}
    is_event_held = "Setting min capacity to 2 and max capacity to 8" not in described
    assert is_event_held is (suspended == "ScheduledScalingSuspended")


def test_a_service_that_is_not_there_is_left_alone(world: World) -> None:
    world.exists = False
    watched(world).values = {REQUESTS: 9000, CPU: 99}
    world.minutes(5)
    assert world.activities() == []


def test_a_rehearsal_makes_minutes_short_and_begins_anew(world: World) -> None:
    watched(world).values = {REQUESTS: 1200, CPU: 50}
    world.minutes(2)
    world.seconds = "6"
    world.minutes(3, length=6)
    assert world.tasks == 2, "the minute of the change is none, and the long ones do not count"
    world.minutes(1, length=6)
    assert world.tasks == 4
    assert world.asked[-1][2] == 6
