from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.capacity.load import Mix, read_answers
from bench.capacity.model import Law, Point, fit, holds, rated_points, rating, typical
from bench.capacity.report import as_text, points_of, throughput
from bench.capacity.run import SIZES
from local.errors import LocalError
from todo_infra.sizes import TASK_SIZES

ROOT = Path(__file__).resolve().parents[2]
RECORDED: dict[str, Any] = json.loads((ROOT / "bench/results/capacity.json").read_text())
WITHIN = 0.10
POINT = Point(
    round=1,
    size="small",
    cpus=0.5,
    offered=100,
    served=100.0,
    failed=0,
    p50_ms=2.0,
    p99_ms=20.0,
    used_cpus=0.1,
    database_cpus=0.02,
)


def at(offered: int, used_cpus: float, **changes: Any) -> Point:  # noqa: ANN401 - any field's
    return replace(POINT, offered=offered, served=float(offered), used_cpus=used_cpus, **changes)


# What was recorded


@pytest.mark.parametrize("size", SIZES)
def test_each_size_has_loads_from_low_to_beyond_what_it_bears(size: str) -> None:
    points = points_of(RECORDED)[size]
    assert len(points) >= 12
    assert len(rated_points(points)) >= 5
    assert points[0].offered * 5 < RECORDED["sizes"][size]["rating"]
    assert not holds(points[-1])


@pytest.mark.parametrize("size", SIZES)
def test_the_law_is_within_a_tenth_of_each_point_and_never_below(size: str) -> None:
    rated = rated_points(points_of(RECORDED)[size])
    law = fit(rated)
    for point in rated:
        assert point.used_cpus <= law.used_cpus(point.offered) * (1 + 1e-9)
        assert law.used_cpus(point.offered) <= point.used_cpus * (1 + WITHIN)


@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_rated_higher_than_it_was_measured(size: str) -> None:
    points = points_of(RECORDED)[size]
    last = rated_points(points)[-1]
    recorded = RECORDED["sizes"][size]["rating"]
    assert recorded == pytest.approx(rating(points))
    assert recorded <= last.offered
    assert recorded <= last.served


def test_the_plans_figures_are_those_of_the_recorded_run() -> None:
    figures = json.loads((ROOT / "pulumi/todo_infra/data/throughput.json").read_text())
    assert figures == throughput(RECORDED)
    assert set(figures["requestsPerSecondOfOneTask"]) == set(TASK_SIZES)
    for size in SIZES:
        rated = RECORDED["sizes"][size]["rating"]
        assert figures["requestsPerSecondOfOneTask"][size] <= rated / 2


def test_every_point_is_shown_and_those_that_do_not_hold_are_marked() -> None:
    text = as_text(RECORDED)
    shown = [line for line in text.splitlines() if line.strip()[:1].isdigit()]
    points = [point for points in points_of(RECORDED).values() for point in points]
    assert len(shown) == len(points)
    assert sum("✗" in line for line in shown) == sum(not holds(point) for point in points)


# Ratings


@pytest.mark.parametrize("spoilt", [{"failed": 1}, {"p99_ms": 100.1}, {"used_cpus": 0.426}])
def test_a_rate_is_borne_without_failures_slowness_and_a_task_at_its_limit(
    spoilt: dict[str, Any],
) -> None:
    assert holds(replace(POINT, p99_ms=100.0, used_cpus=0.425))
    assert not holds(replace(POINT, **spoilt))


def test_what_holds_above_a_rate_that_does_not_is_luck() -> None:
    points = [at(100, 0.1), at(200, 0.2), at(300, 0.2, failed=1), at(400, 0.2)]
    assert [point.offered for point in rated_points(points)] == [100, 200]
    assert rating(points) == 200


def test_a_rating_is_what_was_served_where_that_is_less() -> None:
    points = [at(100, 0.1), replace(at(200, 0.2), served=198.0)]
    assert rating(points) == 198.0


def test_a_law_that_reaches_the_limit_first_takes_from_the_rating() -> None:
    # Above the point in the middle, the law is at 0.425 CPUs before the last one's rate.
    points = [at(100, 0.1), at(200, 0.25), at(300, 0.25), at(400, 0.42)]
    assert rating(points) == pytest.approx(fit(points).rate(0.425))
    assert rating(points) < 400


@pytest.mark.parametrize("points", [[], [at(100, 0.1)], [at(100, 0.5), at(200, 0.6)]])
def test_without_two_rates_that_hold_there_is_no_rating(points: list[Point]) -> None:
    assert rating(points) == 0


