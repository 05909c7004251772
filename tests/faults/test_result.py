"""The result itself: nothing that a run found out is missing from it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults import chance
from tests.faults.report import Refusal, Scenario
from tests.faults.result import Result, Run, this_run

RUN = Run(
    date="2026-11-29T10:00:00+00:00",
    form="long",
    seed=7,
    machine="x86_64, 2 CPUs, Python 3.13.1",
    commit="0123456789ab",
    passed=2,
    failed=[],
)
LOAD = Scenario(
    "a killed database",
    {
        "requests": 100,
        "failed": 2,
        "failures": {"503 with Retry-After": 2},
        "acknowledged writes": 40,
        "lost": 0,
        "duplicates": 0,
        "recovery seconds": 1.234,
        "times": 20,
    },
)
REST = Scenario("an interrupted deployment", {"points": 10, "left over": 0, "of": ["a", "b"]})
REFUSAL = Refusal("application", "an expired certificate", "has expired | now")
RESULT = Result(RUN, [LOAD, REST], [REFUSAL])


def test_a_page_has_a_column_for_each_common_figure_and_names_the_others() -> None:
    page = "\n".join(RESULT.markdown())
    assert "| a killed database | 100 | 2 | 40 | 0 | 0 | 1.23 |" in page
    assert "failures: 503 with Retry-After (2); times: 20 |" in page
    assert (
        "| an interrupted deployment |  |  |  |  |  |  | points: 10; left over: 0; of: a, b |"
        in page
    )
    assert "| application | an expired certificate | has expired \\| now |" in page
    assert "long form, seed 7, 2026-11-29T10:00:00+00:00, commit 0123456789ab, x86_64" in page


def test_failed_tests_are_named_beside_figures_that_prove_nothing() -> None:
    failed = Result(replace(RUN, failed=["tests/faults/test_x.py::test_y"]), [LOAD], [])
    assert "**Failed:** tests/faults/test_x.py::test_y" in "\n".join(failed.markdown())
    assert "2 passed, 1 failed" in "\n".join(failed.text())


def test_the_same_is_there_for_programs(tmp_path: Path) -> None:
    page = RESULT.write(tmp_path)
    kept = json.loads((tmp_path / "result.json").read_text())
    assert page.read_text() == "\n".join(RESULT.markdown()) + "\n"
    assert (kept["seed"], kept["commit"]) == (7, "0123456789ab")
    assert kept["scenarios"][1] == {"scenario": REST.name, **REST.figures}
    assert kept["refusals"][0]["by"] == "application"


def test_the_short_form_does_not_replace_the_long_one(tmp_path: Path) -> None:
    RESULT.write(tmp_path)
    Result(replace(RUN, form="short"), [LOAD], []).write(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {
        *("result.json", "result.md", "result-short.json", "result-short.md"),
    }


def test_sources_without_git_have_no_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert this_run(tmp_path, form="short", passed=0, failed=[]).commit == "unknown"


def test_the_same_seed_makes_the_same_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chance, "_SEEDS", [0])
    chance.use_seed(7)
    first = [chance.by_chance("visitor 1").random() for _ in range(2)]
    assert first[0] == first[1] != chance.by_chance("visitor 2").random()
    chance.use_seed(8)
    assert chance.by_chance("visitor 1").random() != first[0]
    assert chance.seed() == 8
