from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bench.app.figures import Figure, Results, figures
from bench.app.load import Measured
from bench.app.report import as_data, as_text
from bench.app.rounds import Plan, Sample
from bench.app.servers import Start

PLAN = Plan(rounds=3, seconds=2, rows=(100, 1_000, 10_000))


def measured(per_cpu_second: float, *, per_second: float = 500, p99_ms: float = 10) -> Measured:
    return Measured(
        requests=1000,
        seconds=1000 / per_second,
        cpu_seconds=1000 / per_cpu_second,
        p50_ms=5,
        p99_ms=p99_ms,
    )


def samples(work: str, contestant: str, *rounds: Measured) -> list[Sample]:
    return [
        Sample(round=number, work=work, contestant=contestant, measured=one)
        for number, one in enumerate(rounds, start=1)
    ]


def starts(*seconds: float) -> list[Start]:
    return [Start(seconds=one, process_seconds=one / 2) for one in seconds]


@pytest.fixture
def results() -> Results:
    rows = {
        # A slow first round slows both down, and says nothing about either.
        ("get", "flask"): [measured(50), measured(100), measured(101)],
        ("get", "ours"): [
            measured(600, per_second=100),
            measured(1300, per_second=100),
            measured(1313, per_second=100),
        ],
        ("get", "ours-100"): [measured(1300, per_second=150)] * 3,
        ("get", "ours-1000"): [measured(1300, per_second=125)] * 3,
        ("post", "flask"): [measured(60)] * 3,
        ("post", "ours"): [measured(1080)] * 3,
        ("static", "ours"): [measured(20_000)] * 3,
        ("select", "driver"): [measured(2600)] * 3,
        ("fixed-rate", "flask"): [measured(100, p99_ms=60)] * 3,
        ("fixed-rate", "ours"): [measured(100, p99_ms=p99) for p99 in (9, 6, 12)],
    }
    for work in ("get", "post", "fixed-rate"):
        rows[work, "fastapi"] = [measured(200)] * 3
    return Results(
        plan=PLAN,
        samples=[one for key, rounds in rows.items() for one in samples(*key, *rounds)],
        rate=250,
        starts={
            "flask": starts(1, 1, 1),
            "fastapi": starts(2, 2, 2),
            "ours": starts(0.3, 0.2, 0.9),
            "without-bytecode": starts(0.6, 0.8, 0.9),
        },
        images={"flask": 86_000_000, "fastapi": 102_000_000, "ours": 21_500_000},
    )


def test_every_figure_is_the_median_of_what_the_rounds_say(results: Results) -> None:
    by_name = {figure.name: figure for figure in figures(results)}
    assert {name: round(figure.value, 6) for name, figure in by_name.items()} == {
        "GET of 20 per CPU-second, of the baseline's": 13,
        "POST per CPU-second, of the baseline's": 18,
        "GET of 20 per CPU-second, of the bare driver's": 0.5,
        "p99 at 250 requests/s, of the baseline's": 0.15,
        "p99 at 250 requests/s, of its own p50": 1.8,
        "time of a GET in a larger table, of the smallest's": 1.5,
        "image, packed": 21.5,
        "start to first answer, of the same without bytecode": 0.5,
    }
    assert by_name["GET of 20 per CPU-second, of the baseline's"].rounds == pytest.approx(
        [12, 13, 13]
    )


def test_only_what_misses_its_target_is_said_to(results: Results) -> None:
    missed = [figure.name for figure in figures(results) if not figure.reached]
    assert missed == [
        "time of a GET in a larger table, of the smallest's",
        "start to first answer, of the same without bytecode",
    ]


@pytest.mark.parametrize(
    ("value", "at_least", "reached"),
    [(11.99, True, False), (12, True, True), (12, False, True), (12.01, False, False)],
)
def test_a_target_is_reached_from_the_right_side(
    *, value: float, at_least: bool, reached: bool
) -> None:
    assert Figure(name="some", rounds=[value], target=12, at_least=at_least).reached is reached


def test_a_contestant_without_one_of_its_rounds_is_no_result(results: Results) -> None:
    lost = [one for one in results.samples if (one.work, one.round) != ("select", 2)]
    with pytest.raises(ValueError, match="shorter"):
        figures(replace(results, samples=lost))


def test_the_table_names_what_is_not_reached(results: Results) -> None:
    lines = as_text(results).splitlines()
    assert [line.split("  ")[0] for line in lines if line.endswith("NOT REACHED")] == [
        "time of a GET in a larger table, of the smallest's",
        "start to first answer, of the same without bytecode",
    ]


def test_the_result_holds_every_raw_round_and_fits_into_json(results: Results) -> None:
    data = as_data(results, command="make bench-app", machine={"cores": 2}, versions={})
    read = json.loads(json.dumps(data))
    assert len(read["samples"]) == len(results.samples)
    assert read["samples"][0] == {
        "round": 1,
        "work": "get",
        "contestant": "flask",
        "measured": {
            "requests": 1000,
            "seconds": 2,
            "cpu_seconds": 20,
            "p50_ms": 5,
            "p99_ms": 10,
        },
    }
    assert [figure["reached"] for figure in read["figures"]].count(False) == 2
