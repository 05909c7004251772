from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench.short_run import containers_of, short_run

pytestmark = pytest.mark.engine


def test_a_short_run_measures_both_tools_and_both_sides(tmp_path: Path) -> None:
    output = tmp_path / "results" / "preview.json"
    with short_run("preview", output) as process:
        printed, _ = process.communicate(timeout=550)
    # Also if a tool reports a change, or the sets are not equal.
    assert process.returncode == 0, printed
    assert containers_of(process) == []
    data = json.loads(output.read_text())
    assert {(one["what"], one["contestant"]) for one in data["samples"]} == {
        *(("10 resources", who) for who in ("pulumi preview", "terraform plan")),
        ("10 resources", "terraform plan -refresh=false"),
        *(("prod, 1 times", who) for who in ("with policies", "without policies")),
    }
    assert all(one["seconds"] > 0 and one["cpu_seconds"] > 0 for one in data["samples"])
    assert data["counts"]["10 resources"] == 10
    assert data["counts"]["prod, 1 times"] > 80
    parts = {part["name"] for part in data["profiles"]["prod, 1 times, with policies"]}
    assert {"engine", "program", "policy pack", "AWS provider"} <= parts
    assert all(figure["name"] in printed for figure in data["figures"])
