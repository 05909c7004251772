from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.capacity.load import read_answers
from bench.capacity.overload import LOADS, Crowd, as_data, as_text
from tests.bench.test_capacity_model import row

ROOT = Path(__file__).resolve().parents[2]
RECORDED: dict[str, Any] = json.loads((ROOT / "bench/results/overload.json").read_text())


def crowd(number: int, load: float, goodput: float, who: str = "this") -> Crowd:
    return Crowd(
        round=number,
        size="small",
        who=who,
        load=load,
        offered=round(100 * load),
        goodput=goodput,
        p99_ms=300.0,
        refused=7,
        failed=0,
        used_cpus=0.5,
    )


def data_of(*crowds: Crowd) -> dict[str, Any]:
    return as_data(crowds, command="make it", machine={}, versions={})


def test_what_is_kept_is_a_part_of_the_same_rounds_best() -> None:
    slow = [crowd(1, 1.0, 50.0), crowd(1, 2.0, 40.0)]
    quick = [crowd(2, 1.0, 100.0), crowd(2, 2.0, 90.0)]
    other = [crowd(1, 1.0, 50.0, "beside"), crowd(1, 2.0, 5.0, "beside")]
    data = data_of(*slow, *quick, *other)
    assert data["kept"] == {
        "small, this, 1 times": 1.0,
        "small, this, 2 times": pytest.approx(0.85),
        "small, beside, 1 times": 1.0,
        "small, beside, 2 times": 0.1,
    }
    assert "10%" in as_text(data)


def test_what_comes_after_a_clients_patience_is_not_well_answered() -> None:
    rows = [row(0, 900, 0), row(100, 1100, 1), row(200, 5, 2, "503"), row(300, 5, 3, "0")]
    answers = read_answers(rows, rate=10, seconds=1)
    assert answers.well_within(1.0) == 1
    assert round(answers.well_percentile_ms(99)) == 1100
    assert answers.codes == {"200": 2, "503": 1, "0": 1}


def test_a_crowd_without_an_answer_has_no_percentile() -> None:
    answers = read_answers([row(0, 5, 0, "503")], rate=1, seconds=1)
    assert (answers.well_percentile_ms(99), answers.well_within(1.0)) == (0.0, 0)


def test_recorded_overloads_kept_more_than_before() -> None:
    kept = RECORDED["kept"]
    sizes = {one["size"] for one in RECORDED["crowds"]}
    assert sizes == {"xsmall", "small"}
    for size in sizes:
        for load in LOADS[1:]:
            cell = f"{load:g} times"
            assert kept[f"{size}, this, {cell}"] > kept[f"{size}, beside, {cell}"]
    assert sum(one["failed"] for one in RECORDED["crowds"]) == 0
    assert as_text(RECORDED)
