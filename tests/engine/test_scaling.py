"""The local stack scales: real load through the balancer, real tasks, minutes of three seconds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest

from local.time_lapse import PARAMETER
from tests.running_system import RunningSystem
from tests.waiting import wait_until

pytestmark = pytest.mark.engine

SECONDS_PER_MINUTE = 3
NAMESPACE = {"ServiceNamespace": "ecs"}
TRACKING = "TargetTrackingScalingPolicyConfiguration"
OF_POLICY = (
    *("PolicyName", "ServiceNamespace", "ResourceId", "ScalableDimension", "PolicyType"),
    TRACKING,
)


@pytest.fixture
def scaling(system: RunningSystem) -> Any:  # noqa: ANN401 - boto3 makes its classes at run time
    return system.aws("application-autoscaling")


@pytest.fixture
def hasty(system: RunningSystem, scaling: Any) -> Iterator[None]:  # noqa: ANN401
    """Short minutes and a request target that a little load exceeds; both taken back."""
    (usual,) = [
        {name: policy[name] for name in OF_POLICY}
        for policy in scaling.describe_scaling_policies(**NAMESPACE)["ScalingPolicies"]
        if "-requests-" in policy["PolicyName"]
    ]
    ssm = system.aws("ssm")
    try:
        # Five requests a second and task; nobody scales in before all three policies agree.
        scaling.put_scaling_policy(**usual | {TRACKING: usual[TRACKING] | {"TargetValue": 300}})
        ssm.put_parameter(
            Name=PARAMETER, Value=str(SECONDS_PER_MINUTE), Type="String", Overwrite=True
        )
        yield
    finally:
        scaling.put_scaling_policy(**usual)
        ssm.delete_parameters(Names=[PARAMETER])


@contextmanager
def asked(system: RunningSystem, *, per_second: float) -> Iterator[None]:
    """Ask for the page's health at about this rate."""
    stop, statuses = threading.Event(), set[int]()

    def ask() -> None:
        with system.client() as client:
            while not stop.wait(1 / per_second):
                statuses.add(client.get("/healthz").status_code)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert statuses <= {httpx2.codes.OK}


@pytest.mark.usefixtures("hasty")
def test_tasks_come_with_the_load_and_go_with_it_and_each_decision_says_why(
    system: RunningSystem,
    scaling: Any,  # noqa: ANN401
) -> None:
    ecs = system.aws("ecs")
    (target,) = scaling.describe_scalable_targets(**NAMESPACE)["ScalableTargets"]
    _, cluster, name = target["ResourceId"].split("/")

    def desired() -> int:
        (service,) = ecs.describe_services(cluster=cluster, services=[name])["services"]
        return int(service["desiredCount"])

    with asked(system, per_second=4):
        # Load of other tests may have left more.
        wait_until(lambda: len(system.tasks()) == 2, seconds=90, what="it is never quiet")
    before = len(scaling.describe_scaling_activities(**NAMESPACE)["ScalingActivities"])
    with asked(system, per_second=40):
        wait_until(lambda: desired() > 2, seconds=60, what="no task was asked for")
        more = desired()
        wait_until(lambda: len(system.tasks()) == more, seconds=60, what="no task was started")
    with asked(system, per_second=4):
        wait_until(lambda: desired() == 2, seconds=120, what="no task was taken away")
    activities = scaling.describe_scaling_activities(**NAMESPACE)["ScalingActivities"]
    decisions = list(reversed(activities[: len(activities) - before]))
    first, last = decisions[0], decisions[-1]
    assert "-AlarmHigh-" in first["Cause"]
    assert first["Cause"].rpartition(" ")[2].startswith("todo-local-requests-")
    assert first["Details"].startswith("3 of 3 datapoints above 300 (")
    assert "-AlarmLow-" in last["Cause"]
    assert last["Details"].startswith("15 of 15 datapoints below ")


def test_what_the_tasks_and_the_balancer_do_is_in_cloudwatch(system: RunningSystem) -> None:
    cloudwatch = system.aws("cloudwatch")
    found: set[str] = set()
    wanted = {"HealthyHostCount", "CPUUtilization", "MemoryUtilization"}

    def is_there() -> bool:
        metrics = cloudwatch.list_metrics()["Metrics"]
        found.update(each["MetricName"] for each in metrics if each["Namespace"].startswith("AWS/"))
        return wanted <= found

    wait_until(is_there, seconds=150, what="a minute's metrics are missing")
