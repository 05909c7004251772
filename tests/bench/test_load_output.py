from __future__ import annotations

import json

import pytest

from bench.app.load import Measured, parse_vegeta, parse_wrk
from local.errors import LocalError

URL = "http://127.0.0.1:1"


def wrk_output(*, requests: int = 1000, failed: int = 0) -> str:
    line = (
        f'{{"requests": {requests}, "seconds": 2.5, "p50_ms": 3, "p99_ms": 9, "failed": {failed}}}'
    )
    return f"Running 2s test @ {URL}\n  Requests/sec:    400.00\n{line}\n"


def vegeta_report(**changes: object) -> str:
    report = {
        "latencies": {"50th": 1_500_000, "99th": 4_000_000},
        "requests": 400,
        "duration": 1_990_000_000,
        "wait": 10_000_000,
        "success": 1,
        "status_codes": {"200": 400},
        "errors": [],
    }
    return json.dumps(report | changes)


def test_wrk_output_is_read_from_its_last_line() -> None:
    measured = parse_wrk(wrk_output(), URL, cpu_seconds=2)
    expected = Measured(requests=1000, seconds=2.5, cpu_seconds=2, p50_ms=3, p99_ms=9)
    assert measured == expected


def test_a_failed_request_under_wrk_voids_the_run() -> None:
    with pytest.raises(LocalError, match=f"1 requests to {URL} failed"):
        parse_wrk(wrk_output(failed=1), URL, cpu_seconds=2)


def test_no_answer_at_all_under_wrk_voids_the_run() -> None:
    with pytest.raises(LocalError):
        parse_wrk(wrk_output(requests=0), URL, cpu_seconds=2)


def test_vegeta_times_become_milliseconds_and_include_the_wait_for_the_last_answer() -> None:
    measured = parse_vegeta(vegeta_report(), cpu_seconds=0.5)
    expected = Measured(requests=400, seconds=2, cpu_seconds=0.5, p50_ms=1.5, p99_ms=4)
    assert measured == expected


def test_a_failed_request_at_a_fixed_rate_voids_the_run() -> None:
    report = vegeta_report(success=0.9975, status_codes={"200": 399, "503": 1})
    with pytest.raises(LocalError, match="'503': 1"):
        parse_vegeta(report, cpu_seconds=0.5)
