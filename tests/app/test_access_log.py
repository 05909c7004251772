"""What the application notes about each request, and what it keeps to itself."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.app.served import HTTP, Served
from todo_app.database import DatabaseUnavailableError

if TYPE_CHECKING:
    import httpx2

LIST = "0123456789abcdef" * 2
TODOS = f"/api/lists/{LIST}/todos"


def lines(served: Served) -> list[dict[str, Any]]:
    return [json.loads(line) for line in served.log().split("\n") if line]


def test_every_request_has_a_line(served: Served, client: httpx2.Client) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    response = client.get(f"{TODOS}/7?x=secret")
    (line,) = lines(served)
    assert line["request_id"] == response.headers["X-Request-Id"]
    assert (line["method"], line["status"], line["level"]) == ("GET", 404, "info")
    assert datetime.fromisoformat(line["time"]) >= before
    assert 0 <= line["duration_ms"] < 10_000
    assert line["message"] == "request"


@pytest.mark.parametrize("path", [TODOS, f"{TODOS}/7", f"/lists/{LIST}", f"/x//lists/{LIST}"])
def test_who_reads_the_log_cannot_read_the_lists(
    served: Served, client: httpx2.Client, path: str
) -> None:
    client.get(path, headers={"Cookie": f"list={LIST}", "Referer": f"http://x/lists/{LIST}"})
    (line,) = lines(served)
    assert line["path"] == path.replace(LIST, f"{LIST[:8]}…")
    assert LIST[:9] not in json.dumps(line)


def test_a_line_is_found_by_the_load_balancers_trace(served: Served, client: httpx2.Client) -> None:
    client.get(TODOS, headers={"X-Amzn-Trace-Id": "Root=1-67891233-abcdef012345678912345678"})
    client.get(TODOS, headers={"X-Amzn-Trace-Id": "x" * 5000})
    client.get(TODOS)
    first, second, third = lines(served)
    assert first["trace_id"] == "Root=1-67891233-abcdef012345678912345678"
    assert len(second["trace_id"]) == 256
    assert "trace_id" not in third


def test_health_checks_that_succeed_stay_out_of_the_log(
    served: Served, client: httpx2.Client
) -> None:
    served.database = DatabaseUnavailableError("away")
    client.get("/readyz")
    (line,) = lines(served)
    served.database = None
    client.get("/healthz")
    client.get("/readyz")
    assert len(lines(served)) == 1
    assert (line["path"], line["status"], line["level"]) == ("/readyz", 503, "warning")


def test_a_silent_log_still_tells_of_failures() -> None:
    with Served(replace(HTTP, access_log=False)) as quiet, quiet.client() as client:
        client.get(TODOS)
        client.get("/nothing")
        assert lines(quiet) == []
        quiet.store.failure = DatabaseUnavailableError("away")
        client.get(TODOS)
        (line,) = lines(quiet)
        assert line["status"] == 503


def test_a_path_cannot_forge_a_line(served: Served, client: httpx2.Client) -> None:
    client.get('/x%0a{"level":"info"}%00%1b[31m%e2%80%a8"')
    (line,) = lines(served)
    assert line["path"] == '/x\n{"level":"info"}\0\x1b[31m\u2028"'
    assert served.log().count("\n") == 1


def test_a_path_is_no_longer_than_any_of_ours(served: Served, client: httpx2.Client) -> None:
    client.get("/" + "x" * 5000)
    (line,) = lines(served)
    assert line["path"] == "/" + "x" * 199


def test_many_lines_arrive_whole_and_in_order(served: Served, client: httpx2.Client) -> None:
    ids = [f"request-{number}" for number in range(500)]
    for each in ids:
        client.get(TODOS, headers={"X-Request-Id": each})
    assert [line["request_id"] for line in lines(served)] == ids
