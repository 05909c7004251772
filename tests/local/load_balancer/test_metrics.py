from __future__ import annotations

from local.load_balancer.metrics import Counts, Meter, balancer_data
from local.load_balancer.model import Forward, Listener, LoadBalancer, Rule, Target, TargetGroup

GROUP = TargetGroup(
    arn="arn:aws:elasticloadbalancing:eu-west-1:000000000000:targetgroup/app/2e",
    targets=(Target("10.0.0.1", 8080), Target("10.0.0.2", 8080)),
    check=None,
    drain_seconds=15,
    least_outstanding=False,
)
BACKEND = "targetgroup_app_2e"
BALANCER = LoadBalancer(
    name="web",
    dns_name="web-1.eu-west-1.elb.amazonaws.com",
    suffix="app/web/1f",
    idle_seconds=60,
    listeners=(
        Listener(port=80, https=False, rules=(Rule(priority=None, action=Forward(GROUP.arn)),)),
    ),
)


def rows(*servers: tuple[int, int], mean_ms: int = 5) -> list[dict[str, str]]:
    """HAProxy's rows: requests and answers 5xx of each server."""
    found = [
        {"pxname": BACKEND, "svname": str(number), "stot": str(total), "hrsp_5xx": str(bad)}
        for number, (total, bad) in enumerate(servers)
    ]
    own = {"svname": "BACKEND", "stot": "999999", "hrsp_5xx": "999", "rtime": str(mean_ms)}
    frontend = {"pxname": "http", "svname": "FRONTEND", "stot": "5", "hrsp_5xx": "5"}
    return [frontend, *found, {"pxname": BACKEND, **own}]


def test_counters_become_the_counts_of_a_period() -> None:
    meter = Meter()
    assert meter.read(rows((1000, 10), (500, 0)), "Pid: 7") == {}, "nothing to compare with"
    assert meter.read(rows((1100, 11), (550, 2), mean_ms=12), "Pid: 7") == {
        BACKEND: Counts(requests=150, errors=3, seconds=0.012)
    }
    assert meter.read(rows((1100, 11), (550, 2)), "Pid: 7")[BACKEND].requests == 0


def test_a_reload_begins_at_zero_even_if_more_came_since_than_before_it() -> None:
    meter = Meter()
    meter.read(rows((100, 0)), "Pid: 7")
    assert meter.read(rows((130, 2)), "Pid: 8")[BACKEND] == Counts(
        requests=130, errors=2, seconds=0.005
    )
    assert meter.read(rows((140, 2)), "Pid: 8")[BACKEND].requests == 10


def test_a_shorter_minute_is_told_as_if_it_were_a_whole_one() -> None:
    meter = Meter()
    meter.read(rows((100, 0)), "Pid: 7")
    assert meter.read(rows((130, 1)), "Pid: 7", seconds=6)[BACKEND] == Counts(
        requests=300, errors=10, seconds=0.005
    )


def published(counts: dict[str, Counts], healthy: int = 2) -> dict[tuple[str, ...], float]:
    return {
        (datum.name, *datum.dimensions): datum.values[0]
        for datum in balancer_data([BALANCER], [GROUP], counts, lambda _: healthy)
    }


def test_a_period_is_told_with_the_names_and_dimensions_of_aws() -> None:
    found = published({BACKEND: Counts(requests=120, errors=3, seconds=0.25)})
    both = ("TargetGroup", "LoadBalancer")
    assert found == {
        ("HealthyHostCount", *both): 2,
        ("RequestCount", *both): 120,
        ("RequestCount", "LoadBalancer"): 120,
        ("RequestCountPerTarget", *both): 60,
        ("RequestCountPerTarget", "TargetGroup"): 60,
        ("TargetResponseTime", *both): 0.25,
        ("TargetResponseTime", "LoadBalancer"): 0.25,
        ("HTTPCode_Target_5XX_Count", *both): 3,
        ("HTTPCode_Target_5XX_Count", "LoadBalancer"): 3,
    }
    data = list(balancer_data([BALANCER], [GROUP], {}, lambda _: 2))
    assert data[0].dimensions == {
        "TargetGroup": "targetgroup/app/2e",
        "LoadBalancer": "app/web/1f",
    }


def test_where_no_request_came_only_the_targets_are_told() -> None:
    nothing = {BACKEND: Counts(requests=0, errors=0, seconds=0.0)}
    assert published(nothing, healthy=1) == {("HealthyHostCount", "TargetGroup", "LoadBalancer"): 1}


def test_where_nothing_is_well_the_targets_that_are_asked_share_the_requests() -> None:
    found = published({BACKEND: Counts(requests=120, errors=0, seconds=0.1)}, healthy=0)
    assert found["RequestCountPerTarget", "TargetGroup"] == 60