def test_a_law_finds_what_it_was_made_of() -> None:
    made = Law(idle=0.02, factor=0.002, exponent=0.8)
    law = fit([at(rate, made.used_cpus(rate)) for rate in (50, 100, 200, 400, 800)])
    assert law.exponent == 0.8
    assert law.factor == pytest.approx(made.factor)
    assert law.idle == pytest.approx(made.idle)
    assert law.rate(law.used_cpus(321)) == pytest.approx(321)


def test_a_law_lies_on_or_above_every_point_and_no_more_than_it_has_to() -> None:
    # On a straight line but for one, which is a tenth above it.
    points = [at(rate, 0.02 + 0.001 * rate) for rate in (100, 200, 400)] + [at(300, 0.352)]
    excess = fit(points).excess(points)
    assert min(excess) == pytest.approx(0, abs=1e-9)
    assert 0.01 < max(excess) < 0.1


def test_rounds_count_by_their_middle_and_failures_by_their_sum() -> None:
    rounds = [
        at(100, 0.1, p99_ms=5.0),
        at(100, 0.3, p99_ms=500.0, failed=2),
        at(100, 0.2, p99_ms=9.0),
        at(50, 0.1),
    ]
    low, middle = typical(rounds)
    assert (low.offered, middle.offered) == (50, 100)
    assert (middle.used_cpus, middle.p99_ms, middle.failed) == (0.2, 9.0, 2)


def test_figures_that_make_no_sense_are_not_written() -> None:
    sizes = {size: {"rating": 100.0} for size in SIZES}
    with pytest.raises(LocalError, match="small 0"):
        throughput({"sizes": {**sizes, "small": {"rating": 0}}})
    with pytest.raises(LocalError, match="xsmall 300"):
        throughput({"sizes": {**sizes, "xsmall": {"rating": 300.0}}})


# Answers


def row(at_ms: float, latency_ms: float, number: int, code: str = "200") -> list[str]:
    unused = ["0", "0", "", "", "", str(number), "GET", "http://x", ""]
    return [str(int(1e6 * at_ms)), code, str(int(1e6 * latency_ms)), *unused]


def test_a_wait_counts_from_when_a_request_was_due() -> None:
    # Ten a second; the third was sent 250 ms late, since the sender was.
    rows = [row(1000, 5, 0), row(1100, 5, 1), row(1450, 5, 2)]
    answers = read_answers(rows, rate=10, seconds=1)
    assert [round(wait) for wait in answers.waits_ms] == [5, 5, 255]
    assert answers.seconds == pytest.approx(0.455)


def test_what_is_answered_too_late_or_badly_is_not_served() -> None:
    rows = [row(0, 5, 0), row(100, 5, 1, "503"), row(200, 1000, 2, "201"), row(300, 5, 3, "0")]
    answers = read_answers(rows, rate=10, seconds=0.4)
    assert (answers.in_time, answers.failed) == (1, 2)


def test_without_a_rate_requests_are_due_when_they_are_sent() -> None:
    answers = read_answers([row(0, 5, 0), row(900, 7, 1)], rate=0, seconds=1)
    assert [round(wait) for wait in answers.waits_ms] == [5, 7]


def test_one_of_a_hundred_may_be_slow() -> None:
    rows = [row(10 * number, 5, number) for number in range(99)] + [row(990, 800, 99)]
    answers = read_answers(rows, rate=100, seconds=1)
    assert round(answers.percentile_ms(99)) == 5
    assert round(answers.percentile_ms(100)) == 800


def test_an_attack_without_requests_is_an_error() -> None:
    with pytest.raises(LocalError, match="sent nothing"):
        read_answers([], rate=1, seconds=1)


def test_four_of_five_requests_read_and_each_new_todo_has_its_own_key() -> None:
    mix = Mix(8080, lists=10, changeable={0: [1, 2]})
    first, second = ([json.loads(line) for line in mix.targets().splitlines()] for _ in range(2))
    methods = [target["method"] for target in first]
    share = {method: methods.count(method) / len(methods) for method in methods}
    assert share == pytest.approx({"GET": 0.8, "POST": 0.1, "PATCH": 0.1}, abs=0.02)
    keys = [key for target in first + second for key in target["header"].get("Idempotency-Key", [])]
    assert len(keys) == len(set(keys)) == 2 * methods.count("POST")
    clients = {target["header"]["X-Forwarded-For"][0] for target in first}
    assert len(clients) == len(first)
